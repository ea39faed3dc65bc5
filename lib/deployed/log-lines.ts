import { partitionOf } from '../../core/aws-partition.ts';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { Unavailable } from '../../core/errors.ts';
import { Ended, Started } from '../../core/run.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import { visible } from '../../lambdas/report/markup.ts';
import { awsCall } from './aws-call.ts';
import type { Deployment } from './deployment.ts';
import { readResources } from './stack.ts';

/** One line of the platform's log group. */
export interface LogLine {
  readonly at: Date;
  /** The function without the name of its stack, where the line or its stream tells it. */
  readonly function?: string;
  /** As it was written. */
  readonly message: string;
}

interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** Clocks of functions and of whoever writes the records differ by so much. */
const BEFORE_SECONDS = 10;
/** What may be logged of a run after its end: its announcement, and Reap. */
const AFTER_SECONDS = 120;

/** The time in which lines of a run may have been written; undefined where no such run has begun. */
export async function spanOfRun({ store }: Deployment, runKey: string, now: Date): Promise<Span | undefined> {
  const started = (await readRecord(store, runKeys(runKey).started, Started))?.value;
  if (!started) return undefined;
  const ended = (await readRecord(store, runKeys(runKey).ended, Ended))?.value;
  const to = ended ? new Date(new Date(ended.endedAt).getTime() + AFTER_SECONDS * 1_000) : now;
  return { from: new Date(new Date(started.startedAt).getTime() - BEFORE_SECONDS * 1_000), to };
}

/** The lines of all functions and state machines of a platform, as they come, however many there are. */
export async function* logLines(deployment: Deployment, { from, to }: Span): AsyncGenerator<LogLine> {
  const { clients, home, stack } = deployment;
  const resources = await readResources(clients, stack, home);
  const group = resources.find(({ type }) => type === 'AWS::Logs::LogGroup')?.physicalId;
  if (group === undefined) throw new Unavailable(`the stack ${stack.name} has no log group`);
  const resource = `arn:${partitionOf(home.region)}:logs:${home.region}:${home.account}:log-group:${group}:*`;
  const need = { what: `the log group ${group}`, permission: 'logs:FilterLogEvents', resource };
  let nextToken: string | undefined;
  do {
    const span = { startTime: from.getTime(), endTime: to.getTime() };
    const command = new FilterLogEventsCommand({ logGroupName: group, ...span, nextToken });
    const page = await awsCall(need, () => clients.logs.send(command));
    for (const { timestamp = 0, logStreamName = '', message = '' } of page.events ?? []) {
      const name = functionOf(message, logStreamName)?.replace(`${stack.name}-`, '');
      yield { at: new Date(timestamp), message, ...(name !== undefined && { function: name }) };
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
}

/** What our own handlers write; see `lambdas/runtime/log.ts`. */
const OwnLine = z.looseObject({ level: z.string(), message: z.string(), function: z.string() });

function functionOf(message: string, stream: string): string | undefined {
  // A stream of a shared group is `<year>/<month>/<day>/<function>[<version>]<id>`.
  return ownLine(message)?.function ?? /^\d{4}\/\d\d\/\d\d\/([^/[]+)\[/.exec(stream)?.[1];
}

function ownLine(message: string): z.infer<typeof OwnLine> | undefined {
  if (!message.startsWith('{')) return undefined;
  try {
    return OwnLine.safeParse(JSON.parse(message)).data;
  } catch (notJson) {
    // A line that was cut off is shown as it is.
    if ((notJson as Error).name === 'SyntaxError') return undefined;
    throw notJson;
  }
}

/** The line for a terminal: time, function, level, words, fields; nothing in it can steer the terminal. */
export function lineText({ at, function: name = '-', message }: LogLine): string {
  const own = ownLine(message);
  const words = own ? ownWords(own) : message.trimEnd();
  return visible(`${at.toISOString()}  ${name}  ${words}`);
}

function ownWords({ level, message, ...rest }: z.infer<typeof OwnLine>): string {
  const fields = Object.entries(rest).filter(([field]) => field !== 'function' && field !== 'time');
  const told = fields.map(([field, value]) => ` ${field}=${JSON.stringify(value)}`);
  return `${level}  ${message}${told.join('')}`;
}
