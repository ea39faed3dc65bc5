import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunReport } from '../../core/report.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { readLatest, readMonth } from '../../lambdas/runtime/mend-index.ts';
import { asText, requireRecord } from '../../lambdas/runtime/records.ts';
import { monthKey } from '../../lambdas/runtime/run-index.ts';
import { createS3Client } from '../../lambdas/runtime/s3-client.ts';
import { S3Store } from '../../lambdas/runtime/s3-store.ts';
import type { RecordSource } from '../../lambdas/runtime/store.ts';
import { REPOSITORY } from '../harness/cruise.ts';
import { keysOf, reportedFinding } from '../harness/run-records.ts';
import { startS3Server, type S3Server } from '../servers/s3.ts';
import { DAMAGES, replaceWith, storedRun, taskWith } from './_stored-run.ts';

let folder: string;
let store: DirectoryStore;
let report: RunReport;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-stored-'));
  store = new DirectoryStore(join(folder, 'store'));
  for (const day of [0, 1]) {
    const run = storedRun(store, day);
    await run.begin();
    for (const index of [1, 2]) await run.step(taskWith({ done: [] }), index);
    report = await run.finish();
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a report that claims more than it holds is none', () => {
  const failedTarget = (of: RunReport) =>
    of.tasks.map((task, place) => (place === 0 ? { ...task, targets: [{ target: 'main', verdict: 'fail' }] } : task));

  test.each<{ title: string; change: (of: RunReport) => object; says: RegExp }>([
    {
      title: 'a pass of which a target failed',
      change: (of) => ({ tasks: failedTarget(of) }),
      says: /verdict is pass, and that of its targets is fail/,
    },
    {
      title: 'a pass that counts a failure',
      change: (of) => ({ counts: { ...of.counts, pass: 1, fail: 1 } }),
      says: /counts 1 targets as pass, and has 2/,
    },
    {
      title: 'a pass of no task at all',
      change: () => ({ tasks: [] }),
      says: /verdict is pass, and that of its targets is unknown/,
    },
    {
      title: 'a task that is better than its targets',
      change: (of) => ({ verdict: 'fail', counts: { ...of.counts, pass: 1, fail: 1 }, tasks: failedTarget(of) }),
      says: /task 1, postgres-vacuum, is pass, and its targets are fail/,
    },
    {
      title: 'a finding that is worse than its target',
      change: () => ({ findings: [{ ...reportedFinding(), change: 'new' }] }),
      says: /found not-readable \(unknown\) on main, whose verdict is better/,
    },
    { title: 'a newer version', change: () => ({ schemaVersion: 2 }), says: /schemaVersion|expected 1/ },
    { title: 'no version', change: () => ({ schemaVersion: undefined }), says: /schemaVersion|expected 1/ },
    { title: 'a verdict of its own', change: () => ({ verdict: 'great' }), says: /Invalid option/ },
    {
      title: 'more than all',
      change: (of) => ({ counts: { ...of.counts, pass: 1e9 } }),
      says: /counts 1000000000 targets as pass/,
    },
    { title: 'less than nothing', change: (of) => ({ counts: { ...of.counts, fail: -1 } }), says: /Too small|>=0/ },
  ])('$title', ({ change, says }) => {
    expect(RunReport.safeParse(report).success).toBe(true);
    expect(RunReport.safeParse({ ...report, ...change(report) }).error?.message).toMatch(says);
  });
});

describe('the commands that read', () => {
  const PROFILE = `platform: shop
targets: { postgres: { main: { url: env:NO_SUCH_DATABASE }, copy: { url: env:NO_SUCH_DATABASE } } }
procedures: { daily: { tasks: [postgres-vacuum] } }
`;
  const fettle = (...words: readonly string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const given = ['bin/fettle.mjs', ...words, '--platform', join(folder, 'shop.yaml'), '--store', store.location];
      const options = { cwd: REPOSITORY, env: { ...process.env, NODE_OPTIONS: '' }, timeout: 60_000 };
      execFile(process.execPath, given, options, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      });
    });
  beforeAll(() => writeFile(join(folder, 'shop.yaml'), PROFILE));

  test('list every run although the roll-up of the month is corrupt, name what is, and are no success', async () => {
    await replaceWith(store, monthKey('2026-11'), DAMAGES['a page of HTML'] ?? String);
    const lines = await keysOf(store);
    const { code, stdout, stderr } = await fettle('runs', '--month', '2026-11');

    expect(code).toBe(1);
    expect(stdout.match(/daily-2026112\dT020000Z/g)).toEqual(['daily-20261122T020000Z', 'daily-20261121T020000Z']);
    expect(stderr).toContain('index/2026-11.json');
    // Who reads mends nothing: that is for the next run to do.
    expect(await keysOf(store)).toEqual(lines);
  });

  test('show no report that contradicts itself, and say which one and how', async () => {
    const key = 'runs/daily/daily-20261121T020000Z/report.json';
    await replaceWith(store, key, () => asText({ ...report, counts: { ...report.counts, pass: 0 } }));
    const { code, stdout, stderr } = await fettle('report', 'daily-20261121T020000Z');

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(key);
    expect(stderr).toContain('it counts 0 targets as pass, and has 2');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('many reports', () => {
  const RUNS = 100_000;
  const id = (n: number) => `daily-manual-${String(n).padStart(6, '0')}`;

  test('a hundred thousand are read one after the other, and of a month only what its list needs is kept', async () => {
    let [asked, least] = [0, Infinity];
    const counts = { pass: 0, warn: 0, unknown: 0, fail: 0 };
    const bare = { tasks: [], findings: [], measurements: [], actions: [], trends: [], verdict: 'unknown', counts };
    const template = JSON.stringify({ ...report, ...bare, runId: '@id', start_time: '@time' });
    const source: RecordSource = {
      location: 'memory',
      get: async (key) => {
        asked += 1;
        // What is not collected yet comes and goes; what is kept would never be less than half of all.
        if (asked > RUNS / 2 && asked % 500 === 0) least = Math.min(least, process.memoryUsage().heapUsed);
        const n = Number(/(\d{6})\/report/.exec(key)?.[1] ?? -1);
        if (n < 0) return { body: Buffer.from('{'), etag: '' };
        const time = new Date(Date.UTC(2020, 0, 1) + n * 1_800_000).toISOString();
        const body = n === 7 ? 'damaged' : template.replace('@id', id(n)).replace('@time', time);
        return { body: Buffer.from(body), etag: '' };
      },
      async *list() {
        for (let n = 0; n < RUNS; n += 1) {
          for (const name of ['report.html', 'report.json']) yield { key: `runs/daily/${id(n)}/${name}` };
        }
      },
    };
    const problems: string[] = [];
    const before = process.memoryUsage().heapUsed;
    const runs = await readMonth(source, '2020-01', (problem) => void problems.push(problem));

    expect(asked).toBe(RUNS + 1);
    // A run each half-hour of January, but for the one whose report is damaged, which is named.
    expect(runs).toHaveLength(31 * 48 - 1);
    expect(problems).toHaveLength(2);
    expect(problems.join()).toContain(`runs/daily/${id(7)}/report.json`);
    expect((least - before) / 1024 ** 2).toBeLessThan(150);
  });

  describe('in a bucket of more keys than three pages hold', () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await startS3Server();
      process.env['AWS_ENDPOINT_URL_S3'] = server.endpoint;
      process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
      process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test';
      process.env['AWS_REGION'] ??= 'eu-west-1';
    });
    afterAll(() => server.close());

    test('are all found when the roll-ups are gone, and each once', async () => {
      const bucket = new S3Store('reports', createS3Client());
      for (let n = 0; n < 300; n += 1) {
        const start_time = new Date(Date.UTC(2026, 0, 1) + n * 3_600_000).toISOString();
        server.put('reports', `runs/daily/${id(n)}/report.json`, asText({ ...report, runId: id(n), start_time }));
        for (let step = 0; step < 10; step += 1)
          server.put('reports', `runs/daily/${id(n)}/steps/0${step}-x.json`, '{}');
      }
      for (const key of [monthKey('2026-01'), 'index/latest.json']) server.put('reports', key, '<html>');
      const problems: string[] = [];
      const runs = await readMonth(bucket, '2026-01', (problem) => void problems.push(problem));
      const latest = await readLatest(bucket, (problem) => void problems.push(problem));

      expect(runs.map(({ runId }) => runId)).toEqual(Array.from({ length: 300 }, (_, n) => id(n)));
      expect(latest['daily']?.latest.runId).toBe(id(299));
      expect(problems).toHaveLength(2);
    });

    test.each([
      'a+b',
      'a%2Fb',
      'a%252Fb',
      'a b',
      'a.',
      'a..b',
      '...',
      'a&b=c',
      'a?b',
      'a#b',
      `it's "quoted"`,
      'a\\b',
      '<a>',
      '~',
      '%',
      '$(x)',
    ])('a key with %s in it is that key and no other, on disk and in S3', async (part) => {
      const key = `odd/${part}/x.json`;
      for (const place of [store, new S3Store('reports', createS3Client())]) {
        expect(await place.createIfAbsent(key, '{"here":true}')).toBeDefined();
        expect((await keysOf(place, 'odd/')).filter((found) => found === key)).toEqual([key]);
        expect(Buffer.from((await place.get(key))?.body ?? '').toString()).toBe('{"here":true}');
        expect(await place.get(`odd/${decodeURIComponent(part.replaceAll('%', '%25'))}x/x.json`)).toBeUndefined();
      }
    });
  });
});

test('a report that another program wrote into the place of a run is refused by its key', async () => {
  await store.createIfAbsent('runs/daily/daily-x/report.json', '{"status":"success"}');

  await expect(requireRecord(store, 'runs/daily/daily-x/report.json', RunReport)).rejects.toMatchObject({
    name: 'Fettle.Corrupt',
    message: expect.stringMatching(/^runs\/daily\/daily-x\/report\.json in .* is not a record that Fettle wrote: /),
  });
});
