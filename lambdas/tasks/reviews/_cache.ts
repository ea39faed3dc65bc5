import { cacheFamily, isBurstable, type MachineClass } from './_classes.ts';
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
  mean,
  type Point,
  type Reading,
  unreadableIn,
  usageFigures,
} from './_series.ts';

/** A node of ElastiCache as the review needs it. */
export interface Cache {
  readonly id: string;
  readonly engine: string;
  readonly nodeType: string;
  readonly group: string | undefined;
  readonly nodes: number;
  readonly createdAt: Date | undefined;
  /** True where the last review saw another node type: a part of the month is of that one. */
  readonly isResized: boolean;
  readonly load: CacheLoad;
}

/** CPU of the engine's own thread and memory in percent; evictions in each hour. */
export interface CacheLoad {
  readonly cpuMaximum: Reading;
  readonly cpuP95: Reading;
  readonly memoryMaximum: Reading;
  readonly evictions: Reading;
}

const MEMORY_HEADROOM = 1.15;
/** Redis does one thing at a time: a larger node of the family does not make it faster. */
const BUSY_PERCENT = 80;

/** Sizes a cache by its memory and its evictions; its CPU only speaks against making it smaller. */
export function judgeCache(cache: Cache, review: Review): Verdict {
  const subject = `cache ${cache.id}`;
  const size = { nodeType: cache.nodeType };
  const nothing = nothingSaid(subject, size);
  const unread = unreadableIn(cache.load);
  if (unread !== undefined) return { ...nothing, unknown: [unread] };
  const { cpuMaximum, cpuP95, memoryMaximum, evictions } = cache.load as Record<
    keyof CacheLoad,
    { points: readonly Point[] }
  >;
  const memory = memoryMaximum.points;
  const evidence = evidenceOf(memory, review.interval, cache.createdAt, []);
  const ground = cache.isResized ? groundOfTwoSizes(groundOf(evidence)) : groundOf(evidence);
  if ('unknown' in ground) return { ...nothing, unknown: [ground.unknown] };
  const evicted = evictions.points.reduce((sum, { value }) => sum + value, 0);
  const usual = cpuP95.points.length < cpuMaximum.points.length ? cpuMaximum.points : cpuP95.points;
  const demand = demandOf(usual, cpuMaximum.points);
  const figures = figuresOf({
    ...usageFigures('cpu', cpuMaximum.points),
    memory_average: mean(memory),
    ...usageFigures('memory', memory),
    evictions: evicted,
  });
  const unknown = ground.gap === undefined ? [] : [ground.gap];
  const family = cacheFamily(cache.nodeType);
  const now = family.find(({ name }) => name === cache.nodeType);
  if (now === undefined) {
    return {
      ...nothing,
      figures,
      unknown: [...unknown, `${cache.nodeType} is a node type that this review cannot size`],
    };
  }
  // What evicts wanted more than it has.
  const seen = evicted > 0 ? Math.max(100, highest(memory)) : highest(memory);
  const needGiB = (now.memoryGiB * seen * MEMORY_HEADROOM) / 100;
  const withheld: string[] = [];
  const place = family.indexOf(now);
  let proposed: MachineClass | undefined;
  if (needGiB > now.memoryGiB) {
    proposed = family.slice(place + 1).find(({ memoryGiB }) => memoryGiB >= needGiB);
    if (proposed === undefined) withheld.push('no node type of its family that is known here holds what it needs');
  } else {
    const smaller = family[place - 1];
    const against = !ground.mayShrink
      ? (ground.gap ?? 'not every weekday was seen yet')
      : demand.peak > BUSY_PERCENT / 2
        ? `its CPU is at ${percentText(demand.peak)} on ${demand.peakDay}`
        : isBurstable(now.name)
          ? 'its CPU credits are not looked at'
          : undefined;
    if (smaller && smaller.memoryGiB >= needGiB) {
      if (against === undefined) proposed = smaller;
      else withheld.push(`a smaller node type (${smaller.name}): ${against}`);
    }
  }
  const expected = (one: MachineClass) => ({
    memoryMaximumPercent: rounded((highest(memory) * now.memoryGiB) / one.memoryGiB),
  });
  const resize: Recommendation | undefined = proposed && {
    action: 'change-node-type',
    aim: proposed.memoryGiB > now.memoryGiB ? 'performance' : 'cost',
    text: `run ${cache.id} on ${proposed.name} instead of ${now.name}`,
    now: { nodeType: now.name },
    proposed: { nodeType: proposed.name },
    why: `memory at most ${percentText(highest(memory))} of ${now.memoryGiB} GiB, ${evicted} keys evicted`,
    evidence,
    interval: review.interval,
    lastMonth: {
      now: { ...expected(now), keysEvicted: evicted },
      proposed: expected(proposed),
    },
    price: priceOfClass(now.name, proposed.name, cache.nodes, review.prices),
    confidence: ground.confidence,
    reversible: 'yes: change the node type back, while the data fits',
    command: awsCommand(
      review.prices.region,
      ...(cache.group === undefined
        ? ['elasticache', 'modify-cache-cluster', '--cache-cluster-id', cache.id]
        : ['elasticache', 'modify-replication-group', '--replication-group-id', cache.group]),
      ...['--cache-node-type', proposed.name, '--no-apply-immediately'],
    ),
  };
  return {
    subject,
    figures,
    unknown,
    withheld,
    size,
    peaks: figuresOf(expected(now)),
    recommendations: resize ? [resize] : [],
    prediction: resize && proposed && { now: resize.now, proposed: resize.proposed, expected: expected(proposed) },
  };
}
