import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anchorText } from '../../lambdas/runtime/evidence.ts';
import { fettleCommand } from '../harness/fettle-command.ts';
import { temporaryStore } from '../harness/run-records.ts';
import { endedRuns, overwrite, verified } from './_ended-runs.ts';

let folder: string;
let profile: string;
let store: string;
let runId: string;
let note: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-verify-'));
  profile = join(folder, 'shop.yaml');
  await writeFile(profile, 'platform: shop\ntargets: { postgres: { main: { url: "postgres://db.example/main" } } }\n');
  const runs = await temporaryStore();
  runId = (await endedRuns(runs))[1]?.run.id ?? '';
  store = runs.location;
  note = anchorText((await verified(runs)).end);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fettle = (...words: readonly string[]) => fettleCommand(...words, '--platform', profile);

test('a proven store exits 0, says what was looked at and what the store alone cannot show, and gives the note of today', async () => {
  const { code, stdout } = await fettle('verify-runs', '--store', store, '--anchor', note);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^PROVEN: 5 runs in /);
  expect(stdout).toMatch(/looked at 5 links, 34 records, 11 reports, pages and plans derived again/);
  expect(stdout).toContain('of later links only the store speaks');
  expect(stdout.trimEnd().split('\n').at(-1)?.trim()).toBe(note);
});

test('one proven run exits 0 and is named', async () => {
  const { code, stdout } = await fettle('verify-run', runId, '--store', store);
  expect(stdout).toContain(`PROVEN: runs/daily/${runId} in ${store}`);
  expect(code).toBe(0);
});

test('a changed record exits 1: the run that has it says expected and found, what it means and what to do', async () => {
  const key = `runs/daily/${runId}/steps/01-postgres-vacuum.json`;
  const sealed = await readFile(join(store, key), 'utf8');
  await overwrite(store, key, sealed.replace('bloat', 'float'));
  const [all, one] = await Promise.all([
    fettle('verify-runs', '--store', store, '--json'),
    fettle('verify-run', runId, '--store', store),
  ]);
  await overwrite(store, key, sealed);
  expect([all.code, one.code]).toEqual([1, 1]);
  expect(JSON.parse(all.stdout)).toMatchObject({ isProven: false, flaws: [{ kind: 'altered', key, link: 2 }] });
  expect(one.stdout).toMatch(/^NOT PROVEN: 1 flaw in /);
  expect(one.stdout).toMatch(
    /altered \(link 2\): \S+ is not what was sealed\n {2}expected {2}[0-9a-f]{64}\n {2}found {5}[0-9a-f]{64}\n/,
  );
  expect(one.stdout).toContain('Do not trust what it says');
});

test.each([
  ['an anchor without a hash', ['verify-runs', '--anchor', '5'], 'is no note of a link'],
  ['a run that is not there', ['verify-run', 'daily-20200101T000000Z'], 'there is no run'],
])('%s exits 2 and writes nothing to standard output', async (_what, words, said) => {
  const { code, stdout, stderr } = await fettle(...words, '--store', store);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(said);
});

test('a store that is not there exits 2 and is not made', async () => {
  const absent = join(folder, 'absent');
  expect(await fettle('verify-runs', '--store', absent)).toMatchObject({ code: 2, stdout: '' });
  expect(existsSync(absent)).toBe(false);
});
