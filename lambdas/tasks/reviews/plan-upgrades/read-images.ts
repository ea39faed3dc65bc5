import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  type Image as Ec2Image,
} from '@aws-sdk/client-ec2';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { allPages, ask, part, pieces, type Unread } from '../_asking.ts';
import type { Reader } from './clients.ts';
import { familyParameter } from './image-families.ts';
import type { Image, Images, ImageUse, Newest } from './images.ts';
import type { UpgradeInput } from './input.ts';
import { bearsTag, stageOf, tagsOf, type Tags } from './stage.ts';

/** As many values as a filter of EC2 takes. */
const IMAGES_AT_ONCE = 200;
/** As many names as one call of SSM takes. */
const PARAMETERS_AT_ONCE = 10;
/** EKS replaces these itself when the node group is upgraded. */
const OF_NODE_GROUP = 'eks:nodegroup-name';

/** Reads what instances and launch templates name, each image once, and the newest one of each family. */
export async function readImages(
  { clients, signal: abortSignal }: Reader,
  input: UpgradeInput,
): Promise<{ readonly images: Images; readonly unread: readonly Unread[] }> {
  const [instances, templates] = await Promise.all([
    part('EC2 instances', () => readInstances({ clients, signal: abortSignal }, input)),
    part('launch templates', () => readTemplates({ clients, signal: abortSignal }, input)),
  ]);
  const uses = [...('value' in instances ? instances.value : []), ...('value' in templates ? templates.value : [])];
  const unread = [instances, templates].flatMap((read) => ('unread' in read ? [read.unread] : []));
  const ids = [...new Set(uses.map(({ image }) => image))];
  const found = await part('images', () => describe({ clients, signal: abortSignal }, ids));
  if ('unread' in found) {
    return { images: { uses: [], known: new Map(), newest: new Map() }, unread: [...unread, found.unread] };
  }
  const parameters = new Map(
    found.value.map((image) => {
      const { Name = '', ImageOwnerAlias, OwnerId = '', PublicSsmParameterName } = image;
      const family = { name: Name, owner: ImageOwnerAlias ?? OwnerId, parameter: PublicSsmParameterName };
      return [image.ImageId ?? '', familyParameter(family, input.imageFamilies)];
    }),
  );
  const latest = await part('the newest images', () => readNewest({ clients, signal: abortSignal }, parameters));
  const known = new Map(found.value.map((image) => [image.ImageId ?? '', imageOf(image)]));
  const newest = 'value' in latest ? latest.value : unknownFor(parameters, latest.unread.reason);
  if ('unread' in latest) unread.push(latest.unread);
  return { images: { uses, known, newest }, unread };
}

async function readInstances({ clients, signal: abortSignal }: Reader, input: UpgradeInput): Promise<ImageUse[]> {
  const Filters = [{ Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] }];
  const pages = await allPages(
    'ec2:DescribeInstances',
    (NextToken) =>
      clients.ec2.send(new DescribeInstancesCommand({ Filters, NextToken, MaxResults: 1_000 }), { abortSignal }),
    ({ NextToken }) => NextToken,
  );
  const instances = pages.flatMap(({ Reservations = [] }) => Reservations.flatMap(({ Instances = [] }) => Instances));
  return instances.flatMap(({ InstanceId: id = '', ImageId: image, InstanceType: type = '', Tags: list }) => {
    const tags = tagsOf(list);
    if (image === undefined || isLeftOut(tags, input)) return [];
    return [{ image, stage: stageOf(tags, input), instance: { id, type } }];
  });
}

async function readTemplates({ clients, signal: abortSignal }: Reader, input: UpgradeInput): Promise<ImageUse[]> {
  const listed = await allPages(
    'ec2:DescribeLaunchTemplates',
    (NextToken) =>
      clients.ec2.send(new DescribeLaunchTemplatesCommand({ NextToken, MaxResults: 200 }), { abortSignal }),
    ({ NextToken }) => NextToken,
  );
  const tags = new Map(
    listed.flatMap(({ LaunchTemplates = [] }) =>
      LaunchTemplates.map(({ LaunchTemplateId = '', Tags }) => [LaunchTemplateId, tagsOf(Tags)] as const),
    ),
  );
  if (tags.size === 0) return [];
  const Versions = ['$Latest', '$Default'];
  const pages = await allPages(
    'ec2:DescribeLaunchTemplateVersions',
    (NextToken) =>
      clients.ec2.send(new DescribeLaunchTemplateVersionsCommand({ Versions, NextToken, MaxResults: 200 }), {
        abortSignal,
      }),
    ({ NextToken }) => NextToken,
  );
  const uses = pages.flatMap(({ LaunchTemplateVersions = [] }) =>
    LaunchTemplateVersions.flatMap(
      ({ LaunchTemplateId: id = '', LaunchTemplateName: name = '', LaunchTemplateData }) => {
        const image = LaunchTemplateData?.ImageId;
        const its = tags.get(id) ?? {};
        // What names a parameter instead of an image is always the newest.
        if (!image?.startsWith('ami-') || isLeftOut(its, input)) return [];
        return [{ image, stage: stageOf(its, input), template: { id, name } }];
      },
    ),
  );
  // The default version and the latest one often name the same image.
  return [...new Map(uses.map((use) => [`${use.template.id} ${use.image}`, use])).values()];
}

function isLeftOut(tags: Tags, { tag }: UpgradeInput): boolean {
  return OF_NODE_GROUP in tags || !bearsTag(tags, tag);
}

/** A filter leaves out what is gone; a list of ids would be refused as a whole. */
async function describe({ clients, signal: abortSignal }: Reader, ids: readonly string[]): Promise<Ec2Image[]> {
  const found: Ec2Image[] = [];
  for (const Values of pieces(ids, IMAGES_AT_ONCE)) {
    const Filters = [{ Name: 'image-id', Values }];
    const pages = await allPages(
      'ec2:DescribeImages',
      (NextToken) =>
        clients.ec2.send(
          new DescribeImagesCommand({ Filters, IncludeDeprecated: true, NextToken, MaxResults: 1_000 }),
          {
            abortSignal,
          },
        ),
      ({ NextToken }) => NextToken,
    );
    found.push(...pages.flatMap(({ Images: images = [] }) => images.filter(({ State }) => State === 'available')));
  }
  return found;
}

async function readNewest(
  { clients, signal: abortSignal }: Reader,
  parameters: ReadonlyMap<string, string | undefined>,
): Promise<Map<string, Newest>> {
  const names = [...new Set([...parameters.values()].flatMap((name) => name ?? []))];
  const ids = new Map<string, string>();
  for (const Names of pieces(names, PARAMETERS_AT_ONCE)) {
    const answer = await ask('ssm:GetParameters', () =>
      clients.ssm.send(new GetParametersCommand({ Names }), { abortSignal }),
    );
    for (const { Name = '', Value = '' } of answer.Parameters ?? []) ids.set(Name, Value);
  }
  const images = await describe({ clients, signal: abortSignal }, [...new Set(ids.values())]);
  const known = new Map(images.map((image) => [image.ImageId ?? '', imageOf(image)]));
  return new Map(
    [...parameters].flatMap(([id, name]): (readonly [string, Newest])[] => {
      if (name === undefined) return [];
      const newest = ids.get(name);
      if (newest === undefined) return [[id, { unknown: `SSM has no parameter ${name}` }]];
      const image = known.get(newest);
      return [[id, image ? { image } : { unknown: `${newest}, which ${name} names, cannot be seen` }]];
    }),
  );
}

function unknownFor(parameters: ReadonlyMap<string, string | undefined>, why: string): Map<string, Newest> {
  return new Map(
    [...parameters].flatMap(([id, name]) => (name === undefined ? [] : [[id, { unknown: why }] as const])),
  );
}

function imageOf({ ImageId = '', Name = '', CreationDate, DeprecationTime }: Ec2Image): Image {
  return { id: ImageId, name: Name, createdAt: momentOf(CreationDate), deprecatedAt: momentOf(DeprecationTime) };
}

function momentOf(text: string | undefined): Date | undefined {
  const moment = new Date(text ?? Number.NaN);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}
