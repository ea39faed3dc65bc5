import {
  DescribeHubCommand,
  GetEnabledStandardsCommand,
  GetFindingsCommand,
  type AwsSecurityFindingFilters,
  type SecurityHubClient,
} from '@aws-sdk/client-securityhub';
import { chainOf } from '../../../../core/errors.ts';
import { allPages, ask, NotRead } from '../_asking.ts';
import { awsCommand } from '../_recommendation.ts';
import { look, NotEnabled, type Place, type Reading } from './looking.ts';
import { flawsOfHub } from './security-hub.ts';

const PAGE = 100;
const equals = (...values: readonly string[]) => values.map((Value) => ({ Comparison: 'EQUALS' as const, Value }));
const ACTIVE = equals('ACTIVE');

/**
 * What is open or suppressed, and what somebody has called resolved while it still fails; what passes is resolved by
 * Security Hub itself, and is by far the most.
 */
const QUESTIONS: readonly AwsSecurityFindingFilters[] = [
  { RecordState: ACTIVE, WorkflowStatus: equals('NEW', 'NOTIFIED', 'SUPPRESSED') },
  { RecordState: ACTIVE, WorkflowStatus: equals('RESOLVED'), ComplianceStatus: equals('FAILED', 'WARNING') },
];

export interface HubTable {
  /** Undefined where it is off or could not be read. */
  readonly findings: number | undefined;
  readonly standards: readonly string[];
}

/** Reads what Security Hub collected in a region, its own controls and what other services told it. */
export async function readSecurityHub(client: SecurityHubClient, place: Place): Promise<Reading<HubTable>> {
  const { target, region, signal: abortSignal } = place;
  const name = `security-hub@${region}`;
  const part = `Security Hub of ${region}`;
  const standards = await look({ name, target, part }, async () => {
    const off = new NotEnabled(
      `Security Hub is not on in ${region}`,
      awsCommand(region, 'securityhub', 'enable-security-hub'),
    );
    try {
      await ask('securityhub:DescribeHub', () => client.send(new DescribeHubCommand({}), { abortSignal }));
    } catch (thrown) {
      if (isNotSubscribed(thrown)) throw off;
      throw thrown;
    }
    const pages = await allPages(
      'securityhub:GetEnabledStandards',
      (NextToken) => client.send(new GetEnabledStandardsCommand({ NextToken, MaxResults: PAGE }), { abortSignal }),
      ({ NextToken }) => NextToken,
    );
    return pages.flatMap(({ StandardsSubscriptions = [] }) => StandardsSubscriptions);
  });
  if (standards.value === undefined) {
    return { flaws: [], looks: [standards.look], table: { findings: undefined, standards: [] } };
  }
  const read = await look({ name, target, part }, async () => {
    const pages = [];
    for (const Filters of QUESTIONS) {
      pages.push(
        ...(await allPages(
          'securityhub:GetFindings',
          (NextToken) => client.send(new GetFindingsCommand({ Filters, NextToken, MaxResults: PAGE }), { abortSignal }),
          ({ NextToken }) => NextToken,
        )),
      );
    }
    return pages.flatMap(({ Findings = [] }) => Findings);
  });
  const ready = standards.value.filter(({ StandardsStatus }) => StandardsStatus === 'READY');
  // On, and asked to look for nothing: it has no findings of its own, and that means nothing.
  const idle =
    ready.length > 0
      ? []
      : [
          {
            ...{ name: `security-hub-standards@${region}`, target, part: `the controls of ${part}` },
            outcome: 'not-enabled' as const,
            why: `Security Hub is on in ${region}, and none of its standards is ready`,
          },
        ];
  return {
    flaws: (read.value ?? []).flatMap((finding) => flawsOfHub(finding, place)),
    looks: [read.look, ...idle],
    table: {
      findings: read.value?.length,
      standards: standards.value.map(({ StandardsArn = '' }) => StandardsArn),
    },
  };
}

/** Security Hub answers so where the account never turned it on. */
function isNotSubscribed(thrown: unknown): boolean {
  return (
    thrown instanceof NotRead &&
    chainOf(thrown).some(
      (one) => one instanceof Error && ['InvalidAccessException', 'ResourceNotFoundException'].includes(one.name),
    )
  );
}
