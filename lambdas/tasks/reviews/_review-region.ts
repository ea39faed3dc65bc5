import { Unavailable } from '../../../core/errors.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import type { Unread } from './_asking.ts';
import { judgeCache, type Cache } from './_cache.ts';
import { clientsOf } from './_clients.ts';
import type { Database } from './_database.ts';
import { judgeDatabase, type Policy } from './_database-judgement.ts';
import { readCacheLoads, readDatabaseLoads, readServiceLoads } from './_load.ts';
import { holdAgainst, isResized, remember, type Outcome, type Remembered } from './_predictions.ts';
import { pricesOf } from './_prices.ts';
import { readCaches, readDatabases } from './_read-databases.ts';
import { readServices } from './_read-services.ts';
import type { Verdict } from './_recommendation.ts';
import type { ScalingKind } from './_scaling-findings.ts';
import { STEP_SECONDS, type Interval, type Step } from './_series.ts';
import type { Service } from './_service.ts';
import { judgeService, type Review } from './_service-judgement.ts';
import { judgeServiceBySeed } from './_service-seed.ts';

const DAYS = 30;

export interface ScalingInput {
  readonly policy: Policy;
  readonly clusters: readonly string[];
  readonly prices: Readonly<Record<string, number>>;
}

/** One thing with what was said of it. */
export interface Judged<Thing> {
  readonly thing: Thing;
  readonly verdict: Verdict;
}

/** The review of one region. */
export interface RegionReview {
  readonly review: Review;
  readonly services: readonly Judged<Service>[];
  readonly databases: readonly Judged<Database>[];
  readonly caches: readonly Judged<Cache>[];
  readonly unread: readonly Unread[];
  readonly outcomes: readonly Outcome[];
  readonly remembered: Remembered;
}

/** The last 30 days up to the last whole hour or day: the one that goes on has no end yet. */
function intervalOf(now: Date, step: Step): Interval {
  const stepMilliseconds = STEP_SECONDS[step] * 1_000;
  const to = Math.floor(now.getTime() / stepMilliseconds) * stepMilliseconds;
  return { from: new Date(to - DAYS * STEP_SECONDS.day * 1_000), to: new Date(to), step };
}

/** Reads and judges all services, databases and caches of a region; each part that cannot be read leaves the others. */
export async function reviewRegion(
  region: string | undefined,
  input: ScalingInput,
  context: { readonly now: Date; readonly signal: AbortSignal; readonly earlier: Remembered | undefined },
): Promise<RegionReview> {
  const { now, signal, earlier } = context;
  const clients = clientsOf(region);
  // Plain thresholds of averages and extremes follow from days as well, with a twentieth of the points.
  const interval = intervalOf(now, input.policy === 'seed' ? 'day' : 'hour');
  const review: Review = { interval, prices: pricesOf(await clients.ecs.config.region(), input.prices) };
  const reader = { clients, signal };
  const [ecs, rds, elasticache] = await Promise.all([
    readServices(reader, input.clusters),
    readDatabases(reader),
    readCaches(reader),
  ]);
  const metrics = { client: clients.cloudwatch, interval, signal };
  const serviceLoads = await readServiceLoads(metrics, ecs.services);
  const databaseLoads = await readDatabaseLoads(metrics, rds.databases);
  const hourly: Review = { ...review, interval: intervalOf(now, 'hour') };
  const cacheLoads = await readCacheLoads({ ...metrics, interval: hourly.interval }, elasticache.caches);

  const judge = input.policy === 'seed' ? judgeServiceBySeed : judgeService;
  const services = ecs.services.map((found, i) => {
    const subject = `service ${found.cluster}/${found.name}`;
    const size = found.size && { ...found.size };
    const thing: Service = { ...found, isResized: isResized(earlier, subject, size), load: given(serviceLoads[i]) };
    return { thing, verdict: judge(thing, review) };
  });
  const databases = rds.databases.map((found, i) => {
    const resized = isResized(earlier, `database ${found.id}`, { class: found.class });
    const thing: Database = { ...found, isResized: resized, load: given(databaseLoads[i]) };
    return { thing, verdict: judgeDatabase(thing, review, input.policy) };
  });
  const caches = elasticache.caches.map((found, i) => {
    const resized = isResized(earlier, `cache ${found.id}`, { nodeType: found.nodeType });
    const thing: Cache = { ...found, isResized: resized, load: given(cacheLoads[i]) };
    return { thing, verdict: judgeCache(thing, hourly) };
  });
  const unread = [...ecs.unread, ...rds.unread, ...elasticache.unread];
  const verdicts = [...services, ...databases, ...caches].map(({ verdict }) => verdict);
  const outcomes = earlier === undefined ? [] : holdAgainst(earlier, verdicts);
  const remembered = remember(verdicts, now, unread.length > 0 ? earlier : undefined);
  return { review, services, databases, caches, unread, outcomes, remembered };
}

function given<Load>(load: Load | undefined): Load {
  // There is one for each thing, in their order.
  if (load === undefined) throw new Unavailable('metrics were not read for everything that was found');
  return load;
}

/** What the review of a region finds, each thing by its name. */
export function findingsOf(target: string, reviewed: RegionReview): Finding<ScalingKind>[] {
  const verdicts = verdictsOf(reviewed);
  const findings = verdicts.flatMap(({ subject, recommendations, unknown }): Finding<ScalingKind>[] => [
    ...recommendations.map(({ aim, text, why, confidence, command }): Finding<ScalingKind> => {
      const kind = aim === 'performance' ? 'too-small' : 'too-large';
      const summary = `${text}: ${why}; confidence ${confidence}`;
      return { kind, target, subject, summary, ...(command !== undefined && { command }) };
    }),
    ...unknown.map((reason): Finding<ScalingKind> => {
      return { kind: 'not-known', target, subject, summary: `${subject}: ${reason}` };
    }),
  ]);
  for (const { part, action, reason, isDenied } of reviewed.unread) {
    const lacks = isDenied ? `; it lacks ${action}` : '';
    findings.push({
      kind: 'part-not-readable',
      target,
      subject: part,
      summary: `${part} could not be read: ${reason}${lacks}`,
    });
  }
  for (const { subject, outcome, why = '' } of reviewed.outcomes) {
    if (outcome === 'missed')
      findings.push({ kind: 'prediction-missed', target, subject, summary: `${subject}: ${why}` });
  }
  if (verdicts.length === 0 && reviewed.unread.length === 0) {
    const summary = `no service, database or cache in ${reviewed.review.prices.region}`;
    findings.push({ kind: 'nothing-found', target, summary });
  }
  return findings;
}

/** How much was reviewed, and the peaks of each thing. */
export function measurementsOf(target: string, reviewed: RegionReview): Measurement[] {
  const verdicts = verdictsOf(reviewed);
  // None is nothing measured: a count of none must not pass for a measurement.
  if (verdicts.length === 0) return [];
  const count = (name: string, value: number): Measurement => ({ name, value, unit: 'count', target });
  const peaks = verdicts.flatMap(({ subject, peaks: { cpuPeakPercent, memoryMaximumPercent } }): Measurement[] => [
    ...(cpuPeakPercent === undefined
      ? []
      : [{ name: 'cpu-peak', value: cpuPeakPercent, unit: 'percent', target, subject } as const]),
    ...(memoryMaximumPercent === undefined
      ? []
      : [{ name: 'memory-maximum', value: memoryMaximumPercent, unit: 'percent', target, subject } as const]),
  ]);
  return [
    count('services', reviewed.services.length),
    count('databases', reviewed.databases.length),
    count('caches', reviewed.caches.length),
    count(
      'recommendations',
      verdicts.reduce((sum, { recommendations }) => sum + recommendations.length, 0),
    ),
    ...peaks,
  ];
}

export function verdictsOf({ services, databases, caches }: RegionReview): Verdict[] {
  return [...services, ...databases, ...caches].map(({ verdict }) => verdict);
}
