import { describe, expect, test } from '@jest/globals';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../core/json.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { linkKey, linkOf } from '../../lambdas/runtime/evidence.ts';
import { finishRun } from '../../lambdas/steps/finish-run.ts';
import { createRecord } from '../../lambdas/runtime/records.ts';
import { NOW, runtimeOf, secondsLater, stepRecordOf, temporaryStore, textOf } from '../harness/run-records.ts';
import {
  begin,
  BUNDLE,
  DAY_SECONDS,
  endedRuns,
  filesOf,
  finish,
  reap,
  recordStep,
  run,
  verified,
} from './_ended-runs.ts';
import { dyingStore, interruptedStore, readOnlyStore, watchedStore } from './_watched-store.ts';

const CLEAN = { isProven: true, flaws: [], open: [], otherVersions: [], late: [] };
const later = (days: number) => secondsLater(days * DAY_SECONDS);

test('a store that nobody touched is proven, whatever way its runs ended', async () => {
  const store = await temporaryStore();
  await endedRuns(store);
  const { checked, ...rest } = await verified(store);
  expect(rest).toMatchObject(CLEAN);
  expect(checked).toMatchObject({ links: 5, runs: 5, derived: 11 });
});

test('a verification needs no right to write, and leaves every file as it was', async () => {
  const store = await temporaryStore();
  await endedRuns(store);
  const before = await filesOf(store.location);
  const times = await Promise.all([...before.keys()].map((key) => stat(join(store.location, key))));
  expect(await verified(readOnlyStore(new DirectoryStore(store.location, { onlyReads: true })))).toMatchObject(CLEAN);
  expect(await filesOf(store.location)).toEqual(before);
  const after = await Promise.all([...before.keys()].map((key) => stat(join(store.location, key))));
  expect(after.map(({ mtimeMs, ino }) => [mtimeMs, ino])).toEqual(times.map(({ mtimeMs, ino }) => [mtimeMs, ino]));
});

test('a store that only reads mends no file that was changed beside its history', async () => {
  const store = await temporaryStore();
  await endedRuns(store);
  const plain = join(store.location, 'index/latest.json');
  await writeFile(`${plain}.new`, '{}');
  await rename(`${plain}.new`, plain);
  await verified(new DirectoryStore(store.location, { onlyReads: true }));
  expect(await readFile(plain, 'utf8')).toBe('{}');
});

test('the chain can be followed with sha256sum alone: each link has the hashes of stored bytes', async () => {
  const store = await temporaryStore();
  const [first] = await endedRuns(store);
  const { end } = await verified(store);
  const link = JSON.parse(await textOf(store, linkKey(2)));
  expect(link.previousSha256).toBe(sha256(await textOf(store, linkKey(1))));
  expect(JSON.parse(await textOf(store, linkKey(1))).manifestSha256).toBe(
    sha256(await textOf(store, `${first?.run.key}/manifest.json`)),
  );
  expect(end).toEqual({ n: 5, sha256: sha256(await textOf(store, linkKey(5))) });
});

test('the end of a run tells its execution and its log where the chain ends with it', async () => {
  const store = await temporaryStore();
  const begun = await begin(store, { execution: 'one', at: NOW });
  await recordStep(store, begun);
  const lines: string[] = [];
  const { link } = await finishRun(
    { run: begun.run, caught: {} },
    runtimeOf(store, () => secondsLater(60), lines),
  );
  expect(link).toEqual((await verified(store)).end);
  expect(await linkOf(store, begun.run.key)).toEqual(link);
  expect(lines.join('')).toContain(`"link":1,"linkSha256":"${link.sha256}"`);
  expect(await finish(store, begun, secondsLater(90))).toMatchObject({ link });
});

test('runs that end at the same time each have a link, and the chain holds', async () => {
  const store = await temporaryStore();
  const begun = await Promise.all(
    ['a', 'b', 'c', 'd'].map((execution, place) =>
      begin(store, { procedure: 'weekly', execution, at: secondsLater(place), input: { mode: 'execute' } }),
    ),
  );
  await Promise.all(begun.map((one) => finish(store, one, secondsLater(60))));
  expect(await verified(store)).toMatchObject({ ...CLEAN, end: { n: 4 } });
});

test('Finish and Reap that end a run at the same time end it once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const store = await temporaryStore();
    const begun = await begin(store, { execution: 'one', at: NOW });
    await recordStep(store, begun);
    await Promise.all([finish(store, begun, secondsLater(60)), reap(store, 'one', secondsLater(61))]);
    expect(await verified(store)).toMatchObject({ ...CLEAN, end: { n: 1 } });
  }
});

describe('a run whose end stops for good at any of its writes', () => {
  test('is open and accused of nothing, and is proven once the next command has ended it', async () => {
    for (let writes = 0; ; writes += 1) {
      const store = await temporaryStore();
      await run(store, { execution: 'before', at: NOW });
      const begun = await begin(store, { execution: 'one', at: later(1) });
      await recordStep(store, begun);
      const ends = finish(dyingStore(store, writes), begun, secondsLater(60, later(1)));
      const hasEnded = await ends.then(
        () => true,
        () => false,
      );
      const between = await verified(store);
      expect({ writes, ...between }).toMatchObject({ writes, ...CLEAN, open: hasEnded ? [] : [begun.run.key] });
      await reap(store, 'one', secondsLater(90, later(1)));
      expect({ writes, ...(await verified(store)) }).toMatchObject({ writes, ...CLEAN, end: { n: 2 } });
      if (hasEnded) return expect(writes).toBeGreaterThan(9);
    }
  });
});

test('a start that dies at any of its writes leaves nothing that looks like a run that was taken away', async () => {
  for (let writes = 0; writes < 6; writes += 1) {
    const store = await temporaryStore();
    await run(store, { execution: 'before', at: NOW });
    const began = begin(dyingStore(store, writes), { execution: 'one', at: later(1) });
    await began.catch(() => undefined);
    expect({ writes, ...(await verified(store)) }).toMatchObject({ writes, isProven: true, flaws: [] });
    await reap(store, 'one', secondsLater(90, later(1)));
    expect({ writes, ...(await verified(store)) }).toMatchObject({ writes, isProven: true, flaws: [] });
  }
});

test('runs that begin and end while others are verified are not accused, whenever it happens', async () => {
  for (const nth of [1, 2, 4, 6, 7, 8, 9, 10, 13, 21, 34, 55]) {
    const store = await temporaryStore();
    await run(store, { execution: 'before', at: NOW });
    const open = await begin(store, { execution: 'open', at: later(1) });
    await recordStep(store, open);
    const meanwhile = async () => {
      await finish(store, open, secondsLater(60, later(1)));
      await run(store, { procedure: 'weekly', execution: 'new', at: later(1), input: {} });
    };
    const verification = await verified(interruptedStore(store, nth, meanwhile));
    expect({ nth, ...verification }).toMatchObject({ nth, isProven: true, flaws: [] });
  }
});

test('a record that came between the end of its run and the seal is sealed, said, and no part of the report', async () => {
  const store = await temporaryStore();
  const begun = await begin(store, { execution: 'one', at: NOW });
  await finish(dyingStore(store, 2), begun, secondsLater(60)).catch(() => undefined);
  await createRecord(store, `${begun.run.key}/steps/01-postgres-vacuum.json`, stepRecordOf());
  await reap(store, 'one', secondsLater(90));
  const late = `${begun.run.key}/steps/01-postgres-vacuum.json`;
  expect(await verified(store)).toMatchObject({ ...CLEAN, late: [late] });
  expect(JSON.parse(await textOf(store, `${begun.run.key}/report.json`)).tasks_completed).toEqual([]);
});

describe('a page that this version would write otherwise', () => {
  const older = (store: Parameters<typeof watchedStore>[0]) =>
    watchedStore(store, ({ key }, body) => (key.endsWith('.html') ? `${body}<!-- older -->` : undefined));

  test('is no flaw of a run that another version ended, and the version is named', async () => {
    const store = await temporaryStore();
    const { run: ended } = await run(older(store), { execution: 'one', at: NOW });
    expect(await verified(store, { ownBundles: async () => new Set(['c'.repeat(64)]) })).toMatchObject({
      ...CLEAN,
      otherVersions: [{ runKey: ended.key, key: `${ended.key}/report.html`, bundleSha256: BUNDLE }],
    });
  });

  test('is a flaw of a run that the very same code ended', async () => {
    const store = await temporaryStore();
    const { run: ended } = await run(older(store), { execution: 'one', at: NOW });
    const { isProven, flaws } = await verified(store);
    expect(isProven).toBe(false);
    expect(flaws).toMatchObject([{ kind: 'not-derived', key: `${ended.key}/report.html`, link: 1 }]);
  });
});

test('a store in which nothing has ended proves nothing', async () => {
  const store = await temporaryStore();
  expect(await verified(store)).toMatchObject({ isProven: false, flaws: [], end: { n: 0 } });
  await begin(store, { execution: 'one', at: NOW });
  expect(await verified(store)).toMatchObject({
    isProven: false,
    flaws: [],
    open: ['runs/daily/daily-20261121T020000Z'],
  });
});

test('of runs before a day only the links are looked at, and of one run only that one', async () => {
  const store = await temporaryStore();
  const [first] = await endedRuns(store);
  expect(await verified(store, { since: '2026-11-23' })).toMatchObject({ ...CLEAN, checked: { links: 5, runs: 2 } });
  expect(await verified(store, { only: first?.run.key ?? '' })).toMatchObject({
    ...CLEAN,
    checked: { links: 5, runs: 1 },
  });
});

test("a day's first copy that nobody can read is named, and the copy of the next run stands beside it", async () => {
  const store = await temporaryStore();
  await store.createIfAbsent('maintenance/daily/20261121.json', '<html>');
  await run(store, { execution: 'one', at: NOW });
  const { flaws } = await verified(store);
  expect(flaws).toMatchObject([{ kind: 'added', key: 'maintenance/daily/20261121.json' }]);
});
