import {
  BatchGetAccountStatusCommand,
  ListFindingsCommand,
  type Finding,
  type Inspector2Client,
  type Resource,
} from '@aws-sdk/client-inspector2';
import { Unavailable } from '../../../../core/errors.ts';
import { allPages, ask } from '../_asking.ts';
import { awsCommand } from '../_recommendation.ts';
import { resourceName, type Flaw, type FlawSource } from './flaw.ts';
import { levelOfWord } from './levels.ts';
import { look, NotEnabled, type Place, type Reading } from './looking.ts';
import { packageOf, plain } from './security-hub.ts';

const PAGE = 100;

export interface InspectorTable {
  /** What it scans, of `ec2`, `ecr`, `lambda`, …; undefined where it could not be read. */
  readonly scans: readonly string[] | undefined;
  readonly findings: number | undefined;
}

/** Reads the flaws that Inspector knows in a region. */
export async function readInspector(client: Inspector2Client, place: Place): Promise<Reading<InspectorTable>> {
  const { target, region, signal: abortSignal } = place;
  const read = await look({ name: `inspector@${region}`, target, part: `Inspector of ${region}` }, async () => {
    const { accounts = [], failedAccounts = [] } = await ask('inspector2:BatchGetAccountStatus', () =>
      client.send(new BatchGetAccountStatusCommand({}), { abortSignal }),
    );
    const [account] = accounts;
    if (account === undefined) {
      const why = failedAccounts[0]?.errorMessage ?? 'the answer names no account';
      throw new Unavailable(`inspector2:BatchGetAccountStatus: ${why}`);
    }
    const status = account.state?.status;
    if (status !== 'ENABLED') {
      const types = ['--resource-types', 'EC2', 'ECR', 'LAMBDA'];
      throw new NotEnabled(
        `Inspector is ${status ?? 'in no known state'} in ${region}`,
        awsCommand(region, 'inspector2', 'enable', ...types),
      );
    }
    const scans = Object.entries(account.resourceState ?? {}).flatMap(([type, state]) =>
      (state as { readonly status?: string } | undefined)?.status === 'ENABLED' ? [type] : [],
    );
    const pages = await allPages(
      'inspector2:ListFindings',
      (nextToken) =>
        client.send(
          new ListFindingsCommand({
            filterCriteria: {
              findingStatus: [
                { comparison: 'EQUALS', value: 'ACTIVE' },
                { comparison: 'EQUALS', value: 'SUPPRESSED' },
              ],
            },
            nextToken,
            maxResults: PAGE,
          }),
          { abortSignal },
        ),
      ({ nextToken }) => nextToken,
    );
    return { scans, findings: pages.flatMap(({ findings = [] }) => findings) };
  });
  return {
    flaws: (read.value?.findings ?? []).flatMap((finding) => flawsOfInspector(finding, place)),
    looks: [read.look],
    table: { scans: read.value?.scans, findings: read.value?.findings.length },
  };
}

/** What one finding of Inspector says of each of its resources. */
export function flawsOfInspector(finding: Finding, { target, region }: Place): Flaw[] {
  const { findingArn = '', severity, status, title, packageVulnerabilityDetails: details, firstObservedAt } = finding;
  const source: FlawSource = {
    name: 'inspector',
    id: findingArn,
    severity: severity ?? 'none',
    ...(status === 'SUPPRESSED' && { setAside: 'suppressed' }),
  };
  return (finding.resources ?? []).map(({ id = '', details: seen }): Flaw => {
    const resource = resourceName(id);
    const about = {
      resource,
      region,
      level: levelOfWord(severity),
      sources: [source],
      targets: [target],
      looks: [`inspector@${region}`],
      extent: 1,
      ...(firstObservedAt && { firstObservedAt }),
    };
    const flaw = details?.vulnerabilityId;
    if (flaw === undefined) {
      // A path from the Internet, or a flaw in code: it has no name but its own.
      return { ...about, id: `control ${findingArn}`, topic: 'control', title: `${plain(title)} (${resource})` };
    }
    return {
      ...about,
      id: `vulnerability ${flaw} ${resource}`,
      topic: 'vulnerability',
      title: `${flaw} in ${imageName(seen) ?? resource}`,
      packages: (details?.vulnerablePackages ?? []).map((its) =>
        packageOf(its.name, its.version, its.fixedInVersion, its.packageManager),
      ),
    };
  });
}

/** As people call an image: its digest they do not know. */
function imageName(details: Resource['details']): string | undefined {
  const { repositoryName, imageTags: [tag] = [] } = details?.awsEcrContainerImage ?? {};
  return repositoryName === undefined || tag === undefined ? undefined : `${repositoryName}:${tag}`;
}
