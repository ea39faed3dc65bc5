import { describe, expect, test } from '@jest/globals';
import { reapRun } from '../../lambdas/steps/reap-run.ts';
import { keysOf, runtimeOf, textOf } from '../harness/run-records.ts';
import {
  DAMAGES,
  damages,
  expectNamed,
  failureOf,
  replaceWith,
  scene,
  taskWith,
  ways,
  withField,
  worked,
} from './_stored-run.ts';

const LEASE = 'state/leases/postgres/main.json';
const BASELINE = 'state/baselines/postgres-vacuum.json';
const STEP = '/steps/01-postgres-vacuum.json';

test('a run of undamaged records ends as it should, so that the tests below mean something', async () => {
  const { run, effects } = await worked();
  const report = await run.finish();

  expect(report).toMatchObject({ verdict: 'pass', counts: { pass: 2 } });
  expect(report.endedBecause).toBeUndefined();
  expect(effects.done).toEqual(['main', 'copy']);
});

describe('the record of a step that is damaged makes its targets unknown, in words, and takes nothing from the others', () => {
  test.each(damages)('%s', async (_what, damage) => {
    const { store, run } = await worked();
    await replaceWith(store, run.key + STEP, damage);
    const report = await run.finish();

    expect(report).toMatchObject({ verdict: 'unknown', counts: { pass: 1, unknown: 1 } });
    expect(report.findings).toMatchObject([{ kind: 'no-record', target: 'main' }]);
    expectNamed(report.findings[0]?.summary ?? '', run.key + STEP);
  });

  test.each([0, 2, '1', undefined])('a schema version of %j', async (version) => {
    const { store, run } = await worked();
    await replaceWith(store, run.key + STEP, withField('schemaVersion', version));
    const report = await run.finish();

    expect(report.verdict).toBe('unknown');
    expect(report.findings[0]?.summary).toMatch(/schemaVersion/);
  });

  test('bytes within a text that are none', async () => {
    const { store, run } = await worked();
    await replaceWith(store, run.key + STEP, (body) => {
      const [before = '', after = ''] = body.split('"bundleSha256": "', 2);
      return Buffer.concat([Buffer.from(`${before}"bundleSha256": "`), Buffer.from([0xff]), Buffer.from(after)]);
    });

    expect((await run.finish()).findings[0]?.summary).toMatch(/not valid for encoding/);
  });

  test('called again, the step neither acts a second time nor says that it is done', async () => {
    const { store, run, effects } = await worked();
    await replaceWith(store, run.key + STEP, withField('verdict', 'splendid'));
    const { message } = await failureOf(run.step(taskWith(effects)));

    expectNamed(message, run.key + STEP);
    expect(effects.done).toEqual(['main', 'copy']);
  });
});

describe('what a run was begun with, damaged', () => {
  test.each(ways)(
    'as %s: no task runs by its profile, and the report says why nothing is known',
    async (_what, damage) => {
      const { store, run, effects } = await scene();
      await run.begin();
      await replaceWith(store, `${run.key}/profile.json`, damage);
      const { message } = await failureOf(run.step(taskWith(effects)));
      const report = await run.finish();

      expectNamed(message, `${run.key}/profile.json`);
      expect(effects.done).toEqual([]);
      expect(report).toMatchObject({ verdict: 'unknown', tasks: [] });
      expectNamed(report.endedBecause ?? '', `${run.key}/profile.json`);
    },
  );

  test.each(['started.json', 'ended.json'])('%s: the end is refused with its key, and is no report', async (name) => {
    const { store, run } = await worked();
    if (name === 'ended.json') await run.finish();
    await replaceWith(store, `${run.key}/${name}`, withField('schemaVersion', 2));
    const before = await keysOf(store, run.key);
    const failure = await failureOf(run.finish());

    expect(failure.name).toBe('Fettle.Corrupt');
    expectNamed(failure.message, `${run.key}/${name}`);
    expect(await keysOf(store, run.key)).toEqual(before);
  });

  test('the record that leads from an execution to its run: Reap ends nothing, and says which record it is', async () => {
    const { store, run } = await scene();
    await run.begin();
    await replaceWith(store, 'state/executions/execution-0.json', DAMAGES['a half of it'] ?? String);
    const event = { detail: { executionArn: 'execution-0', status: 'ABORTED' as const } };

    expectNamed((await failureOf(reapRun(event, runtimeOf(store)))).message, 'state/executions/execution-0.json');
  });

  test.each(ways)('the place where a task paused, as %s: it is not begun anew', async (_what, damage) => {
    const { store, run, effects } = await scene();
    await run.begin();
    const paused = await run.step(taskWith(effects, { pauses: true }));
    const [key = ''] = await keysOf(store, `${run.key}/steps/`);
    await replaceWith(store, key, damage);

    expectNamed((await failureOf(run.step(taskWith(effects, { pauses: true }), 1, paused))).message, key);
    expect(effects.done).toEqual([]);
  });
});

describe('a lease that is damaged', () => {
  test.each(ways)(
    'as %s: nothing is changed under it, it is left as it is, and the rest of the run goes on',
    async (_what, damage) => {
      const { store } = await scene();
      const earlier = await worked(0, store);
      await earlier.run.finish();
      await replaceWith(store, LEASE, damage);
      const damaged = await textOf(store, LEASE);
      const { run, effects } = await worked(1, store);
      const report = await run.finish();

      expect(effects.done).toEqual(['copy']);
      expect(report.verdict).toBe('unknown');
      expect(report.findings).toMatchObject([{ kind: 'action-refused', target: 'main' }]);
      expectNamed(report.findings[0]?.summary ?? '', LEASE);
      expect(await textOf(store, LEASE)).toBe(damaged);
    },
  );

  test.each(ways)(
    'in mid-run, as %s: the action is not taken and the report of the run says so',
    async (_what, damage) => {
      const { store, run, effects } = await scene();
      await run.begin();
      await replaceWith(store, LEASE, damage);
      const failure = await failureOf(
        run
          .step(taskWith(effects))
          .then(() => run.record())
          .then(({ findings }) => Promise.reject(new Error(findings[0]?.summary))),
      );
      await run.step(taskWith(effects), 2);
      const report = await run.finish();

      expectNamed(failure.message, LEASE);
      expect(effects.done).toEqual(['copy']);
      expect(report).toMatchObject({ verdict: 'unknown', counts: { pass: 1, unknown: 1 } });
      // The other lease was given back all the same.
      expect(JSON.parse(await textOf(store, 'state/leases/postgres/copy.json'))).not.toHaveProperty('heldBy');
      expect(run.lines.join('\n')).toContain('a lease was not given back');
    },
  );

  test.each(ways)('the list of what was granted, as %s: nothing is changed', async (_what, damage) => {
    const { store, run, effects } = await scene();
    await run.begin();
    await replaceWith(store, `${run.key}/leases.json`, damage);
    const { message } = await failureOf(run.step(taskWith(effects)));
    const report = await run.finish({ s01: { Error: 'Fettle.Corrupt', Cause: message } });

    expectNamed(message, `${run.key}/leases.json`);
    expect(effects.done).toEqual([]);
    expectNamed(report.findings[0]?.summary ?? '', `${run.key}/leases.json`);
  });
});

describe('what a task remembers, damaged', () => {
  test.each([
    ...ways,
    ['a value of another shape', withField('value', { calls: 'many' })] as const,
    ['no value', withField('value', undefined)] as const,
  ])('as %s: the task does not run by it and it is not overwritten', async (_what, damage) => {
    const earlier = await worked();
    await earlier.run.finish();
    await replaceWith(earlier.store, BASELINE, damage);
    const before = await earlier.store.get(BASELINE);
    const { run, effects } = await worked(1, earlier.store);
    const report = await run.finish();

    expect(effects.done).toEqual([]);
    expect(report.verdict).toBe('unknown');
    expect(report.findings[0]).toMatchObject({ kind: 'task-failed', summary: expect.stringContaining(BASELINE) });
    expect(await earlier.store.get(BASELINE)).toEqual(before);
  });

  test.each([2, 4])('of version %d, where 3 is written: it is no memory, and is replaced', async (version) => {
    const earlier = await worked();
    await earlier.run.finish();
    await replaceWith(earlier.store, BASELINE, withField('version', version));
    const { run } = await worked(1, earlier.store);

    expect((await run.finish()).verdict).toBe('pass');
    expect(JSON.parse(await textOf(earlier.store, BASELINE))).toMatchObject({ version: 3, value: { calls: 2 } });
  });
});

describe('what was meant and what came of it, damaged', () => {
  test.each(ways)('the intent of an action, as %s: the action is not taken again', async (_what, damage) => {
    const { store, run, effects } = await scene();
    await run.begin();
    await run.step(taskWith(effects));
    const [intent = '', outcome = ''] = await keysOf(store, `${run.key}/actions/`);
    await store.remove(run.key + STEP);
    await store.remove(outcome);
    await replaceWith(store, intent, damage);
    const { message } = await failureOf(run.step(taskWith(effects, { seen: 'not-done' })));
    const report = await run.finish();

    expectNamed(message, intent);
    expect(effects.done).toEqual(['main']);
    expect(report.findings[0]).toMatchObject({ kind: 'no-record', target: 'main' });
    expectNamed(report.findings[0]?.summary ?? '', intent);
  });

  test.each(ways)('the outcome of an action, as %s: the action is not taken again', async (_what, damage) => {
    const { store, run, effects } = await scene();
    await run.begin();
    await run.step(taskWith(effects));
    const [, outcome = ''] = await keysOf(store, `${run.key}/actions/`);
    await store.remove(run.key + STEP);
    await replaceWith(store, outcome, damage);

    expectNamed((await failureOf(run.step(taskWith(effects, { seen: 'not-done' })))).message, outcome);
    expect(effects.done).toEqual(['main']);
  });
});
