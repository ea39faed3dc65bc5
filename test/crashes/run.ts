/**
 * Stops every task that changes something before, inside and after each of its effects and records, and at every
 * state of its machine, lets the next command go on, and looks whether anything was lost, repeated or left behind.
 *
 *   npm run test:crashes                                    all points of all tasks
 *   npm run test:crashes -- --sample 300 --seed 7           a random sample that ends in so many seconds
 *   npm run test:crashes -- --few --seed 7                  a few of each kind
 *   npm run test:crashes -- --only <id>                     one trial again
 *   npm run test:crashes -- --task <name> --what <pattern>  those of which the line in the list matches
 *   npm run test:crashes -- --task <name> --list            the list
 */
import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '../../core/errors.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { bundleHandlers } from '../../lib/bundle.ts';
import { engineProgram } from './engines.ts';
import { countsOf, fewOf, idOf, type Stop, type Trial, trialOf, trialsOf } from './points.ts';
import type { Scene } from './scene.ts';
import { type Lane, perform, record, type TrialEnd } from './trial.ts';

const LANES = 2;
/** The handlers of Begin, Finish and Reap write the same for every task; they are stopped with this one. */
const STEPS_WITH = 'logs-enforce-retention';
/** How the run is left open that Reap is then stopped at: its engine dies when its task has ended. */
const LEFT_OPEN: Stop = { state: 3, phase: 'exited' };

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string' },
    few: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    task: { type: 'string', multiple: true },
    what: { type: 'string' },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const say = (text: string) => void process.stderr.write(`${text}\n`);
const seed = Number(values.seed ?? process.env['FETTLE_SEED'] ?? Math.floor(Math.random() * 1_000_000));
/** Left of a sample for the trials that are going on when its time is up, and for the servers to end. */
const CLOSING_SECONDS = 15;
const endsAt = values.sample === undefined ? Infinity : (Number(values.sample) - CLOSING_SECONDS) * 1_000;

/** Numbers from 0 to below 1 that a seed brings back. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled(trials: readonly Trial[], random: () => number): Trial[] {
  return trials
    .map((trial) => ({ trial, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ trial }) => trial);
}

function lineOf(trial: Trial): string {
  return `${idOf(trial)} ${trial.kind} ${trial.what}`;
}

async function sceneOf(task: string): Promise<Scene> {
  const { scene } = (await import(new URL(`scenes/${task}.ts`, import.meta.url).href)) as { scene: Scene };
  return scene;
}

const catalogue = await loadCatalogue();
const tasks = [...catalogue.values()].map(({ task }) => task).filter(({ effect }) => effect !== 'read-only');
const scenes = (await readdir(new URL('scenes/', import.meta.url))).filter((file) => !file.startsWith('_'));
const without = tasks.filter(({ name }) => !scenes.includes(`${name}.ts`));
if (without.length > 0) {
  say(
    `these tasks change something and have no scene in test/crashes/scenes: ${without.map(({ name }) => name).join()}`,
  );
  process.exit(1);
}
const only = (values.only ?? []).map(trialOf);
const wanted = [...(values.task ?? []), ...only.map(({ task }) => task)];
const program = await engineProgram(await bundleHandlers());
const tally = { trials: 0, missed: 0, failed: 0 };
const results: object[] = [];

async function startLane(name: string): Promise<Lane> {
  const task = tasks.find((one) => one.name === name);
  if (!task) throw new Error(`there is no task ${name}`);
  const stage = await (await sceneOf(name)).start();
  return { task, stage, startEngine: () => program.start(), engine: program.start(), spare: program.start() };
}

async function stopLane({ stage, engine, spare }: Lane): Promise<void> {
  await (await engine).kill();
  await (await spare).kill();
  await stage.stop();
}

async function discover(lane: Lane): Promise<Trial[]> {
  const { name } = lane.task;
  const steps = name === STEPS_WITH;
  const recording = await record(lane);
  const trials = trialsOf(name, recording, (handler) => handler === name || steps);
  if (!steps) return trials;
  const cleaning = await record(lane, [LEFT_OPEN]);
  return [...trials, ...trialsOf(name, cleaning, (handler) => handler === 'reap-run', [LEFT_OPEN])];
}

async function work(lane: Lane, queue: Trial[], until: number): Promise<void> {
  for (let trial = queue.shift(); trial && performance.now() < until; trial = queue.shift()) {
    const id = idOf(trial);
    const { problems, wasReached } = await performed(lane, trial);
    tally.trials += 1;
    if (!wasReached) tally.missed += 1;
    if (problems.length > 0) tally.failed += 1;
    results.push({ id, what: trial.what, problems, wasReached });
    if (problems.length === 0) continue;
    say(`FAILED ${id} (${trial.what})\n  ${problems.join('\n  ')}\n  again: npm run test:crashes -- --only '${id}'`);
  }
}

/** A trial that cannot be brought to its end has failed, and the others are done all the same. */
async function performed(lane: Lane, { stops }: Trial): Promise<TrialEnd> {
  try {
    return await perform(lane, stops);
  } catch (thrown) {
    return { problems: [messageOf(thrown)], wasReached: true };
  }
}

async function tryTask(name: string, random: () => number, share: number): Promise<void> {
  const lanes = [await startLane(name)];
  try {
    const [first] = lanes as [Lane];
    const found = only.length > 0 ? only.filter(({ task }) => task === name) : await discover(first);
    const trials = found.filter((trial) => new RegExp(values.what ?? '').test(lineOf(trial)));
    say(`${name}: ${countsOf(trials)}`);
    if (values.list) return void process.stdout.write(trials.map((trial) => `${lineOf(trial)}\n`).join(''));
    const until = performance.now() + (endsAt - performance.now()) / share;
    const queue = only.length > 0 ? [...trials] : values.few ? fewOf(trials, random) : shuffled(trials, random);
    while (lanes.length < LANES && queue.length > 1) lanes.push(await startLane(name));
    await Promise.all(lanes.map((lane) => work(lane, queue, until)));
  } finally {
    for (const lane of lanes) await stopLane(lane);
  }
}

say(`seed ${seed}`);
try {
  const chosen = tasks.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  for (const [place, { name }] of chosen.entries()) {
    await tryTask(name, randomFrom(seed + place), chosen.length - place);
  }
} finally {
  await program.remove();
}
const { trials, missed, failed } = tally;
say(`seed ${seed}: ${trials} trials, ${missed} of them did not come to their point, ${failed} failed`);
if (values.json) process.stdout.write(`${JSON.stringify({ seed, results })}\n`);
process.exitCode = failed > 0 || (trials === 0 && !values.list) ? 1 : 0;
