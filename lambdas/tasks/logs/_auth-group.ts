import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  paginateDescribeLogGroups,
  type FilterLogEventsCommandOutput,
  type LogGroup,
} from '@aws-sdk/client-cloudwatch-logs';
import { Unavailable } from '../../../core/errors.ts';
import { awsClientSettings, awsReason } from '../../runtime/aws-client.ts';
import type { LogState } from './_auth-series.ts';
import type { LoginScan } from './_login-scan.ts';
import type { TimeWindow } from './_login-tally.ts';

const REQUEST_SECONDS = 20;
const DAY_MS = 86_400_000;
const MOST_REMEMBERED = 100_000;

let client: CloudWatchLogsClient | undefined;

function logsClient(): CloudWatchLogsClient {
  // FilterLogEvents is throttled at a few calls a second for a whole account.
  client ??= new CloudWatchLogsClient(awsClientSettings({ requestTimeoutSeconds: REQUEST_SECONDS, maxAttempts: 6 }));
  return client;
}

/**
 * Reads the events of a log group within the window.
 *
 * All of them: a filter in the question would spare most of the answers and hide whether the group still gets any.
 * Throws `Unavailable` where there is no such group or it cannot be read.
 */
export async function readGroup(
  name: string,
  scan: LoginScan,
  { window, signal }: { readonly window: TimeWindow; readonly signal: AbortSignal },
): Promise<LogState> {
  const group = await describeGroup(name, signal);
  const events = scan.begin(name, window.untilMs);
  const missing = await readEvents(name, window, signal, (event) => events.take(event.text, event));
  const result = events.result();
  const newestMs = result.newestMs ?? (await lastEventMs(name, signal));
  return {
    ...result,
    name,
    ...(newestMs !== undefined && { newestMs }),
    holes: [...missing, ...holesOf(group, window)],
  };
}

function holesOf({ creationTime = 0, retentionInDays }: LogGroup, { fromMs, untilMs }: TimeWindow): string[] {
  const keptMs = (retentionInDays ?? Infinity) * DAY_MS;
  return [
    ...(creationTime > fromMs ? [`the group was made at ${new Date(creationTime).toISOString()}`] : []),
    ...(untilMs - keptMs > fromMs ? [`the group keeps events for ${retentionInDays ?? 0} days only`] : []),
  ];
}

/** The group of exactly this name. Throws `Unavailable` where there is none, or it may not be listed. */
export async function describeGroup(name: string, signal: AbortSignal): Promise<LogGroup> {
  return asked(`log group ${name}`, async () => {
    const pages = paginateDescribeLogGroups(
      { client: logsClient() },
      { logGroupNamePrefix: name },
      { abortSignal: signal },
    );
    for await (const { logGroups = [] } of pages) {
      const found = logGroups.find(({ logGroupName }) => logGroupName === name);
      if (found) return found;
    }
    throw new Unavailable(`there is no log group ${name}`);
  });
}

/** How many events the first page of a window has, at most one. Throws `Unavailable` where they may not be read. */
export async function tryEvents(name: string, { fromMs, untilMs }: TimeWindow, signal: AbortSignal): Promise<number> {
  const question = { logGroupName: name, startTime: fromMs, endTime: untilMs - 1, limit: 1 };
  const { events = [] } = await asked(`log group ${name}`, () =>
    logsClient().send(new FilterLogEventsCommand(question), { abortSignal: signal }),
  );
  return events.length;
}

interface Taken {
  readonly text: string;
  readonly atMs: number;
  readonly host: string;
}

/** Hands on every event once; says what was left out where there was no time for all. */
async function readEvents(
  name: string,
  { fromMs, untilMs }: TimeWindow,
  signal: AbortSignal,
  take: (event: Taken) => void,
): Promise<string[]> {
  const seen = new Set<string>();
  let nextToken: string | undefined;
  do {
    if (signal.aborted) return ['there was no time to read all of its events'];
    // Both ends belong to the question, and the window is half-open. A page may be empty and not be the last.
    const question = { logGroupName: name, startTime: fromMs, endTime: untilMs - 1, nextToken };
    const page: FilterLogEventsCommandOutput | undefined = await unlessAborted(signal, () =>
      asked(`log group ${name}`, () =>
        logsClient().send(new FilterLogEventsCommand(question), { abortSignal: signal }),
      ),
    );
    if (!page) return ['there was no time to read all of its events'];
    for (const { eventId, timestamp, message, logStreamName = '' } of page.events ?? []) {
      if (timestamp === undefined || message === undefined) continue;
      if (eventId !== undefined && seen.has(eventId)) continue;
      if (eventId !== undefined && seen.size < MOST_REMEMBERED) seen.add(eventId);
      take({ text: message.trimEnd(), atMs: timestamp, host: logStreamName });
    }
    if (page.nextToken !== undefined && page.nextToken === nextToken) {
      throw new Unavailable(`log group ${name} gives the same page again and again`);
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return [];
}

/** When the group last got an event; undefined where it never did. */
export async function lastEventMs(name: string, signal: AbortSignal): Promise<number | undefined> {
  const question = { logGroupName: name, orderBy: 'LastEventTime', descending: true, limit: 1 } as const;
  const { logStreams = [] } = await asked(`log group ${name}`, () =>
    logsClient().send(new DescribeLogStreamsCommand(question), { abortSignal: signal }),
  );
  return logStreams[0]?.lastEventTimestamp;
}

async function unlessAborted<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    if (signal.aborted) return undefined;
    throw thrown;
  }
}

async function asked<Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof Unavailable) throw thrown;
    throw new Unavailable(`${what} cannot be read: ${awsReason(thrown)}`, { cause: thrown });
  }
}
