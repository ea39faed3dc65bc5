import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import type { Task } from '../../../core/task.ts';
import { startFaultProxy, type FaultProxy } from '../../servers/fault-proxy.ts';
import { see, type Row, type Seen } from './_matrix.ts';

/** What each row is for the requests in the region that is lost; the other one's come over the same line. */
export const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /ECONNREFUSED/ },
  { title: 'is reset when it is asked', fault: { kind: 'reset' }, words: /ECONNRESET|socket hang up/ },
  { title: 'is closed when it is asked', fault: { kind: 'end' }, words: /ECONNRESET|socket hang up/ },
  {
    title: 'is closed in the middle of the answer',
    fault: { kind: 'end', afterBytes: 250 },
    words: /aborted|socket hang up|ECONNRESET|Unexpected end|closed/,
  },
  { title: 'swallows the question', fault: { kind: 'stall' }, words: /no answer before the task reached its deadline/ },
];

/** Those over which nothing comes back: a short answer fits before the place where another one is cut. */
export const WHOLLY_LOST = ROWS.filter(({ fault }) => fault?.afterBytes === undefined);

/** For answers that are not long. */
export const BYTE_BY_BYTE: Omit<Row, 'words'> = { title: 'gives every answer byte by byte', pace: { sliceBytes: 1 } };

/** Two regions of one account. */
export const LOST_FIRST = { lost: { region: 'eu-west-1' }, well: { region: 'us-east-1' } };
export const WELL_FIRST = { well: { region: 'us-east-1' }, lost: { region: 'eu-west-1' } };

/** The region in the signature of a request. */
const LOST = /\/eu-west-1\//;
const LIMIT_SECONDS = 6;
/** A line that carries everything has as long as it takes. */
const LONG_SECONDS = 60;

export interface Review {
  readonly task: Task;
  readonly targets: typeof LOST_FIRST;
  readonly now: Date;
}

/**
 * Puts a line before the account that this process was told to ask. Clients keep the first address that they are given,
 * so it must be there before any review asks.
 */
export async function openLine(): Promise<FaultProxy> {
  const endpoint = process.env['AWS_ENDPOINT_URL'];
  if (endpoint === undefined) throw new Error('no account was started');
  const line = await startFaultProxy(Number(new URL(endpoint).port));
  process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${line.port}`;
  return line;
}

/** What a review says over the line while it goes wrong in each of these ways, by the title of the row. */
export async function seeReview(
  line: FaultProxy,
  { task, targets, now }: Review,
  rows: readonly Omit<Row, 'words'>[],
): Promise<ReadonlyMap<string, Seen>> {
  const seen = new Map<string, Seen>();
  // The whole lines first: a client that has met too many faults does not try again for a while.
  const isBroken = ({ fault, refuses }: Omit<Row, 'words'>) => fault !== undefined || refuses === true;
  for (const row of rows.toSorted((a, b) => Number(isBroken(a)) - Number(isBroken(b)))) {
    line.fault = row.fault && { ...row.fault, onceAsked: LOST };
    line.pace = row.pace ?? {};
    // Or it would go on over connections of the row before.
    line.cut();
    // Until the clients have seen that they are gone: a question would meet the cut and not the fault.
    await sleep(50);
    // After a pause of the machine timers run before it is read what came in the meantime.
    await immediate();
    await immediate();
    if (row.refuses) line.refuse();
    const faults = line.counts.faults;
    const timeoutSeconds = isBroken(row) ? LIMIT_SECONDS : LONG_SECONDS;
    seen.set(row.title, await see({ task, targets, now, timeoutSeconds }));
    if (row.fault && line.counts.faults === faults) {
      throw new Error(`no connection met a fault where the line ${row.title}`);
    }
    await line.mend();
  }
  return seen;
}

/** Those parts of a region of which a review says that they could not be read. */
export function partsMissed(said = '', parts: readonly string[]): string[] {
  return parts.filter((part) => said.includes(`part-not-readable: ${part} could not be read`));
}
