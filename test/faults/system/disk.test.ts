import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Bundles } from '../../../lib/bundle.ts';
import { startFettle } from '../../concurrency/_command.ts';
import { keysBelow, leaseOf, makeScene, sceneBundles, type Scene } from '../../concurrency/_scene.ts';
import { giveToPlainUser, isRoot } from '../../harness/plain-user.ts';

const run = promisify(execFile);
const NOBODY = 65_534;
// Only root can mount a small disk, and be another user.
const asRoot = isRoot ? describe : describe.skip;

let bundles: Bundles;
beforeAll(async () => {
  bundles = await sceneBundles();
});

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

/** A run that appends a line, waits for the test, and appends another one. */
async function sceneIn(storeFolder: string): Promise<Scene> {
  const procedures = { daily: [{ task: 'test-append-lines', input: { lines: ['one', 'two'], holdBefore: 'two' } }] };
  const scene = await makeScene({ bundles, procedures, storeLocation: pathToFileURL(storeFolder).href });
  cleanUp.push(scene.remove);
  return scene;
}

const EXECUTE = { trigger: 'person', mode: 'execute' } as const;

asRoot('a disk of the store that', () => {
  let disk: string;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'fettle-disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    cleanUp.push(async () => {
      await run('umount', ['--lazy', disk]);
      await rm(disk, { recursive: true });
    });
  });

  const fill = () => run('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4k']).catch((full: Error) => full);
  const free = () => rm(join(disk, 'filler'));

  test.each([
    { what: 'is full', spoil: fill, words: 'no space left on the disk (ENOSPC)' },
    {
      what: 'is read-only',
      spoil: () => run('mount', ['-o', 'remount,ro', disk]),
      words: 'the disk is read-only (EROFS)',
    },
  ])('$what lets no run begin, and nothing is changed', async ({ spoil, words }) => {
    const scene = await sceneIn(disk);
    await spoil();
    const end = await scene.engine('daily', EXECUTE);

    expect(end).toMatchObject({ status: 'FAILED', runKey: undefined });
    expect(end.error).toMatch(/cannot create "state\/.*" in /);
    expect(end.error).toContain(`${disk}: ${words}`);
    expect(await scene.lines()).toEqual([]);
  });

  test('is full in mid-run stops the next change, and no success is told: the report comes when there is room', async () => {
    const scene = await sceneIn(disk);
    const ending = scene.engine('daily', EXECUTE);
    await scene.held();
    await fill();
    await scene.letGo();
    const end = await ending;

    expect(end.status).toBe('FAILED');
    expect(end.error).toContain(`${disk}: no space left on the disk`);
    await expect(scene.reap(end)).rejects.toThrow('no space left on the disk');
    expect(await scene.lines()).toEqual(['one']);

    await free();
    await scene.reap(end);
    const report = await scene.report(end.runKey);
    expect(report).toMatchObject({ ended: 'aborted', verdict: 'unknown' });
    expect(report.actions).toMatchObject([{ subject: 'one', status: 'done' }]);
    expect(await leaseOf(scene.store)).toEqual({ kind: 'logs', target: 'one', epoch: 1 });
    expect(await keysBelow(scene.store, 'state/open/')).toEqual([]);
  });

  test('is full gives the command line no report and the exit code of a failure', async () => {
    await fill();
    const folder = await mkdtemp(join(tmpdir(), 'fettle-command-'));
    cleanUp.push(() => rm(folder, { recursive: true }));
    const profile = ['platform: shop', 'targets:', `  logs: { app: { url: "${pathToFileURL(folder).href}" } }`, ''];
    await writeFile(join(folder, 'shop.yaml'), profile.join('\n'));
    const { ended } = startFettle(['run', 'daily', '--platform', 'shop.yaml', '--store', disk], folder);

    const { code, stdout, stderr } = await ended;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${disk}: no space left on the disk (ENOSPC)`);
  });
});

asRoot('a store of another user', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fettle-foreign-'));
    await mkdir(join(folder, 'store'));
    await chmod(folder, 0o755);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    { what: 'that may be read', mode: 0o755, words: /cannot create .*state\/.*: permission denied \(EACCES\)/ },
    { what: 'that may not even be read', mode: 0o700, words: /cannot read .*state\/.*: permission denied \(EACCES\)/ },
  ])('$what lets no run begin', async ({ mode, words }) => {
    const store = join(folder, 'store');
    await chmod(store, mode);
    const scene = await sceneIn(store);
    await chmod(scene.folder, 0o755);
    await giveToPlainUser(scene.folder);
    const event = { procedure: 'daily', execution: 'x', executionStartedAt: new Date().toISOString(), input: EXECUTE };
    const { answer } = scene.handler('begin-run', event, { uid: NOBODY });

    await expect(answer).rejects.toThrow(words);
    expect(await keysBelow(scene.store, '')).toEqual([]);
  });
});

test('a store that is deleted in mid-run stops the next change, and the run does not end as a success', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-gone-'));
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  const scene = await sceneIn(folder);
  const ending = scene.engine('daily', EXECUTE);
  await scene.held();
  await rm(folder, { recursive: true });
  await scene.letGo();
  const end = await ending;

  expect(end.status).toBe('FAILED');
  expect(end.error).toContain(`started.json is missing in ${folder}`);
  expect(await scene.lines()).toEqual(['one']);
  expect(await keysBelow(scene.store, 'maintenance/')).toEqual([]);
});

test('a log that cannot be written is told and takes nothing from the run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-log-'));
  cleanUp.push(() => rm(folder, { recursive: true, force: true }));
  const scene = await sceneIn(folder);
  await scene.letGo();
  for (const name of ['begin-run', 'test-append-lines', 'finish-run']) {
    await mkdir(join(scene.folder, 'logs', `${name}.log`), { recursive: true });
  }

  const end = await scene.engine('daily', EXECUTE);
  expect(end.status).toBe('SUCCEEDED');
  expect((await scene.report(end.runKey)).verdict).toBe('pass');
  expect(scene.told.filter(({ event }) => event === 'unlogged')).toMatchObject([
    { error: expect.stringContaining('EISDIR') },
  ]);
});
