import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RunReport } from '../../core/report.ts';
import type { StepOutcome } from '../../core/run.ts';
import type { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { requireRecord } from '../../lambdas/runtime/records.ts';
import { LATEST_KEY, LatestIndex } from '../../lambdas/runtime/run-index.ts';
import { runTask } from '../../lambdas/runtime/run-task.ts';
import { beginRun, type Begun } from '../../lambdas/steps/begin-run.ts';
import { finishRun } from '../../lambdas/steps/finish-run.ts';
import { entryOf, keysOf, NOW, platformOf, procedureOf, runtimeOf, secondsLater } from '../harness/run-records.ts';
import { temporaryStore } from '../harness/run-records.ts';
import { leaseOf } from './_scene.ts';
import { task } from './tasks/append-lines.ts';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A run whose clock the test moves between and within its steps; its task appends three lines. */
class Night {
  readonly file: string;
  now = NOW;
  /** By how much the clock jumps when a line has been appended. */
  jumpAfterLine: readonly [string, number] = ['', 0];

  readonly store: DirectoryStore;

  private constructor(store: DirectoryStore, folder: string) {
    this.store = store;
    this.file = join(folder, 'target.log');
    const create = store.createIfAbsent.bind(store);
    // The outcome of a line is the last that is written of it.
    store.createIfAbsent = async (key, body) => {
      const tag = await create(key, body);
      const [line, seconds] = this.jumpAfterLine;
      const isOutcome = key.endsWith('.outcome.json') && String(body).includes(`"subject": "${line}"`);
      if (isOutcome) this.now = secondsLater(seconds, this.now);
      return tag;
    };
  }

  static async begin(): Promise<Night> {
    const folder = await mkdtemp(join(tmpdir(), 'fettle-clock-'));
    folders.push(folder);
    const night = new Night(await temporaryStore(), folder);
    await writeFile(night.file, '');
    return night;
  }

  begin(execution: string, scheduledTime = NOW): Promise<Begun> {
    const input = { trigger: 'schedule', scheduledTime: scheduledTime.toISOString() };
    const event = { procedure: 'daily', execution, executionStartedAt: this.now.toISOString(), input };
    return beginRun(event, this.platform(), this.runtime());
  }

  step({ run }: Begun): Promise<StepOutcome> {
    return runTask(task, { run, step: 1, previous: {} }, this.runtime());
  }

  async end({ run }: Begun): Promise<RunReport> {
    await finishRun({ run, caught: {} }, this.runtime());
    return requireRecord(this.store, `${run.key}/report.json`, RunReport);
  }

  async lines(): Promise<string[]> {
    return (await readFile(this.file, 'utf8')).split('\n').filter((line) => line !== '');
  }

  private platform() {
    const input = { lines: ['one', 'two', 'three'] };
    const entry = entryOf({ task: task.name, kind: 'logs', targets: ['one'], input, timeoutSeconds: 900 });
    const procedure = procedureOf({ schedule: 'cron(0 2 * * ? *)', window: '02:00-04:00', steps: [entry] });
    return platformOf(procedure, { targets: { logs: { one: { url: pathToFileURL(this.file).href } } } });
  }

  private runtime() {
    return runtimeOf(this.store, () => this.now);
  }
}

let night: Night;
beforeEach(async () => {
  night = await Night.begin();
});

describe('a clock that jumps while a run works', () => {
  test.each([
    { jump: '10 minutes ahead', seconds: 10 * MINUTE, done: ['one', 'two', 'three'] },
    { jump: '10 minutes back', seconds: -10 * MINUTE, done: ['one', 'two', 'three'] },
    { jump: 'a day ahead', seconds: DAY, done: ['one'] },
    { jump: 'a day back', seconds: -DAY, done: ['one'] },
    { jump: 'back over midnight', seconds: -2.5 * HOUR, done: ['one'] },
  ])(
    '$jump: what is begun afterwards is begun within the run, or refused with the reason',
    async ({ seconds, done }) => {
      night.jumpAfterLine = ['one', seconds];
      const begun = await night.begin('first');
      await night.step(begun);
      const report = await night.end(begun);

      expect(await night.lines()).toEqual(done);
      expect(report.actions.map(({ status }) => status)).toEqual(
        ['one', 'two', 'three'].map((line) => (done.includes(line) ? 'done' : 'refused')),
      );
      for (const { status, reason } of report.actions)
        if (status === 'refused') expect(['deadline', 'lease']).toContain(reason);
      expect(report.duration_minutes).toBeGreaterThanOrEqual(0);
      expect(report.endedBecause ?? '').toMatch(seconds < 0 ? /the clock was set back during the run/ : /^$/);
      expect(await leaseOf(night.store)).toEqual({ kind: 'logs', target: 'one', epoch: 1 });
      expect(await keysOf(night.store, 'maintenance/')).toEqual(['maintenance/daily/20261121.json']);
    },
  );

  test.each([
    { jump: 'a day ahead', seconds: DAY, words: 'deadline' },
    { jump: 'a day back', seconds: -DAY, words: 'the clock was set back during the run' },
  ])('$jump between two steps: the next one starts nothing and is unknown', async ({ seconds, words }) => {
    const begun = await night.begin('first');
    night.now = secondsLater(seconds);
    expect(await night.step(begun)).toMatchObject({ verdict: 'unknown' });
    const report = await night.end(begun);

    expect(await night.lines()).toEqual([]);
    expect(report.findings[0]?.summary).toContain(words);
    expect(report.verdict).toBe('unknown');
  });

  test.each([
    { back: 'over midnight', seconds: -3 * HOUR },
    { back: 'by a day', seconds: -DAY },
  ])('a second delivery by a clock that went back $back changes nothing', async ({ seconds }) => {
    const begun = await night.begin('first');
    night.now = secondsLater(seconds);
    const again = await night.begin('second');
    if (again.next === 'tasks') await night.step(again);

    expect(await night.lines()).toEqual([]);
    expect(await leaseOf(night.store)).toMatchObject({ epoch: 1, heldBy: { runId: begun.run.id } });
  });

  test('a run that was begun by a clock a day ahead does not hide those that come after it', async () => {
    night.now = secondsLater(DAY);
    await night.end(await night.begin('tomorrow', night.now));
    night.now = secondsLater(HOUR);
    const begun = await night.begin('today');
    await night.step(begun);
    await night.end(begun);

    const { procedures } = await requireRecord(night.store, LATEST_KEY, LatestIndex);
    expect(procedures['daily']?.latest.runId).toBe(begun.run.id);
  });
});

describe('a start that comes late', () => {
  test('by three hours is refused, changes nothing and is a record of the missed night', async () => {
    night.now = secondsLater(3 * HOUR);
    const begun = await night.begin('late');
    const report = await night.end(begun);

    expect(begun).toMatchObject({ next: 'finish', run: { id: 'daily-20261121T020000Z', mode: 'plan' } });
    expect(report).toMatchObject({
      ended: 'refused',
      endedBecause: 'it is 05:00 UTC and the window is 02:00-04:00 [RUN_WINDOW]',
      verdict: 'unknown',
    });
    expect(await keysOf(night.store, 'state/leases/')).toEqual([]);
  });

  test('again by ten days, of a run that has ended, is a duplicate and leaves its report as it was', async () => {
    const begun = await night.begin('first');
    await night.step(begun);
    await night.end(begun);
    const before = await night.store.get(`${begun.run.key}/report.json`);
    night.now = secondsLater(10 * DAY);

    expect(await night.begin('first')).toMatchObject({ next: 'end', run: { key: begun.run.key } });
    expect(await night.store.get(`${begun.run.key}/report.json`)).toEqual(before);
    expect(await leaseOf(night.store)).not.toHaveProperty('heldBy');
  });

  test('as another delivery by ten days never does the old night: it is the one that is due now, once', async () => {
    night.now = secondsLater(10 * DAY);
    const begun = await night.begin('today', night.now);
    await night.end(begun);

    expect(await night.begin('ten days late')).toMatchObject({ next: 'end', run: { key: begun.run.key } });
  });

  test('at a step by ten days, of a run that has not ended, starts nothing', async () => {
    const begun = await night.begin('first');
    night.now = secondsLater(10 * DAY);

    await night.step(begun);
    expect(await night.lines()).toEqual([]);
    expect((await night.end(begun)).findings[0]?.summary).toContain('deadline');
  });
});
