import { expect } from '@jest/globals';
import * as z from 'zod';
import { RunReport } from '../../core/report.ts';
import { type StepOutcome, StepRecord } from '../../core/run.ts';
import { defineTask, pause, type Task } from '../../core/task.ts';
import { requireRecord } from '../../lambdas/runtime/records.ts';
import { runTask } from '../../lambdas/runtime/run-task.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { type Begun, beginRun } from '../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../lambdas/steps/finish-run.ts';
import {
  entryOf,
  NOW,
  platformOf,
  procedureOf,
  runtimeOf,
  secondsLater,
  temporaryStore,
} from '../harness/run-records.ts';

/** What was really done to the tables of the target, by their names. */
export interface Effects {
  readonly done: string[];
}

/** A task that vacuums one table of each target, remembers how often it was called, and pauses once where it is told to. */
export function taskWith(effects: Effects, { pauses = false, seen = 'done' as 'done' | 'not-done' } = {}): Task {
  return defineTask({
    name: 'postgres-vacuum',
    summary: 'Vacuums',
    effect: 'mutating',
    target: 'postgres',
    input: z.strictObject({}),
    examples: [{}],
    findings: {},
    timeoutSeconds: 60,
    pauses: true,
    baseline: { version: 3, schema: z.object({ calls: z.int() }) },
    cap: () => ({ absolute: 5, percent: 100 }),
    run: async ({ targets, act, baseline, resume }) => {
      if (pauses && resume === undefined) return pause({ seconds: 1, cursor: { next: 1 } });
      for (const { name } of targets) {
        await act(
          {
            verb: 'vacuum',
            target: name,
            subject: 'orders',
            summary: 'vacuum orders',
            scope: { planned: 1, population: 1 },
            look: () => Promise.resolve({ state: seen }),
          },
          () => {
            effects.done.push(name);
            return Promise.resolve({ state: 'done' });
          },
        );
      }
      return {
        findings: [],
        measurements: targets.map(({ name }) => ({ name: 'tables', value: 1, unit: 'count' as const, target: name })),
        baseline: { calls: (baseline?.calls ?? 0) + 1 },
      };
    },
  });
}

const procedure = procedureOf({ steps: [entryOf({ pauses: true }), entryOf({ index: 2, targets: ['copy'] })] });
const platform = platformOf(procedure);

/** One run on a store, handler by handler, with the lines of its log. */
export interface StoredRun {
  readonly lines: string[];
  begin(): Promise<Begun>;
  step(task: Task, index?: number, previous?: StepOutcome | Record<string, never>): Promise<StepOutcome>;
  finish(caught?: Readonly<Record<string, { Error: string; Cause: string }>>): Promise<RunReport>;
  readonly key: string;
  record(index?: number): Promise<StepRecord>;
}

/** The run of the day that is so many days after the first. */
export function storedRun(store: Store, day = 0): StoredRun {
  const now = secondsLater(day * 86_400);
  const lines: string[] = [];
  const runtime = runtimeOf(store, () => now, lines);
  const id = `daily-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const run = { id, procedure: 'daily', key: `runs/daily/${id}`, mode: 'execute' } as const;
  return {
    lines,
    key: run.key,
    begin: () => {
      const input = { trigger: 'schedule', scheduledTime: now.toISOString() };
      const event = { procedure: 'daily', execution: `execution-${day}`, executionStartedAt: NOW.toISOString(), input };
      return beginRun(event, platform, runtime);
    },
    step: (task, index = 1, previous = {}) => runTask(task, { run, step: index, previous }, runtime),
    finish: async (caught = {}) => {
      await finishRun({ run, caught }, runtime);
      return requireRecord(store, `${run.key}/report.json`, RunReport);
    },
    record: (index = 1) => requireRecord(store, `${run.key}/steps/0${index}-postgres-vacuum.json`, StepRecord),
  };
}

/** What may have become of a stored record, by what one would call it; each is made of what stood there. */
export const DAMAGES: Readonly<Record<string, (body: string) => string | Uint8Array>> = {
  'nothing at all': () => '',
  'a half of it': (body) => body.slice(0, body.length / 2),
  'a page of HTML': () => '<!doctype html><title>502 Bad Gateway</title>',
  words: () => 'not json',
  'a byte order mark before it': (body) => `\ufeff${body}`,
  'two of it': (body) => body + body,
  null: () => 'null',
  'a text': () => '"ok"',
  'a number': () => '7',
  'an empty object': () => '{}',
  'a list': () => '[7]',
  'a hundred thousand brackets': () => '['.repeat(100_000),
  'bytes that are no text': (body) =>
    Buffer.concat([Buffer.from(body.slice(0, -3)), Buffer.from([0xff, 0xfe]), Buffer.from(body.slice(-3))]),
};

/** Puts something else in the place of an object, as a person or a broken program could. */
export async function replaceWith(
  store: Store,
  key: string,
  damage: (body: string) => string | Uint8Array,
): Promise<void> {
  const stored = await store.get(key);
  if (!stored) throw new Error(`${key} is not there`);
  const written = await store.replace(key, damage(Buffer.from(stored.body).toString('utf8')), stored.etag);
  if (written === undefined) throw new Error(`${key} was not replaced`);
}

/** One field of a record changed, the rest as it was. */
export function withField(field: string, value: unknown): (body: string) => string {
  return (body) => JSON.stringify({ ...(JSON.parse(body) as object), [field]: value });
}

export const damages = Object.entries(DAMAGES);
/** One of each way to be no record: none, cut, something else, of another shape. */
const WAYS = ['nothing at all', 'a half of it', 'a page of HTML', 'an empty object'];
export const ways = damages.filter(([what]) => WAYS.includes(what));

/** A store with one run on it, and what that run really did. */
export interface Scene {
  readonly store: Store;
  readonly effects: Effects;
  readonly run: StoredRun;
}

/** The run of a day, not yet begun. */
export async function scene(day = 0, store?: Store): Promise<Scene> {
  const found = store ?? (await temporaryStore());
  return { store: found, effects: { done: [] }, run: storedRun(found, day) };
}

/** A run that has begun and done both of its steps. */
export async function worked(day = 0, store?: Store): Promise<Scene> {
  const made = await scene(day, store);
  await made.run.begin();
  await made.run.step(taskWith(made.effects));
  await made.run.step(taskWith(made.effects), 2);
  return made;
}

/** What the work was refused with. */
export async function failureOf(work: Promise<unknown>): Promise<Error> {
  const thrown = await work.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  );
  if (!(thrown instanceof Error)) throw thrown;
  return thrown;
}

/** What is said of a record names the key and is one line that is short enough to be read. */
export function expectNamed(message: string, key: string): void {
  expect(message).toContain(key);
  expect(message).toMatch(/is not a record that Fettle wrote/);
  expect(message).not.toMatch(/\n/);
}
