import { databaseFamily, isBurstable, type MachineClass } from './_classes.ts';
import { connectionsAllowed, type Database } from './_database.ts';
import { priceOfClass } from './_prices.ts';
import {
  awsCommand,
  figuresOf,
  nothingSaid,
  percentText,
  rounded,
  type Recommendation,
  type Verdict,
} from './_recommendation.ts';
import type { Review } from './_service-judgement.ts';
import {
  demandOf,
  evidenceOf,
  groundOf,
  groundOfTwoSizes,
  highest,
  lowest,
  mean,
  type Demand,
  type Evidence,
  type Ground,
  type Point,
  unreadableIn,
  usageFigures,
} from './_series.ts';

const CPU_HEADROOM = 1.2;
const MEMORY_HEADROOM = 1.15;
const FULL_PERCENT = 99.5;
const CONNECTIONS_PERCENT = 80;
const GIB = 1_024 ** 3;
/** In seconds: a disk that answers so slowly on average holds everything up. */
const SLOW_READ = { percentile: 0.02, seed: 0.2 };
const SEED_CPU_PERCENT = 70;

export type Policy = 'percentile' | 'seed';

interface Month {
  readonly load: { readonly [Name in keyof Database['load']]: { readonly points: readonly Point[] } };
  readonly demand: Demand;
  readonly evidence: Evidence;
  readonly ground: Exclude<Ground, { readonly unknown: string }>;
  readonly figures: Record<string, number>;
}

/** Sizes a database by CPU, memory and connections, or by the plain thresholds of the seed. */
export function judgeDatabase(database: Database, review: Review, policy: Policy): Verdict {
  const subject = `database ${database.id}`;
  const size = { class: database.class };
  const nothing = nothingSaid(subject, size);
  const month = monthOf(database, review);
  if ('unknown' in month) return { ...nothing, unknown: [month.unknown] };
  const { ground, figures } = month;
  const unknown = ground.gap === undefined ? [] : [ground.gap];
  const family = databaseFamily(database.class);
  const now = family.find(({ name }) => name === database.class);
  if (now === undefined) {
    const why = `${database.class} is a class that this review cannot size`;
    return { ...nothing, figures, unknown: [...unknown, why] };
  }
  const allowed =
    database.maxConnections === undefined ? undefined : connectionsAllowed(database.maxConnections, now.memoryGiB);
  if (allowed === undefined)
    unknown.push(`its max_connections is not known (${database.maxConnections ?? 'not readable'})`);
  const judged: Judged = { database, family, now, allowed, month, review };
  const sized = policy === 'seed' ? { class: seedClass(judged), withheld: [] } : wantedClass(judged);
  const resize = sized.class === undefined ? undefined : changeOfClass(judged, sized.class, policy);
  const crowded = allowed === undefined ? undefined : crowding(judged, allowed);
  const slow = slowReads(judged, policy);
  const share = allowed === undefined ? Number.NaN : ((figures['connections_maximum'] ?? Number.NaN) / allowed) * 100;
  return {
    subject,
    size,
    peaks: figuresOf({ cpuPeakPercent: month.demand.peak }),
    unknown,
    withheld: sized.withheld,
    figures: { ...figures, ...figuresOf({ max_connections: allowed ?? Number.NaN, connections_percent: share }) },
    recommendations: [resize, crowded, slow].filter((one) => one !== undefined),
    prediction:
      resize && sized.class
        ? { now: resize.now, proposed: resize.proposed, expected: { cpuPeakPercent: cpuOn(judged, sized.class) } }
        : undefined,
  };
}

interface Judged {
  readonly database: Database;
  readonly family: readonly MachineClass[];
  readonly now: MachineClass;
  readonly allowed: number | undefined;
  readonly month: Month;
  readonly review: Review;
}

function monthOf({ load, createdAt, isResized }: Database, { interval }: Review): Month | { readonly unknown: string } {
  const unread = unreadableIn(load);
  if (unread !== undefined) return { unknown: unread };
  const read = load as Month['load'];
  const hourly = [read.cpuMaximum, read.connectionsMaximum, read.freeMemoryMinimum].map(({ points }) => points);
  const fewest = hourly.reduce((least, points) => (points.length < least.length ? points : least));
  const evidence = evidenceOf(fewest, interval, createdAt, read.samples.points);
  const ground = isResized ? groundOfTwoSizes(groundOf(evidence)) : groundOf(evidence);
  if ('unknown' in ground) return ground;
  const cpu = read.cpuMaximum.points;
  const usual = read.cpuP95.points.length < cpu.length ? cpu : read.cpuP95.points;
  return {
    load: read,
    demand: demandOf(usual, cpu),
    evidence,
    ground,
    figures: figuresOf({
      cpu_average: mean(read.cpuAverage.points),
      ...usageFigures('cpu', cpu),
      connections_average: mean(read.connectionsAverage.points),
      connections_maximum: highest(read.connectionsMaximum.points),
      free_memory_average: mean(read.freeMemoryAverage.points),
      free_memory_minimum: lowest(read.freeMemoryMinimum.points),
      read_latency_average: mean(read.readLatency.points),
      read_latency_maximum: highest(read.readLatency.points),
      write_latency_average: mean(read.writeLatency.points),
      write_latency_maximum: highest(read.writeLatency.points),
    }),
  };
}

/** The smallest class that holds the month, one step down at most; undefined where it has that class. */
function wantedClass(judged: Judged): {
  readonly class: MachineClass | undefined;
  readonly withheld: readonly string[];
} {
  const { family, now, month, database } = judged;
  const { peak, tail } = month.demand;
  const vcpus = (now.vcpus * Math.max(peak * CPU_HEADROOM, tail)) / 100;
  const memoryGiB = (now.memoryGiB - leastFree(month)) * MEMORY_HEADROOM;
  const connections = highest(month.load.connectionsMaximum.points);
  const holds = (one: MachineClass) => {
    const allowed =
      database.maxConnections === undefined ? undefined : connectionsAllowed(database.maxConnections, one.memoryGiB);
    return one.vcpus >= vcpus && one.memoryGiB >= memoryGiB && (allowed === undefined || connections <= allowed);
  };
  const place = family.indexOf(now);
  if (!holds(now)) {
    const larger = family.slice(place + 1).find((one) => one.vcpus >= vcpus && one.memoryGiB >= memoryGiB);
    // Too many connections are no reason for a larger machine: see `crowding`.
    if (now.vcpus >= vcpus && now.memoryGiB >= memoryGiB) return { class: undefined, withheld: [] };
    if (larger === undefined) return { class: undefined, withheld: ['no class of its family holds what it needs'] };
    return { class: larger, withheld: [] };
  }
  const smaller = family[place - 1];
  if (smaller === undefined || !holds(smaller)) return { class: undefined, withheld: [] };
  const against = againstShrinking(judged);
  if (against === undefined) return { class: smaller, withheld: [] };
  return { class: undefined, withheld: [`a smaller class (${smaller.name}): ${against}`] };
}

function againstShrinking({ month, allowed, now }: Judged): string | undefined {
  if (!month.ground.mayShrink) return month.ground.gap ?? 'not every weekday was seen yet';
  if (allowed === undefined) return 'how many connections it allows is not known';
  return isBurstable(now.name) ? 'its CPU credits are not looked at' : undefined;
}

/** In GiB: what was free at the worst minute. */
function leastFree({ load }: Month): number {
  return lowest(load.freeMemoryMinimum.points) / GIB;
}

function seedClass({ family, now, month }: Judged): MachineClass | undefined {
  const { cpu_average: cpu = 0 } = month.figures;
  return cpu > SEED_CPU_PERCENT ? family[family.indexOf(now) + 1] : undefined;
}

function cpuOn({ now, month }: Judged, other: MachineClass): number {
  return rounded((month.demand.peak * now.vcpus) / other.vcpus);
}

function changeOfClass(judged: Judged, proposed: MachineClass, policy: Policy): Recommendation {
  const { database, now, month, review } = judged;
  const isMore = proposed.memoryGiB > now.memoryGiB;
  const { peak, peakDay, tail } = month.demand;
  const burst = isBurstable(now.name) ? 'low' : month.ground.confidence;
  return {
    ...evident(judged),
    action: 'change-class',
    aim: isMore ? 'performance' : 'cost',
    text:
      policy === 'seed'
        ? 'Consider upgrading to a larger instance class'
        : `run ${database.id} on ${proposed.name} instead of ${now.name}`,
    now: { class: now.name },
    proposed: { class: proposed.name },
    why:
      `CPU of the busiest weekday, ${peakDay}, p95 ${percentText(peak)}, p99.5 of the highest minutes ${percentText(tail)}; ` +
      `at least ${rounded(leastFree(month))} of ${now.memoryGiB} GiB free; ` +
      `at most ${month.figures['connections_maximum'] ?? 'an unknown number of'} connections`,
    lastMonth: { now: monthOn(judged, now), proposed: monthOn(judged, proposed) },
    price:
      database.engine === 'postgres'
        ? priceOfClass(now.name, proposed.name, database.machines, review.prices)
        : { unknown: `the table has no prices of ${database.engine}` },
    confidence: burst,
    reversible: 'yes: change the class back; each change ends all connections for a minute or more',
    // Without more it is done in the maintenance window of the instance.
    command: awsCommand(
      review.prices.region,
      ...['rds', 'modify-db-instance', '--db-instance-identifier', database.id],
      ...['--db-instance-class', proposed.name],
    ),
  };
}

function monthOn({ month, now }: Judged, other: MachineClass) {
  const factor = now.vcpus / other.vcpus;
  const { points } = month.load.cpuMaximum;
  return {
    [`${month.evidence.step}sWithFullCpu`]: points.filter(({ value }) => value * factor >= FULL_PERCENT).length,
    cpuPeakPercent: rounded(month.demand.peak * factor),
    leastFreeMemoryGiB: rounded(other.memoryGiB - now.memoryGiB + leastFree(month)),
  };
}

function crowding(judged: Judged, allowed: number): Recommendation | undefined {
  const { points } = judged.month.load.connectionsMaximum;
  const most = highest(points);
  const limit = (allowed * CONNECTIONS_PERCENT) / 100;
  if (!(most > limit)) return undefined;
  return {
    ...evident(judged),
    action: 'pool-connections',
    aim: 'performance',
    text: 'Consider implementing connection pooling or read replicas',
    now: { connections: most, maxConnections: allowed },
    proposed: { connections: Math.floor(limit), maxConnections: allowed },
    why: `${most} connections at the most, ${percentText((most / allowed) * 100)} of the ${allowed} that it allows`,
    lastMonth: {
      now: { [`${judged.month.evidence.step}sAbove`]: points.filter(({ value }) => value > limit).length },
      proposed: { [`${judged.month.evidence.step}sAbove`]: 0 },
    },
    price: { unknown: 'what a pool costs depends on where it runs' },
    confidence: judged.month.ground.confidence,
    reversible: 'yes: point the clients at the database itself again',
  };
}

function slowReads(judged: Judged, policy: Policy): Recommendation | undefined {
  const { read_latency_average: latency = 0 } = judged.month.figures;
  const limit = SLOW_READ[policy];
  if (latency <= limit) return undefined;
  return {
    ...evident(judged),
    action: 'quicken-reads',
    aim: 'performance',
    text: 'Consider adding read replicas or optimizing queries',
    now: { readLatencySeconds: latency },
    proposed: { readLatencySeconds: limit },
    why: `a read takes ${latency} s on average, and ${limit} s is the limit`,
    lastMonth: {
      now: { daysAbove: judged.month.load.readLatency.points.filter(({ value }) => value > limit).length },
      proposed: { daysAbove: 0 },
    },
    price: { unknown: 'what it costs depends on which queries are slow' },
    confidence: judged.month.ground.confidence,
    reversible: 'yes: a replica can be removed',
  };
}

function evident({ month, review }: Judged): Pick<Recommendation, 'evidence' | 'interval'> {
  return { evidence: month.evidence, interval: review.interval };
}
