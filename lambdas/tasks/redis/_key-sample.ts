import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Command, RedisSession, Reply } from './_connection.ts';
import type { DatabaseKeys } from './_info.ts';
import { patternOf, sharedPatterns } from './_key-pattern.ts';

export interface SampleLimits {
  /** The most keys to look at, all databases together. */
  readonly sampleKeys: number;
  /** Of so many of them the size is asked too. */
  readonly sampleSizes: number;
  readonly sampleSeconds: number;
  readonly bigKeyBytes: number;
}

export interface PatternCount {
  readonly pattern: string;
  readonly keys: number;
  readonly withoutExpiry: number;
  /** Of how many of those without an expiry the size is known, and what they take together. */
  readonly sized: number;
  readonly sizedBytes: number;
}

export interface BigKey {
  readonly database: number;
  readonly pattern: string;
  readonly sizeBytes: number;
}

export interface KeySample {
  /** Looked at; a key may be met twice, for SCAN promises no more. */
  readonly keys: number;
  readonly sized: number;
  /** Those without an expiry, the most frequent first. */
  readonly patterns: readonly PatternCount[];
  /** The biggest first. */
  readonly bigKeys: readonly BigKey[];
  /** `slow`: the answers took longer and longer, so the server was left alone. */
  readonly ended: 'all' | 'enough' | 'time' | 'slow';
  /** Commands that the server refused, with its words. */
  readonly refused: ReadonlyMap<string, string>;
}

/** Larger pages are hardly faster and keep the other clients of the server waiting. */
const PAGE = 500;
/** From so many keys the patterns are known well enough; of the others only what is counted is asked. */
const NAMED_KEYS = 20_000;
/** A page that takes such a multiple of the quickest waited for others, or others wait for it. */
const BUSY_FACTOR = 2;
const SLOW_FACTOR = 5;
const SLOW_AT_LEAST_MS = 20;
const SLOW_ROUNDS = 5;
const PAUSE_MS = 100;

interface Observation {
  readonly database: number;
  readonly name: string;
  readonly withoutExpiry: boolean;
  readonly sizeBytes: number | undefined;
}

interface Progress {
  keys: number;
  sized: number;
  readonly observations: Observation[];
  /** A key that SCAN gives twice is one. */
  readonly big: Map<string, Observation>;
  readonly refused: Map<string, string>;
}

/**
 * Looks at a bounded number of keys by SCAN: their expiry and their size, never their value.
 *
 * The order of SCAN is that of a hash, so the first keys are as good as any. The server is given a pause when its
 * answers slow down, and is left alone when that does not help.
 */
export async function sampleKeys(
  session: RedisSession,
  databases: readonly DatabaseKeys[],
  limits: SampleLimits,
  clock: () => Date,
): Promise<KeySample> {
  const progress: Progress = { keys: 0, sized: 0, observations: [], big: new Map(), refused: new Map() };
  const total = databases.reduce((sum, { keys }) => sum + keys, 0);
  const until = clock().getTime() + limits.sampleSeconds * 1_000;
  const pace = await paceOf(session);
  let ended: KeySample['ended'] = 'all';
  for (const { database, keys } of databases.toSorted((a, b) => a.database - b.database)) {
    // Each database gets its part, and a small one is looked at anyway.
    const share = Math.max(Math.min(keys, 100), Math.ceil((limits.sampleKeys * keys) / Math.max(1, total)));
    // A connection begins in database 0, and a server that has no other may not know how to change.
    const selected = database === 0 ? undefined : await session.send(['SELECT', String(database)]);
    if (selected && 'refused' in selected) progress.refused.set('SELECT', selected.refused);
    else {
      const part = await sampleDatabase(session, { database, share, until, limits, pace, clock }, progress);
      if (part !== 'all') ended = part;
    }
    if (ended === 'time' || ended === 'slow') break;
  }
  return summed(progress, ended);
}

interface Part {
  readonly database: number;
  readonly share: number;
  readonly until: number;
  readonly limits: SampleLimits;
  readonly pace: Pace;
  readonly clock: () => Date;
}

async function sampleDatabase(session: RedisSession, part: Part, progress: Progress): Promise<KeySample['ended']> {
  const { database, share, until, limits, pace, clock } = part;
  let page = pageOf((await session.sendAll([['SCAN', '0', 'COUNT', String(Math.min(PAGE, share))]]))[0]);
  let seen = 0;
  for (;;) {
    if ('refused' in page) {
      progress.refused.set('SCAN', page.refused);
      return 'all';
    }
    const { cursor, keys } = page;
    const chosen = keys.slice(0, share - seen);
    seen += chosen.length;
    const isLast = cursor === '0' || seen >= share;
    const sizes = chosen.slice(0, Math.max(0, limits.sampleSizes - progress.sized));
    const answers = await pace.timed(() =>
      session.sendAll([
        ...chosen.map((key): Command => ['PTTL', key]),
        ...sizes.map((key): Command => ['MEMORY', 'USAGE', key]),
        // The next page comes with this one: one round trip for both.
        ...(isLast ? [] : [['SCAN', cursor, 'COUNT', String(PAGE)] as const]),
      ]),
    );
    const sizeAnswers = answers.slice(chosen.length, chosen.length + sizes.length);
    note(progress, limits.bigKeyBytes, { database, keys: chosen, expiries: answers, sizes: sizeAnswers });
    if (isLast) return cursor === '0' && chosen.length === keys.length ? 'all' : 'enough';
    if ((await pace.pause()) === 'slow') return 'slow';
    if (clock().getTime() >= until) return 'time';
    page = pageOf(answers.at(-1));
  }
}

interface Answered {
  readonly database: number;
  readonly keys: readonly Buffer[];
  readonly expiries: readonly Answer[];
  /** Of the first keys only. */
  readonly sizes: readonly Answer[];
}

function note(progress: Progress, bigKeyBytes: number, { database, keys, expiries, sizes }: Answered): void {
  for (const [place, key] of keys.entries()) {
    const expiry = numberIn(expiries[place], 'PTTL', progress.refused);
    const sizeBytes = numberIn(sizes[place], 'MEMORY', progress.refused);
    // Gone since it was listed: it expired or was deleted.
    if (expiry === undefined || expiry === -2) continue;
    progress.keys += 1;
    if (sizeBytes !== undefined) progress.sized += 1;
    const isBig = sizeBytes !== undefined && sizeBytes >= bigKeyBytes;
    const isNamed = progress.observations.length < NAMED_KEYS;
    if (!isBig && !isNamed) continue;
    const observation = { database, name: key.toString('utf8'), withoutExpiry: expiry === -1, sizeBytes };
    if (isNamed) progress.observations.push(observation);
    if (isBig) progress.big.set(`${database} ${observation.name}`, observation);
  }
}

function numberIn(answer: Answer | undefined, command: string, refused: Map<string, string>): number | undefined {
  if (answer === undefined) return undefined;
  if ('refused' in answer) {
    refused.set(command, answer.refused);
    return undefined;
  }
  return typeof answer.reply === 'number' ? answer.reply : undefined;
}

function summed({ keys, sized, observations, big, refused }: Progress, ended: KeySample['ended']): KeySample {
  const shared = sharedPatterns(observations.map(({ name }) => name));
  const counts = new Map<string, { keys: number; withoutExpiry: number; sized: number; sizedBytes: number }>();
  for (const { name, withoutExpiry, sizeBytes } of observations) {
    const pattern = patternOf(name, shared);
    const count = counts.get(pattern) ?? { keys: 0, withoutExpiry: 0, sized: 0, sizedBytes: 0 };
    counts.set(pattern, count);
    count.keys += 1;
    if (!withoutExpiry) continue;
    count.withoutExpiry += 1;
    if (sizeBytes === undefined) continue;
    count.sized += 1;
    count.sizedBytes += sizeBytes;
  }
  return {
    keys,
    sized,
    patterns: [...counts]
      .map(([pattern, count]) => ({ pattern, ...count }))
      .filter(({ withoutExpiry }) => withoutExpiry > 0)
      .sort((a, b) => b.withoutExpiry - a.withoutExpiry || a.pattern.localeCompare(b.pattern)),
    bigKeys: [...big.values()]
      .map(({ database, name, sizeBytes = 0 }) => ({ database, pattern: patternOf(name, shared), sizeBytes }))
      .sort((a, b) => b.sizeBytes - a.sizeBytes),
    ended,
    refused,
  };
}

interface Pace {
  /** Does a page and notes how long it takes: it waits behind all that the server has to do. */
  timed<Answered>(page: () => Promise<Answered>): Promise<Answered>;
  /** Gives the other clients of the server as long as they made the page wait; `slow`: it is to be left alone. */
  pause(): Promise<'fine' | 'slow'>;
}

/**
 * Tells whether the server answers as it did before.
 *
 * A page waits at least as long as a PING would, so that only after a long one the server is asked whether it was busy
 * or this process was.
 */
async function paceOf(session: RedisSession): Promise<Pace> {
  const timed = async <Answered>(work: () => Promise<Answered>): Promise<[Answered, number]> => {
    const start = performance.now();
    return [await work(), performance.now() - start];
  };
  const roundTrip = async () => (await timed(() => session.send(['PING'])))[1];
  const limit = Math.max(
    SLOW_AT_LEAST_MS,
    SLOW_FACTOR * Math.min(await roundTrip(), await roundTrip(), await roundTrip()),
  );
  let quickestMs = Infinity;
  let tookMs = 0;
  let slow = 0;
  return {
    timed: async (page) => {
      const [answered, milliseconds] = await timed(page);
      tookMs = milliseconds;
      quickestMs = Math.min(quickestMs, tookMs);
      return answered;
    },
    pause: async () => {
      slow = tookMs > limit && (await roundTrip()) > limit ? slow + 1 : 0;
      if (slow >= SLOW_ROUNDS) return 'slow';
      if (slow > 0) await sleep(PAUSE_MS * slow);
      else if (tookMs > BUSY_FACTOR * quickestMs) await sleep(Math.min(PAUSE_MS, tookMs - quickestMs));
      return 'fine';
    },
  };
}

type Page = { readonly cursor: string; readonly keys: readonly Buffer[] } | { readonly refused: string };

/** One page of SCAN, or the words with which the server refused it. */
export function pageOf(answer: Answer | undefined): Page {
  if (answer === undefined) return { refused: 'it gave no answer' };
  if ('refused' in answer) return answer;
  if (!isPage(answer)) return { refused: 'its answer is not one of SCAN' };
  const [cursor, keys] = answer.reply as readonly [Reply, readonly Reply[]];
  return { cursor: String(cursor), keys: keys.filter((key) => Buffer.isBuffer(key)) };
}

function isPage(answer: Answer): boolean {
  return (
    'reply' in answer && Array.isArray(answer.reply) && answer.reply.length === 2 && Array.isArray(answer.reply[1])
  );
}
