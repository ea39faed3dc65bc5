import {
  GetDetectorCommand,
  GetFindingsCommand,
  ListDetectorsCommand,
  ListFindingsCommand,
  type Finding,
  type GuardDutyClient,
} from '@aws-sdk/client-guardduty';
import { allPages, ask, pieces } from '../_asking.ts';
import { awsCommand } from '../_recommendation.ts';
import { resourceName, type Flaw } from './flaw.ts';
import { levelOfNumber } from './levels.ts';
import { look, NotEnabled, type Place, type Reading } from './looking.ts';
import { plain } from './security-hub.ts';

const PAGE = 50;

export interface GuardDutyTable {
  readonly detector: string | undefined;
  /** Undefined where it is off or could not be read. */
  readonly findings: number | undefined;
  /** How often somebody tried passwords, by the count of GuardDuty; undefined as above. */
  readonly bruteForceAttempts: number | undefined;
}

/** Reads what GuardDuty saw in a region, what was archived there included. */
export async function readGuardDuty(client: GuardDutyClient, place: Place): Promise<Reading<GuardDutyTable>> {
  const { target, region, signal: abortSignal } = place;
  const name = `guardduty@${region}`;
  const read = await look({ name, target, part: `GuardDuty of ${region}` }, async () => {
    const detectors = await allPages(
      'guardduty:ListDetectors',
      (NextToken) => client.send(new ListDetectorsCommand({ NextToken, MaxResults: PAGE }), { abortSignal }),
      ({ NextToken }) => NextToken,
    );
    // A region has one or none.
    const DetectorId = detectors.flatMap(({ DetectorIds = [] }) => DetectorIds)[0];
    if (DetectorId === undefined) {
      const command = awsCommand(region, 'guardduty', 'create-detector', '--enable');
      throw new NotEnabled(`GuardDuty is not on in ${region}`, command);
    }
    const { Status } = await ask('guardduty:GetDetector', () =>
      client.send(new GetDetectorCommand({ DetectorId }), { abortSignal }),
    );
    if (Status !== 'ENABLED') {
      const command = awsCommand(region, 'guardduty', 'update-detector', '--detector-id', DetectorId, '--enable');
      throw new NotEnabled(`the detector of GuardDuty in ${region} is ${Status ?? 'in no known state'}`, command);
    }
    const pages = await allPages(
      'guardduty:ListFindings',
      (NextToken) => client.send(new ListFindingsCommand({ DetectorId, NextToken, MaxResults: PAGE }), { abortSignal }),
      ({ NextToken }) => NextToken,
    );
    const findings: Finding[] = [];
    for (const FindingIds of pieces(
      pages.flatMap(({ FindingIds: ids = [] }) => ids),
      PAGE,
    )) {
      const command = new GetFindingsCommand({ DetectorId, FindingIds });
      const { Findings = [] } = await ask('guardduty:GetFindings', () => client.send(command, { abortSignal }));
      findings.push(...Findings);
    }
    return { DetectorId, findings };
  });
  const findings = read.value?.findings ?? [];
  const guesses = findings
    .filter(({ Type = '', Service }) => /BruteForce/.test(Type) && Service?.Archived !== true)
    .reduce((sum, { Service }) => sum + (Service?.Count ?? 1), 0);
  return {
    flaws: findings.map((finding) => threatOf(finding, place)),
    looks: [read.look],
    table: {
      detector: read.value?.DetectorId,
      findings: read.value && findings.length,
      bruteForceAttempts: read.value && guesses,
    },
  };
}

/** One threat as GuardDuty saw it. */
export function threatOf(finding: Finding, { target, region }: Place): Flaw {
  const { Arn = '', Severity, Title, Type = '', Service, Resource } = finding;
  const resource = resourceName(
    Resource?.InstanceDetails?.InstanceId ??
      Resource?.AccessKeyDetails?.UserName ??
      Resource?.S3BucketDetails?.[0]?.Name ??
      Resource?.EksClusterDetails?.Name ??
      Resource?.RdsDbInstanceDetails?.DbInstanceIdentifier ??
      Resource?.LambdaDetails?.FunctionName ??
      Resource?.ResourceType ??
      'unknown',
  );
  const firstSeen = Service?.EventFirstSeen === undefined ? undefined : new Date(Service.EventFirstSeen);
  return {
    id: `threat ${Arn}`,
    topic: 'threat',
    resource,
    region,
    level: levelOfNumber(Severity),
    title: `${plain(Title ?? Type)} (${Type}, ${resource})`,
    sources: [
      {
        name: 'guardduty',
        id: Arn,
        severity: String(Severity ?? 'none'),
        ...(Service?.Archived === true && { setAside: 'archived' }),
      },
    ],
    targets: [target],
    looks: [`guardduty@${region}`],
    extent: 1,
    ...(Service?.Count !== undefined && { times: Service.Count }),
    ...(firstSeen && !Number.isNaN(firstSeen.getTime()) && { firstObservedAt: firstSeen }),
  };
}
