import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  type Filter,
  type Image,
  type Instance,
  type LaunchTemplate,
  type LaunchTemplateVersion,
} from '@aws-sdk/client-ec2';
import { answer, AnswerError, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { ec2NetworkAnswers, type Ec2NetworkFixture } from './ec2-network.ts';
import { page } from './page.ts';

export interface Ec2Fixture extends Ec2NetworkFixture {
  /** What was deprecated before it is hidden from who does not own it; without it nothing is. */
  readonly now?: Date;
  readonly instances?: readonly Instance[];
  readonly images?: readonly Image[];
  readonly launchTemplates?: readonly LaunchTemplate[];
  readonly launchTemplateVersions?: readonly LaunchTemplateVersion[];
}

/** EC2 with these instances, images and launch templates. */
export function ec2(fixture: Ec2Fixture): ServiceAnswers {
  const { now, instances = [], images = [], launchTemplates = [], launchTemplateVersions = [] } = fixture;
  return serviceAnswers('ec2', 'http://ec2.amazonaws.com/doc/2016-11-15/', [
    ...ec2NetworkAnswers(fixture),
    answer(DescribeInstancesCommand, ({ InstanceIds, Filters, NextToken, MaxResults = 1_000 }) => {
      const its = instances.filter(
        (one) => isAmong(InstanceIds, one.InstanceId) && fits(Filters, (name) => instanceValues(one, name)),
      );
      const { items, next } = page(its, NextToken, MaxResults);
      return { Reservations: items.map((one) => ({ Instances: [one] })), NextToken: next };
    }),
    answer(DescribeImagesCommand, (input) => {
      const { ImageIds, Owners, ExecutableUsers, Filters, IncludeDeprecated = false, NextToken, MaxResults } = input;
      const unknown = (ImageIds ?? []).filter((id) => !images.some(({ ImageId }) => ImageId === id));
      if (unknown.length > 0) {
        const message = `The image id '[${unknown.join(', ')}]' does not exist`;
        throw new AnswerError('InvalidAMIID.NotFound', message);
      }
      const its = images.filter((one) => {
        // A deprecated image is shown to who does not own it only where it is asked for by its id, or all are.
        const isHidden = !IncludeDeprecated && ImageIds === undefined && isDeprecated(one, now);
        return (
          !isHidden &&
          isAmong(ImageIds, one.ImageId) &&
          (ExecutableUsers?.includes('all') !== true || one.Public === true) &&
          (Owners === undefined || Owners.includes(one.ImageOwnerAlias ?? one.OwnerId ?? '')) &&
          fits(Filters, (name) => imageValues(one, name))
        );
      });
      const { items, next } = page(its, NextToken, MaxResults ?? its.length + 1);
      return { Images: items, NextToken: next };
    }),
    answer(DescribeLaunchTemplatesCommand, ({ LaunchTemplateIds, NextToken, MaxResults = 200 }) => {
      const its = launchTemplates.filter((one) => isAmong(LaunchTemplateIds, one.LaunchTemplateId));
      const { items, next } = page(its, NextToken, MaxResults);
      return { LaunchTemplates: items, NextToken: next };
    }),
    answer(
      DescribeLaunchTemplateVersionsCommand,
      ({ LaunchTemplateId, LaunchTemplateName, Versions = [], NextToken, MaxResults = 200 }) => {
        const of = launchTemplateVersions.filter(
          (one) =>
            isAmong(only(LaunchTemplateId), one.LaunchTemplateId) &&
            isAmong(only(LaunchTemplateName), one.LaunchTemplateName),
        );
        const highest = Math.max(...of.map(({ VersionNumber = 0 }) => VersionNumber));
        const its = of.filter(
          ({ VersionNumber = 0, DefaultVersion = false }) =>
            Versions.length === 0 ||
            Versions.includes(String(VersionNumber)) ||
            (Versions.includes('$Default') && DefaultVersion) ||
            // Without a template `$Latest` is the latest of each; a fixture has one version of each then.
            (Versions.includes('$Latest') && (LaunchTemplateId === undefined || VersionNumber === highest)),
        );
        const { items, next } = page(its, NextToken, MaxResults);
        return { LaunchTemplateVersions: items, NextToken: next };
      },
    ),
  ]);
}

function only(value: string | undefined): string[] | undefined {
  return value === undefined ? undefined : [value];
}

function isAmong(wanted: readonly string[] | undefined, value: string | undefined): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.includes(value ?? '');
}

/** True where a thing has one of the values of each filter; `*` stands for any text. */
export function fits(
  filters: readonly Filter[] | undefined,
  valuesOf: (name: string) => readonly (string | undefined)[],
): boolean {
  return (filters ?? []).every(({ Name = '', Values = [] }) => {
    const patterns = Values.map(
      (value) =>
        new RegExp(
          `^${value
            .split('*')
            .map((text) => RegExp.escape(text))
            .join('.*')}$`,
        ),
    );
    return valuesOf(Name).some((value) => value !== undefined && patterns.some((pattern) => pattern.test(value)));
  });
}

function instanceValues(one: Instance, name: string): (string | undefined)[] {
  if (name.startsWith('tag:')) {
    return (one.Tags ?? []).filter(({ Key }) => Key === name.slice('tag:'.length)).map(({ Value }) => Value);
  }
  if (name === 'instance-state-name') return [one.State?.Name];
  if (name === 'image-id') return [one.ImageId];
  throw new AnswerError('InvalidParameterValue', `The filter '${name}' is invalid`);
}

function imageValues(one: Image, name: string): (string | undefined)[] {
  if (name === 'image-id') return [one.ImageId];
  if (name === 'name') return [one.Name];
  if (name === 'state') return [one.State];
  if (name === 'architecture') return [one.Architecture];
  if (name === 'creation-date') return [one.CreationDate];
  throw new AnswerError('InvalidParameterValue', `The filter '${name}' is invalid`);
}

function isDeprecated({ DeprecationTime }: Image, now: Date | undefined): boolean {
  return DeprecationTime !== undefined && now !== undefined && Date.parse(DeprecationTime) <= now.getTime();
}
