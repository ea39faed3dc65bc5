import { occurrencesFrom } from '../../core/calendar/cron.ts';
import { entriesOf, type Procedure, type ResolvedPlatform } from '../../core/platform.ts';
import { procedureDefinition } from '../../state-machines/procedure.ts';
import type { States } from '../../state-machines/states.ts';
import { scheduleOf } from '../../lambdas/runtime/missed-starts.ts';
import type { PriceName } from './prices.ts';
import type { Template } from './template.ts';

/** How much of something a platform uses in a month. */
export interface Usage {
  readonly price: PriceName;
  readonly quantity: number;
  /** How the quantity comes about. */
  readonly of: string;
}

/** What is not in profile or template. */
export interface Assumptions {
  /** How long a task runs, by procedure and task; those that are not named take the default. */
  readonly taskSeconds: ReadonlyMap<string, number>;
}

export const DEFAULT_TASK_SECONDS = 10;
const STEP_SECONDS = 3;
/** Of a task that may pause: one pause, which is a Choice, a Wait and the task once more. */
const PAUSE_TRANSITIONS = 3;
const TICK_SECONDS = 5;
const TICKS = 4 * 24;
const DAYS = 365 / 12;
const HOURS = DAYS * 24;
/** Measured on runs in a bucket: what every run asks of it, and what each task, changed target and action adds. */
const REQUESTS = {
  write: { run: 20, task: 1, change: 5, action: 3 },
  read: { run: 36, task: 9, change: 4, action: 6 },
} as const;
const RECORD_KB = { run: 20, task: 5, action: 4 } as const;
/** How many things are done to a target that is changed. */
export const ACTIONS_PER_CHANGE = 5;
const LOG_KB = 2;
/** `announce.ts` puts so many of a run, in one call. */
export const METRICS_OF_RUN = 7;

interface UsageOptions {
  readonly platform: ResolvedPlatform;
  readonly template: Template;
  readonly assumptions: Assumptions;
  readonly now: Date;
}

/** What a platform uses in a month of 30.4 days, from its calendar, its state machines and its template. Pure. */
export function monthlyUsage(options: UsageOptions): readonly Usage[] {
  const { platform, template } = options;
  const count = (type: string) => Object.values(template.Resources).filter(({ Type }) => Type === type).length;
  const alarms = count('AWS::CloudWatch::Alarm');
  const procedures = Object.values(platform.procedures).flatMap((procedure) => procedureUsage(procedure, options));
  const ticks = hasTick(template) ? tickUsage(platform, template) : [];
  const standing: Usage[] = [
    { price: 'alarm', quantity: alarms, of: `${alarms} alarms` },
    { price: 'dashboard', quantity: count('AWS::CloudWatch::Dashboard'), of: 'the dashboard' },
  ];
  return [...procedures, ...ticks, ...standing].filter(({ quantity }) => quantity > 0);
}

/** How often the schedule of a procedure starts it in a month, by the calendar of the coming year. */
export function runsPerMonth({ timezone, ...procedure }: Procedure, now: Date): number {
  const schedule = scheduleOf(procedure);
  if (!schedule) return 0;
  if (schedule.kind === 'rate') return (DAYS * 86_400) / schedule.periodSeconds;
  const end = new Date(now.getTime() + 365 * 86_400_000);
  let count = 0;
  for (const occurrence of occurrencesFrom(schedule, now, timezone)) {
    if (occurrence >= end) break;
    count += 1;
  }
  return count / 12;
}

/** The states that one run enters where nothing fails and each task that may pause pauses once, its start included. */
export function transitionsOf(platform: ResolvedPlatform, procedure: Procedure): number {
  const pauses = entriesOf(procedure).filter((entry) => entry.pauses).length;
  // The start counts as one; in its place the end of a duplicate is among the states, which a run never enters.
  return entered(procedureDefinition(platform, procedure).States) + pauses * PAUSE_TRANSITIONS;
}

/** Every state but the waits of pauses, those of groups included. */
function entered(states: States): number {
  return Object.values(states).reduce((sum, state) => {
    if (state.Type === 'Wait') return sum;
    if (state.Type !== 'Parallel') return sum + 1;
    return sum + 1 + state.Branches.reduce((inner, branch) => inner + entered(branch.States), 0);
  }, 0);
}

/** What one run asks of its bucket: writes and lists, which cost the same, and reads. */
export function storeRequests({ tasks, changes, actions }: Readonly<Record<'tasks' | 'changes' | 'actions', number>>) {
  const asked = ({ run, task, change, action }: Readonly<Record<'run' | 'task' | 'change' | 'action', number>>) =>
    run + task * tasks + change * changes + action * actions;
  return { write: asked(REQUESTS.write), read: asked(REQUESTS.read) };
}

function procedureUsage(procedure: Procedure, options: UsageOptions): Usage[] {
  const { platform, template, assumptions, now } = options;
  const { name } = procedure;
  const runs = runsPerMonth(procedure, now);
  const entries = entriesOf(procedure);
  const changes = entries.filter(({ effect }) => effect !== 'read-only').flatMap(({ targets }) => targets).length;
  const calls = entries.length + entries.filter(({ pauses }) => pauses).length + 2;
  const seconds = entries.map(({ task }) => assumptions.taskSeconds.get(`${name}/${task}`) ?? DEFAULT_TASK_SECONDS);
  const busySeconds = seconds.reduce((sum, one) => sum + one, 2 * STEP_SECONDS);
  const secrets = entries.flatMap(({ kind, targets }) =>
    targets.flatMap((one) => secretsOf(platform, kind, one)),
  ).length;
  const transitions = transitionsOf(platform, procedure);
  const actions = changes * ACTIONS_PER_CHANGE;
  const asked = storeRequests({ tasks: entries.length, changes, actions });
  const kilobytes = RECORD_KB.run + RECORD_KB.task * entries.length + RECORD_KB.action * actions;
  const logGb = (runs * calls * LOG_KB) / 1_000_000;
  const each = (price: PriceName, perRun: number, of: string): Usage => ({ price, quantity: runs * perRun, of });
  const told = `${rounded(runs)} runs of ${name}`;
  return [
    each('stateTransition', transitions, `${told} × ${transitions} transitions`),
    each('functionRequest', calls, `${told} × ${calls} calls`),
    each(
      'functionGbSecond',
      busySeconds * memoryGb(template),
      `${told} × ${rounded(busySeconds)} s × ${memoryGb(template)} GB`,
    ),
    each('scheduledStart', 1, told),
    each('storeWrite', asked.write, `${told} × ${asked.write} writes and lists`),
    each('storeRead', asked.read, `${told} × ${asked.read} reads`),
    // What is kept is kept for ever: the price of the twelfth month.
    { price: 'storeGbMonth', quantity: (runs * 12 * kilobytes) / 1_000_000, of: `a year of ${told} × ${kilobytes} kB` },
    { price: 'logGb', quantity: logGb, of: `${told} × ${calls} calls × ${LOG_KB} kB` },
    { price: 'logGbMonth', quantity: logGb * 12, of: `a year of the logs of ${name}` },
    // A metric costs for the hours in which it is put.
    {
      price: 'metric',
      quantity: METRICS_OF_RUN * Math.min(1, runs / HOURS),
      of: `${METRICS_OF_RUN} metrics of ${name}`,
    },
    each('metricCall', 1, told),
    each('trace', 1, told),
    each('message', 1, `${told}, to one address`),
    each('secretCall', secrets, `${told} × ${secrets} secrets`),
  ];
}

function tickUsage(platform: ResolvedPlatform, template: Template): Usage[] {
  const ticks = TICKS * DAYS;
  const of = `${rounded(ticks)} ticks`;
  const gbSeconds = ticks * TICK_SECONDS * memoryGb(template);
  return [
    { price: 'scheduledStart', quantity: ticks, of },
    { price: 'functionRequest', quantity: ticks, of },
    { price: 'functionGbSecond', quantity: gbSeconds, of: `${of} × ${TICK_SECONDS} s × ${memoryGb(template)} GB` },
    { price: 'storeWrite', quantity: ticks * 4, of: `${of} × 4 writes and lists` },
    { price: 'storeRead', quantity: ticks * 20, of: `${of} × 20 reads` },
    { price: 'metric', quantity: tickMetrics(platform), of: 'heartbeat, missed runs and ages of checks' },
    { price: 'metricCall', quantity: ticks * 2, of: `${of} × 2 calls` },
    { price: 'trace', quantity: ticks, of },
  ];
}

/** One of each procedure that is due by itself, one of each task in use, and the heartbeat; all put around the clock. */
function tickMetrics({ procedures }: ResolvedPlatform): number {
  const all = Object.values(procedures);
  const tasks = new Set(all.flatMap(entriesOf).map(({ task }) => task));
  return 1 + all.filter(({ schedule }) => schedule !== undefined).length + tasks.size;
}

function hasTick({ Resources }: Template): boolean {
  return Object.values(Resources).some(({ Properties }) => /-tick$/.test(String(Properties['FunctionName'] ?? '')));
}

function memoryGb({ Resources }: Template): number {
  const sizes = Object.values(Resources).flatMap(({ Properties }) => Number(Properties['MemorySize'] ?? 0));
  return Math.max(...sizes) / 1_024;
}

function secretsOf({ targets }: ResolvedPlatform, kind: keyof ResolvedPlatform['targets'], name: string): unknown[] {
  return Object.values(targets[kind]?.[name] ?? {}).filter((value) => String(value).startsWith('secret:'));
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
