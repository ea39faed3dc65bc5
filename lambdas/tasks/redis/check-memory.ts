import * as z from 'zod';
import { Percent } from '../../../core/duration.ts';
import { Unavailable } from '../../../core/errors.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { defineTask } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import type { RedisSession } from './_connection.ts';
import { judgeExpiry, judgeSample } from './_expiry.ts';
import { type Info, numberOf, parseInfo, totalsOf } from './_info.ts';
import { type KeySample, sampleKeys } from './_key-sample.ts';
import { type Kind, MEMORY_FINDINGS } from './_memory-findings.ts';
import { judgePersistence } from './_persistence.ts';
import { inBytes, inCount, percentOf } from './_quantity.ts';
import { missingRight } from './_rights.ts';
import { judgeState } from './_server-state.ts';
import { changeSince, Counters, countersOf, judgeChange } from './_since-last-run.ts';

const CONCURRENCY = 4;
const MEBIBYTE = 1_048_576;

const Input = z
  .strictObject({
    warnAbove: Percent.prefault('80%').describe(
      'Warn when more of maxmemory is used and nothing may be evicted; where the policy evicts, full is as it should be',
    ),
    failAbove: Percent.prefault('90%').describe('Fail when more of maxmemory is used and nothing may be evicted'),
    hostAbove: Percent.prefault('90%').describe('Fail when the server takes more of the memory of its host'),
    evictedAbove: Percent.prefault('10%').describe('Warn when a larger share of the keys is evicted per day'),
    withoutExpiryAbove: Percent.prefault('50%').describe(
      'Warn when a larger share of the keys has no expiry and is never evicted; 100% for a server that is a store, not a cache',
    ),
    minKeys: z.int().nonnegative().default(1_000).describe('Keys below which no share of them is judged'),
    bigKeyBytes: z
      .int()
      .positive()
      .default(10 * MEBIBYTE)
      .describe('Warn of each pattern with a key that takes so much'),
    fragmentationAbove: z
      .number()
      .min(1)
      .default(1.5)
      .describe('Warn when the memory taken from the host is a larger multiple of the used memory'),
    fragmentationMinBytes: z
      .int()
      .positive()
      .default(100 * MEBIBYTE)
      .describe('Used memory below which fragmentation and swapping are not judged: a small server is all overhead'),
    sampleKeys: z
      .int()
      .min(0)
      .max(10_000_000)
      .default(10_000)
      .describe('The most keys to look at for prefixes and large keys; each counts as one keyspace hit of the server'),
    sampleSizes: z.int().min(0).default(10_000).describe('Of so many of them the size is asked too'),
    sampleSeconds: z.int().min(1).max(600).default(20).describe('How long the keys of one server may be looked at'),
    answerSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(5)
      .describe('How long a server may take to connect, and for each answer'),
  })
  .refine(({ warnAbove, failAbove }) => warnAbove <= failAbove, 'warnAbove must not be above failAbove');
type Limits = z.output<typeof Input>;
type MemoryLimits = Pick<
  Limits,
  'warnAbove' | 'failAbove' | 'hostAbove' | 'minKeys' | 'fragmentationAbove' | 'fragmentationMinBytes'
>;

/** Below this share of keys with an expiry, a policy that evicts only those finds nothing. */
const LEAST_EVICTABLE_PERCENT = 5;
/** Resident below this multiple of used is not mere rounding: pages are elsewhere. */
const SWAPPED_BELOW = 0.9;
const CLIENTS_PERCENT = 10;
/** A thousand idle clients take about as much. */
const CLIENTS_MIN_BYTES = 32 * MEBIBYTE;

/** Judges the memory of one server by what INFO says of it. Fields that are absent are not judged here. */
export function judgeMemory(target: string, info: Info, limits: MemoryLimits): Finding<Kind>[] {
  const used = numberOf(info, 'used_memory');
  const maximum = numberOf(info, 'maxmemory');
  if (used === undefined || maximum === undefined) return [];
  const findings: Finding<Kind>[] = [];
  const host = numberOf(info, 'total_system_memory') ?? 0;
  if (maximum === 0) {
    const summary = `maxmemory is 0, ${inBytes(used)} used${host > 0 ? ` of ${inBytes(host)} that the host has` : ''}`;
    findings.push({ kind: 'no-memory-limit', target, summary });
  } else findings.push(...judgeRoom(target, info, { used, maximum, limits }));
  if (host > 0 && maximum > host) {
    const summary = `maxmemory is ${inBytes(maximum)}, the host has ${inBytes(host)}`;
    findings.push({ kind: 'limit-above-host', target, summary, value: maximum, limit: host, unit: 'bytes' });
  }
  return [...findings, ...judgeResident(target, info, { used, host, limits }), ...judgeClients(target, info, used)];
}

function judgeRoom(
  target: string,
  info: Info,
  { used, maximum, limits }: { used: number; maximum: number; limits: MemoryLimits },
): Finding<Kind>[] {
  const policy = info.fields.get('maxmemory_policy') ?? '';
  const { keys, withoutExpiry } = totalsOf(info);
  const evictable = percentOf(keys - withoutExpiry, keys);
  const hasNoVictims = policy.startsWith('volatile-') && keys > 0 && evictable < LEAST_EVICTABLE_PERCENT;
  const findings: Finding<Kind>[] = [];
  if (hasNoVictims && keys >= limits.minKeys) {
    const summary = `${policy}, and ${evictable} % of ${inCount(keys)} keys have an expiry, limit ${LEAST_EVICTABLE_PERCENT} %`;
    const limit = LEAST_EVICTABLE_PERCENT;
    findings.push({ kind: 'nothing-to-evict', target, summary, value: evictable, limit, unit: 'percent' });
  }
  if (policy !== 'noeviction' && !hasNoVictims) return findings;
  // What the server does not count either: buffers of replicas and of the append-only file.
  const counted = used - (numberOf(info, 'mem_not_counted_for_evict') ?? 0);
  const value = percentOf(counted, maximum);
  const limit = value > limits.failAbove ? limits.failAbove : limits.warnAbove;
  if (value <= limit) return findings;
  const kind = value > limits.failAbove ? 'memory-full' : 'memory-nearly-full';
  const summary = `${inBytes(counted)} of ${inBytes(maximum)} used, ${value} %, limit ${limit} %, policy ${policy}`;
  return [{ kind, target, summary, value, limit, unit: 'percent' }, ...findings];
}

function judgeResident(
  target: string,
  info: Info,
  { used, host, limits }: { used: number; host: number; limits: MemoryLimits },
): Finding<Kind>[] {
  const resident = numberOf(info, 'used_memory_rss');
  if (resident === undefined || resident <= 0) return [];
  const findings: Finding<Kind>[] = [];
  const share = percentOf(resident, host);
  if (share > limits.hostAbove) {
    const summary = `${inBytes(resident)} of ${inBytes(host)} that the host has, ${share} %, limit ${limits.hostAbove} %`;
    findings.push({
      kind: 'host-memory-short',
      target,
      summary,
      value: share,
      limit: limits.hostAbove,
      unit: 'percent',
    });
  }
  if (used < limits.fragmentationMinBytes) return findings;
  const ratio = Math.round((resident / used) * 100) / 100;
  const both = `${inBytes(resident)} resident for ${inBytes(used)} used, ratio ${ratio}`;
  if (ratio > limits.fragmentationAbove) {
    const limit = limits.fragmentationAbove;
    const summary = `${both}, limit ${limit}`;
    findings.push({ kind: 'fragmented', target, summary, value: ratio, limit, unit: 'ratio', command: 'MEMORY PURGE' });
  }
  if (ratio < SWAPPED_BELOW) {
    const summary = `${both}, at least ${SWAPPED_BELOW} is expected`;
    findings.push({ kind: 'swapped', target, summary, value: ratio, limit: SWAPPED_BELOW, unit: 'ratio' });
  }
  return findings;
}

function judgeClients(target: string, info: Info, used: number): Finding<Kind>[] {
  const clients = numberOf(info, 'mem_clients_normal') ?? 0;
  const value = percentOf(clients, used);
  if (clients < CLIENTS_MIN_BYTES || value <= CLIENTS_PERCENT) return [];
  const summary = `clients hold ${inBytes(clients)}, ${value} % of the used memory, limit ${CLIENTS_PERCENT} %`;
  const command = 'CLIENT LIST TYPE normal';
  return [{ kind: 'client-buffers', target, summary, value, limit: CLIENTS_PERCENT, unit: 'percent', command }];
}

const GAUGES = [
  ['memory-used', 'used_memory', 'bytes'],
  ['memory-limit', 'maxmemory', 'bytes'],
  ['memory-peak', 'used_memory_peak', 'bytes'],
  ['memory-resident', 'used_memory_rss', 'bytes'],
  ['client-buffers', 'mem_clients_normal', 'bytes'],
  ['lazy-free-pending', 'lazyfree_pending_objects', 'count'],
] as const;

function measure(target: string, info: Info): Measurement[] {
  const { keys, withoutExpiry } = totalsOf(info);
  return [
    ...GAUGES.flatMap(([name, field, unit]) => {
      const value = numberOf(info, field);
      return value === undefined ? [] : [{ name, value, unit, target }];
    }),
    ...(info.sections.has('keyspace') || keys > 0
      ? ([
          { name: 'keys', value: keys, unit: 'count', target },
          { name: 'keys-without-expiry', value: withoutExpiry, unit: 'count', target },
        ] as const)
      : []),
  ];
}

interface Context {
  readonly target: Target<'redis'>;
  readonly limits: Limits;
  readonly now: Date;
  readonly clock: () => Date;
  readonly previous: Counters | undefined;
  readonly remember: (counters: Counters) => void;
}

async function examine(session: RedisSession, context: Context) {
  const { target, limits, now, clock, previous, remember } = context;
  const { name } = target;
  const answer = await session.send(['INFO']);
  if ('refused' in answer) {
    const right = missingRight('INFO', answer.refused);
    const command = right.grant(session.address.user, undefined);
    const summary = `the server refused ${right.command}: ${right.words}`;
    const finding = {
      kind: 'command-refused',
      target: name,
      summary,
      ...(command !== undefined && { command }),
    } as const;
    return { findings: [finding], measurements: [] };
  }
  const info = parseInfo(String(answer.reply));
  const state = judgeState(name, info);
  if (!state.isJudgeable) return { findings: state.findings, measurements: [] };
  const counters = countersOf(info, now);
  if (counters) remember(counters);
  const change = changeSince(info, now, previous);
  const measurements = measure(name, info);
  if (change) measurements.push({ name: 'evicted-keys', value: change.evictedKeys, unit: 'count', target: name });
  const findings: Finding<Kind>[] = [
    ...state.findings,
    ...judgeMemory(name, info, limits),
    ...judgePersistence(name, info),
    ...judgeChange(name, info, change, limits),
  ];
  const sampled = await sampleSafely(session, info, limits, clock);
  if (typeof sampled === 'string') findings.push({ kind: 'not-sampled', target: name, summary: sampled });
  const sample = typeof sampled === 'object' ? sampled : undefined;
  findings.push(...judgeExpiry(name, info, sample, limits));
  if (sample) {
    const { address } = session;
    findings.push(...judgeSample(name, sample, { address, info, bigKeyBytes: limits.bigKeyBytes }));
    measurements.push({ name: 'keys-sampled', value: sample.keys, unit: 'count', target: name });
  }
  return { findings, measurements };
}

/** What INFO said stays said when the server goes away while its keys are looked at; a text says why there is no sample. */
async function sampleSafely(
  session: RedisSession,
  info: Info,
  limits: Limits,
  clock: () => Date,
): Promise<KeySample | string | undefined> {
  if (limits.sampleKeys === 0 || totalsOf(info).keys === 0) return undefined;
  try {
    return await sampleKeys(session, info.keyspace, limits, clock);
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return `INFO was read, then the look at the keys ended: ${thrown.message}`;
  }
}

export const task = defineTask({
  name: 'redis-check-memory',
  summary: 'Checks memory, eviction, persistence and the keys without an expiry of Redis, and deletes nothing',
  effect: 'read-only',
  target: 'redis',
  input: Input,
  examples: [{}, { withoutExpiryAbove: '100%', evictedAbove: '0%' }, { sampleKeys: 0 }],
  findings: MEMORY_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'redis'),
  needs: async ({ input, targets, sessionName, allowAddresses, signal }) => {
    const { redisNeeds } = await import('./_needs.ts');
    const options = { sessionName, allowAddresses, timeoutSeconds: input.answerSeconds, signal };
    return eachNeed(targets, (target) => redisNeeds(target, options, input));
  },
  timeoutSeconds: 300,
  baseline: { version: 1, schema: z.record(z.string(), Counters) },
  run: async ({ input, targets, now, clock, signal, baseline = {}, sessionName, allowAddresses }) => {
    // The client takes long to load: whoever only reads what this task declares does not wait for it.
    const { withRedis } = await import('./_connection.ts');
    const options = { sessionName, allowAddresses, timeoutSeconds: input.answerSeconds, signal };
    const counters = new Map(Object.entries(baseline));
    const examined = await eachTarget<Kind, (typeof targets)[number]>(
      targets,
      (target) =>
        withRedis(target, options, (session) => {
          const remember = (current: Counters) => counters.set(target.name, current);
          const previous = baseline[target.name];
          return examine(session, { target, limits: input, now, clock, previous, remember });
        }),
      { concurrency: CONCURRENCY },
    );
    return { ...examined, baseline: Object.fromEntries(counters) };
  },
});
