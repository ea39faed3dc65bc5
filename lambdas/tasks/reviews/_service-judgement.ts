import { fargateSize, ownSize, type TaskSize } from './_fargate.ts';
import { priceOfTasks, type Prices } from './_prices.ts';
import {
  awsCommand,
  figuresOf,
  nothingSaid,
  percentText,
  rounded,
  type Recommendation,
  type Verdict,
} from './_recommendation.ts';
import {
  demandOf,
  evidenceOf,
  groundOf,
  groundOfTwoSizes,
  highest,
  mean,
  pointsSince,
  STEP_SECONDS,
  type Demand,
  type Evidence,
  type Ground,
  type Interval,
  type Point,
  type Reading,
  type Step,
  unreadableIn,
  usageFigures,
} from './_series.ts';
import type { Bounds, Service } from './_service.ts';

/** What a load gets above its busiest weekday. */
const CPU_HEADROOM = 1.2;
const MEMORY_HEADROOM = 1.15;
const MEMORY_HEADROOM_AFTER_KILL = 1.25;
/** A minute in which a task had nothing left. */
const FULL_PERCENT = 99.5;
/** Of hours: more often than that, a service lives at its upper bound. */
const OFTEN = 0.05;

export interface Review {
  readonly interval: Interval;
  readonly prices: Prices;
}

/** The month of a service, read whole. */
export interface Month {
  readonly cpu: readonly Point[];
  readonly memory: readonly Point[];
  /** Hourly, how many tasks ran. */
  readonly tasks: readonly Point[];
  readonly demand: Demand;
  readonly usualIsMaximum: boolean;
  readonly evidence: Evidence;
  readonly ground: Exclude<Ground, { readonly unknown: string }>;
  readonly figures: Readonly<Record<string, number>>;
  readonly meanTasks: number;
}

/** Reads the month of a service; where a part of it is missing, says which. */
export function monthOf(
  service: Service,
  { interval }: Review,
): Month | { readonly unknown: string } | { readonly idle: string } {
  // Before its present size was deployed, its shares were of another.
  const since = service.isResized ? service.deployedAt : undefined;
  const load = Object.fromEntries(
    Object.entries(service.load).map(([name, reading]) => [name, pointsSince(reading as Reading, since)]),
  ) as Service['load'] & object;
  const unread = unreadableIn(load);
  if (unread !== undefined) return { unknown: unread };
  const { cpuAverage, memoryAverage, cpuMaximum, memoryMaximum, cpuP95, samples } = load as ReadLoad;
  const cpu = cpuMaximum.points;
  const memory = memoryMaximum.points;
  const fewest = cpu.length <= memory.length ? cpu : memory;
  const evidence = evidenceOf(fewest, interval, since ?? service.createdAt, samples.points);
  const isMixed = service.isResized && since === undefined;
  // Nobody expects a metric of what is told to run no task.
  if (service.desired === 0 && cpu.length === 0) return { idle: 'it is told to run no task, and ran none' };
  const ground = isMixed ? groundOfTwoSizes(groundOf(evidence)) : groundOf(evidence);
  if ('unknown' in ground) return ground;
  const tasks = samples.points.map(({ at, value }) => ({ at, value: value / (STEP_SECONDS[interval.step] / 60) }));
  // CloudWatch gives no percentiles of what reaches it summed up; the hourly maximum is never below them.
  const usualIsMaximum = cpuP95.points.length < cpu.length;
  return {
    cpu,
    memory,
    tasks,
    usualIsMaximum,
    demand: demandOf(usualIsMaximum ? cpu : cpuP95.points, cpu),
    evidence,
    ground,
    meanTasks: tasks.length === 0 ? service.desired : mean(tasks),
    figures: figuresOf({
      cpu_average: mean(cpuAverage.points),
      ...usageFigures('cpu', cpu),
      memory_average: mean(memoryAverage.points),
      ...usageFigures('memory', memory),
    }),
  };
}

type ReadLoad = { readonly [Name in keyof Service['load']]: { readonly points: readonly Point[] } };

/** Sizes a service by its busiest weekday, its tail and its highest memory, within the bounds of its autoscaling. */
export function judgeService(service: Service, review: Review): Verdict {
  const subject = `service ${service.cluster}/${service.name}`;
  const nothing = nothingSaid(subject, service.size && { ...service.size });
  const month = monthOf(service, review);
  if ('unknown' in month) return { ...nothing, unknown: [month.unknown] };
  if ('idle' in month) return { ...nothing, withheld: [month.idle], unknown: [] };
  const unknown = month.ground.gap === undefined ? [] : [month.ground.gap];
  const { size, bounds } = service;
  if (size === undefined) {
    unknown.push('its task definition does not say how much CPU and memory a task gets');
    return { ...nothing, figures: month.figures, unknown };
  }
  if (bounds === 'unknown') unknown.push('the bounds of its autoscaling could not be read');
  const atBound =
    bounds === undefined || bounds === 'unknown' ? undefined : raiseMaximum(service, bounds, month, review);
  const { proposed, withheld } = proposedSize(service, size, month);
  const resize = isSame(size, proposed) ? undefined : resizing(service, { now: size, proposed }, month, review);
  return {
    subject,
    figures: month.figures,
    size: { ...size },
    peaks: peaksOf(month),
    unknown,
    withheld,
    recommendations: [...(resize ? [resize] : []), ...(atBound ? [atBound] : [])],
    prediction: resize && {
      now: resize.now,
      proposed: resize.proposed,
      expected: {
        cpuPeakPercent: rounded((month.demand.peak * size.cpuUnits) / proposed.cpuUnits),
        memoryMaximumPercent: rounded((highest(month.memory) * size.memoryMiB) / proposed.memoryMiB),
      },
    },
  };
}

/** The highest shares of a month, to hold an earlier prediction against. */
export function peaksOf({ demand, memory }: Month): Record<string, number> {
  return figuresOf({ cpuPeakPercent: demand.peak, memoryMaximumPercent: highest(memory) });
}

function proposedSize(service: Service, now: TaskSize, month: Month): { proposed: TaskSize; withheld: string[] } {
  const { isFargate, bounds, outOfMemory = 0 } = service;
  const { peak, tail } = month.demand;
  const memoryHeadroom = outOfMemory > 0 ? MEMORY_HEADROOM_AFTER_KILL : MEMORY_HEADROOM;
  // What is killed for lack of memory wanted more than it was ever seen with.
  const seenMemory = outOfMemory > 0 ? Math.max(100, highest(month.memory)) : highest(month.memory);
  const isTracked =
    bounds !== undefined && bounds !== 'unknown' && bounds.tracked.some(({ metric }) => /CPU/i.test(metric));
  const need: TaskSize = {
    // Where autoscaling holds the CPU at a value, the number of tasks follows the load and the size says nothing.
    cpuUnits: isTracked ? now.cpuUnits : (now.cpuUnits * Math.max(peak * CPU_HEADROOM, tail)) / 100,
    memoryMiB: (now.memoryMiB * seenMemory * memoryHeadroom) / 100,
  };
  const fitting = isFargate ? fargateSize(need) : ownSize(need);
  if (fitting === undefined) return { proposed: now, withheld: ['no size of Fargate holds what it needs'] };
  const withheld: string[] = [];
  const against = againstShrinking(service, month);
  const kept = { ...fitting };
  if (against !== undefined && (fitting.cpuUnits < now.cpuUnits || fitting.memoryMiB < now.memoryMiB)) {
    withheld.push(`a smaller size (${sizeText(fitting)}): ${against}`);
    kept.cpuUnits = Math.max(now.cpuUnits, fitting.cpuUnits);
    kept.memoryMiB = Math.max(now.memoryMiB, fitting.memoryMiB);
  }
  const proposed = isFargate ? (fargateSize(kept) ?? now) : kept;
  return { proposed, withheld };
}

/** Why a service must not be made smaller on what is known; undefined where it may. */
function againstShrinking({ bounds, outOfMemory }: Service, { ground }: Month): string | undefined {
  if (!ground.mayShrink) return ground.gap ?? 'not every weekday was seen yet';
  if (bounds === 'unknown') return 'the bounds of its autoscaling are not known';
  return outOfMemory === undefined ? 'whether tasks were killed for lack of memory is not known' : undefined;
}

interface Sizes {
  readonly now: TaskSize;
  readonly proposed: TaskSize;
}

const BASIS: Readonly<Record<Step, string>> = {
  hour: ' (of hourly maxima: CloudWatch gave no percentiles)',
  day: ' (of daily maxima)',
};

/** A change of what each task reserves, with what last month would have looked like. */
export function resizing(service: Service, { now, proposed }: Sizes, month: Month, review: Review): Recommendation {
  const { evidence, demand, ground, meanTasks } = month;
  const isMore = proposed.cpuUnits > now.cpuUnits || proposed.memoryMiB > now.memoryMiB;
  const kills = service.outOfMemory ?? 0;
  const killed = kills > 0 ? `, ${kills} ${kills === 1 ? 'container' : 'containers'} killed for lack of memory` : '';
  const basis = month.usualIsMaximum ? BASIS[evidence.step] : '';
  return {
    action: 'resize-tasks',
    aim: isMore ? 'performance' : 'cost',
    text: `give each task of ${service.name} ${sizeText(proposed)} instead of ${sizeText(now)}`,
    now: { ...now },
    proposed: { ...proposed },
    why:
      `CPU of the busiest weekday, ${demand.peakDay}, p95 ${percentText(demand.peak)}${basis}, ` +
      `p99.5 of the highest minutes ${percentText(demand.tail)}; highest memory ${percentText(highest(month.memory))}${killed}`,
    evidence,
    interval: review.interval,
    lastMonth: { now: monthWith(now, now, month), proposed: monthWith(now, proposed, month) },
    price: priceOfTasks(service, { now, proposed }, meanTasks, review.prices),
    confidence: month.usualIsMaximum && ground.confidence === 'high' ? 'medium' : ground.confidence,
    reversible: 'yes: deploy the service with the task definition that it has now',
  };
}

/** The month as it would have been with another size: the same work on other shares. */
function monthWith(now: TaskSize, other: TaskSize, { cpu, memory, evidence: { step } }: Month) {
  const cpuFactor = now.cpuUnits / other.cpuUnits;
  const memoryFactor = now.memoryMiB / other.memoryMiB;
  return {
    [`${step}sWithFullCpu`]: cpu.filter(({ value }) => value * cpuFactor >= FULL_PERCENT).length,
    [`${step}sOutOfMemory`]: memory.filter(({ value }) => value * memoryFactor >= FULL_PERCENT).length,
    cpuMaximumPercent: rounded(highest(cpu) * cpuFactor),
    memoryMaximumPercent: rounded(highest(memory) * memoryFactor),
  };
}

function raiseMaximum(
  service: Service,
  { min, max, tracked }: Bounds,
  month: Month,
  review: Review,
): Recommendation | undefined {
  const atMaximum = month.tasks.filter(({ value }) => Math.round(value) >= max);
  const busy = new Map(month.cpu.map(({ at, value }) => [at, value]));
  const target = tracked.find(({ metric }) => /CPU/i.test(metric))?.target ?? 100 / CPU_HEADROOM;
  // At its bound and at rest it is where it belongs; busier than it is to be, it could not grow.
  const held = atMaximum.filter(({ at }) => (busy.get(at) ?? 0) > target);
  if (held.length <= month.tasks.length * OFTEN || max <= 0) return undefined;
  const worst = highest(held.map(({ at }) => ({ at, value: busy.get(at) ?? 0 })));
  const proposed = Math.max(max + 1, Math.ceil((max * Math.min(worst, 200)) / target));
  const price = service.size
    ? priceOfTasks(service, { now: service.size, proposed: service.size }, month.meanTasks, review.prices, {
        proposedTasks: month.meanTasks + ((proposed - max) * held.length) / month.tasks.length,
      })
    : { unknown: 'the size of its tasks is not known' };
  return {
    action: 'raise-maximum',
    aim: 'performance',
    text: `let ${service.name} grow to ${proposed} tasks instead of ${max}`,
    now: { minimumTasks: min, maximumTasks: max },
    proposed: { minimumTasks: min, maximumTasks: proposed },
    why: `${held.length} of ${month.tasks.length} hours at its maximum with CPU above ${percentText(target)}, up to ${percentText(worst)}`,
    evidence: month.evidence,
    interval: review.interval,
    lastMonth: {
      now: { hoursHeldAtMaximum: held.length },
      proposed: {
        hoursHeldAtMaximum: held.filter(({ at }) => ((busy.get(at) ?? 0) * max) / proposed > target).length,
      },
    },
    price,
    confidence: month.ground.confidence,
    reversible: 'yes: set the maximum back',
    command: awsCommand(
      review.prices.region,
      ...['application-autoscaling', 'register-scalable-target', '--service-namespace', 'ecs'],
      ...['--resource-id', `service/${service.cluster}/${service.name}`],
      ...['--scalable-dimension', 'ecs:service:DesiredCount', '--max-capacity', String(proposed)],
    ),
  };
}

export function sizeText({ cpuUnits, memoryMiB }: TaskSize): string {
  return `${cpuUnits / 1_024} vCPU and ${memoryMiB} MiB`;
}

function isSame(one: TaskSize, other: TaskSize): boolean {
  return one.cpuUnits === other.cpuUnits && one.memoryMiB === other.memoryMiB;
}
