import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ResolvedPlatform } from '../../core/platform.ts';
import type { Task } from '../../core/task.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { TEMPORARY_FOLDER } from '../../lambdas/runtime/store-key.ts';
import type { Order } from './engine.ts';
import type { CommandEnd, Engine } from './engines.ts';
import { effectProblems, processesOf, recordProblems, reportedActions } from './invariants.ts';
import type { Point, Recording, Stop } from './points.ts';
import type { Stage } from './scene.ts';

const HOOK = fileURLToPath(new URL('hook.cjs', import.meta.url));
const CLOCK = fileURLToPath(new URL('clock.cjs', import.meta.url));
/** Working files younger than an hour may belong to somebody who is at work. */
const LATER_SECONDS = 2 * 3_600;

/** One place where trials follow one another: a target, and engines to spend. */
export interface Lane {
  readonly task: Task;
  readonly stage: Stage;
  readonly startEngine: () => Promise<Engine>;
  /** The one that is at work. */
  engine: Promise<Engine>;
  /** The one that takes its place when it dies. */
  spare: Promise<Engine>;
}

export interface TrialEnd {
  readonly problems: readonly string[];
  /** False where a command ended without having come to its point. */
  readonly wasReached: boolean;
}

/** Stops one command after another where it is told, lets the next go on, and looks at what is left. */
export async function perform(lane: Lane, stops: readonly Stop[]): Promise<TrialEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-crash-'));
  const order = orderOf(lane, folder);
  const reached: boolean[] = [];
  try {
    await lane.stage.reset();
    for (const stop of stops) {
      const recordTo = join(folder, `points-${reached.length}`);
      await mkdir(recordTo);
      const end = await command(lane, { ...order, stop, recordTo });
      reached.push(end.answer === undefined || (await countOf(recordTo, stop)));
    }
    const problems = await withoutLeftovers(lane, order);
    return { problems, wasReached: reached.every(Boolean) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a command does that nobody stops; after the given stops of earlier ones. */
export async function record(lane: Lane, before: readonly Stop[] = []): Promise<Recording> {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-crash-'));
  const order = orderOf(lane, folder);
  try {
    await lane.stage.reset();
    for (const stop of before) await command(lane, { ...order, stop });
    const recordTo = join(folder, 'points');
    await mkdir(recordTo);
    const { states } = await command(lane, { ...order, recordTo });
    const problems = await problemsOf(lane, order);
    if (problems.length > 0) throw new Error(`nobody stopped it, and yet: ${problems.join('; ')}`);
    return { states, calls: await readCalls(recordTo) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function orderOf({ task, stage }: Lane, folder: string): Order {
  const entry = {
    index: 1,
    task: task.name,
    kind: task.target,
    effect: task.effect,
    pauses: task.pauses,
    input: stage.input,
    targets: Object.keys(stage.targets[task.target] ?? {}),
    required: false,
    timeoutSeconds: task.timeoutSeconds,
  };
  const platform: ResolvedPlatform = {
    schemaVersion: 1,
    platform: 'crashes',
    environment: 'local',
    allowAddresses: ['127.0.0.0/8'],
    targets: stage.targets,
    procedures: {
      daily: { name: 'daily', timezone: 'UTC', budgetSeconds: 900, planOnly: false, steps: [entry] },
    },
  };
  return { platform, storeFolder: join(folder, 'store'), folder, hook: HOOK, clock: CLOCK };
}

/** One command, in a process that is there; the process of one that left something open ends like that of a person. */
async function command(lane: Lane, order: Order): Promise<CommandEnd> {
  await mkdir(order.storeFolder, { recursive: true });
  const engine = await lane.engine;
  const end = await engine.perform(order).catch(async (thrown: unknown) => {
    await replace(lane);
    throw thrown;
  });
  const isOpen = (await readdir(join(order.storeFolder, 'state', 'open')).catch(none)).some((name) => name[0] !== '.');
  if (end.answer === undefined || isOpen) await replace(lane);
  return end;
}

async function replace(lane: Lane): Promise<void> {
  const engine = await lane.engine;
  lane.engine = lane.spare;
  lane.spare = lane.startEngine();
  await engine.kill();
}

/** The next command goes on; where a statement was still under way at the server, the one after it too. */
async function withoutLeftovers(lane: Lane, order: Order): Promise<string[]> {
  const { stage } = lane;
  const isLeft = await isAnyProcessLeft(order.storeFolder);
  await command(lane, order);
  if (await stage.settle()) await command(lane, order);
  const hasLeftovers = (await stage.shown()).leftovers.length > 0 || (await temporaryFiles(order)).length > 0;
  const before = hasLeftovers ? await problemsOf(lane, order, { isLater: false }) : [];
  if (hasLeftovers) await comeBackLater(lane, order);
  return [...(isLeft ? ['a process outlived the command'] : []), ...before, ...(await problemsOf(lane, order))];
}

/** What stands under a working name has its own back from the first run that may touch it, and is due in the one after. */
async function comeBackLater(lane: Lane, order: Order): Promise<void> {
  const later = { ...order, aheadSeconds: LATER_SECONDS };
  await command(lane, later);
  if ((await lane.stage.shown()).due.length > 0) await command(lane, later);
}

async function problemsOf(lane: Lane, order: Order, { isLater = true } = {}): Promise<string[]> {
  const store = new DirectoryStore(order.storeFolder);
  const shown = await lane.stage.shown();
  const lying = [...shown.leftovers, ...(await temporaryFiles(order))].map((one) => `${one} was left behind`);
  const undone = shown.due.map((one) => `${one} is due and was not done`);
  return [
    ...(await recordProblems(store)),
    ...effectProblems(shown, await reportedActions(store)),
    ...(isLater || shown.leftovers.length === 0 ? undone : []),
    ...(isLater ? lying : []),
  ];
}

async function temporaryFiles({ storeFolder }: Order): Promise<string[]> {
  return readdir(join(storeFolder, TEMPORARY_FOLDER)).catch(none);
}

/** Without its engine a handler has no reason to live; it is given a moment to notice. */
async function isAnyProcessLeft(storeFolder: string): Promise<boolean> {
  for (let waited = 0; waited < 5_000; waited += 50) {
    if ((await processesOf(storeFolder)).length === 0) return false;
    await sleep(50);
  }
  return true;
}

async function readCalls(folder: string): Promise<Recording['calls']> {
  const calls: Recording['calls'][number][] = [];
  for (const name of await readdir(folder)) {
    const [handler = '', call] = name.split('.');
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n').filter(Boolean);
    calls.push({ handler, call: Number(call), points: lines.map((line) => JSON.parse(line) as Point) });
  }
  return calls.sort((a, b) => (a.handler < b.handler ? -1 : 1) || a.call - b.call);
}

async function countOf(folder: string, stop: Stop): Promise<boolean> {
  if ('state' in stop) return false;
  const call = (await readCalls(folder)).find((one) => one.handler === stop.handler && one.call === stop.call);
  return (call?.points.length ?? 0) >= stop.at;
}

function none(missing: NodeJS.ErrnoException): string[] {
  if (missing.code !== 'ENOENT') throw missing;
  return [];
}
