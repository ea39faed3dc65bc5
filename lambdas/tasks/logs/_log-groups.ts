import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  PutRetentionPolicyCommand,
  type LogGroup,
} from '@aws-sdk/client-cloudwatch-logs';
import { Unavailable } from '../../../core/errors.ts';
import { awsClientSettings, awsReason } from '../../runtime/aws-client.ts';

const SCHEME = 'cloudwatch-logs:';
const REQUEST_SECONDS = 10;
const MOST_GROUPS = 10_000;

let client: CloudWatchLogsClient | undefined;

function logsClient(): CloudWatchLogsClient {
  client ??= new CloudWatchLogsClient(awsClientSettings({ requestTimeoutSeconds: REQUEST_SECONDS, maxAttempts: 4 }));
  return client;
}

/** The name in an address: one group and all below it (`/shop/prod` and `/shop/prod/api`, not `/shop/production`). */
export function groupName(url: string): string | undefined {
  return url.startsWith(SCHEME) ? url.slice(SCHEME.length) : undefined;
}

export interface RetainedGroup {
  readonly logGroupName: string;
  /** Undefined where the events never expire. */
  readonly retentionInDays: number | undefined;
  readonly storedBytes: number;
  readonly logGroupClass: string;
}

/** Every group under an address. Throws `Unavailable` where the list cannot be had whole. */
export async function groupsUnder(name: string, signal: AbortSignal): Promise<RetainedGroup[]> {
  const groups: RetainedGroup[] = [];
  const seen = new Set<string>();
  let nextToken: string | undefined;
  do {
    const page = await asked(name, signal, (abortSignal) =>
      logsClient().send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name, limit: 50, nextToken }), {
        abortSignal,
      }),
    );
    if (page.logGroups === undefined) throw new Unavailable(`the log groups of ${name}: the answer has no list`);
    groups.push(...page.logGroups.filter((group) => isUnder(name, group)).map(retained));
    ({ nextToken } = page);
    if (nextToken !== undefined && seen.has(nextToken)) {
      throw new Unavailable(`the log groups of ${name}: the list leads in a circle`);
    }
    if (nextToken !== undefined) seen.add(nextToken);
    if (groups.length > MOST_GROUPS) throw new Unavailable(`${name} has more than ${MOST_GROUPS} log groups`);
  } while (nextToken !== undefined);
  return groups;
}

function isUnder(name: string, { logGroupName = '' }: LogGroup): boolean {
  return logGroupName === name || logGroupName.startsWith(name.endsWith('/') ? name : `${name}/`);
}

function retained({ logGroupName, retentionInDays, storedBytes, logGroupClass }: LogGroup): RetainedGroup {
  if (logGroupName === undefined || storedBytes === undefined) {
    throw new Unavailable(`the log group ${logGroupName ?? '?'}: the answer does not say how many bytes it stores`);
  }
  return { logGroupName, retentionInDays, storedBytes, logGroupClass: logGroupClass ?? 'STANDARD' };
}

export async function setRetention(logGroupName: string, retentionInDays: number, signal: AbortSignal): Promise<void> {
  await asked(logGroupName, signal, (abortSignal) =>
    logsClient().send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }), { abortSignal }),
  );
}

/** Where the client calls. */
export function logsRegion(): Promise<string> {
  return logsClient().config.region();
}

/** The retention that a group has now; undefined where it has none or the group is gone. */
export async function retentionOf(logGroupName: string, signal: AbortSignal): Promise<number | undefined> {
  const groups = await groupsUnder(logGroupName, signal);
  return groups.find((group) => group.logGroupName === logGroupName)?.retentionInDays;
}

async function asked<Answer>(
  name: string,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask(signal);
  } catch (thrown) {
    throw new Unavailable(`the log group ${name}: ${awsReason(thrown)}`, { cause: thrown });
  }
}
