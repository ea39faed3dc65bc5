import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TaskResult } from '../../../../core/task.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { Snapshot } from '../../../../lambdas/tasks/postgres/_slow-interval.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-slow-queries.ts';
import { DirectoryStore } from '../../../../lambdas/runtime/directory-store.ts';
import { performTask } from '../../../harness/perform-task.ts';
import { beginRun, finishStep, forgetRuns } from './_run.ts';
import { openSession, startTestServer, type TestServer, toEnd, valueOf } from './_database.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
  // The counters began with the cluster, however old that is; an interval takes a second at least.
  await execute(await countingDatabase(), 'SELECT pg_stat_statements_reset()');
  await sleep(1_100);
});
afterAll(async () => {
  await tests.end();
  await forgetRuns();
});

const LIMITS = { meanMillisecondsAbove: 8, callsAbove: 10, queriesAbove: 5, minInterval: '1s' };
const SLEEPS = `FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
  WHERE d.datname = current_database() AND query LIKE 'SELECT pg_sleep%'`;
const CANARY = 'hunter2';

/** A database that shows what the server counts. */
async function countingDatabase(): Promise<string> {
  const url = await tests.database();
  await execute(url, 'CREATE EXTENSION pg_stat_statements');
  return url;
}

/** Runs so many different queries eleven times each. */
async function runQueries(url: string, queries: number, seconds: number): Promise<void> {
  const shapes = Array.from(
    { length: queries },
    (_, n) => `SELECT pg_sleep(${seconds})${`, '${CANARY}'`.repeat(n + 1)}`,
  );
  await execute(url, ...shapes.flatMap((shape) => new Array<string>(11).fill(shape)));
}

async function check(url: string, input = {}, baseline?: unknown): Promise<TaskResult<string>> {
  const { result } = await toEnd({ task, targets: { main: { url } }, input: { ...LIMITS, ...input }, baseline });
  return result;
}

describe('queries that are slow in the interval', () => {
  test('are a warning where they are more than allowed, each with its shape and the statement that shows its text', async () => {
    const url = await countingDatabase();
    await runQueries(url, 6, 0.01);

    const { findings, measurements } = await check(url);

    expect(findings[0]).toMatchObject({ kind: 'slow-queries', value: 6, limit: 5, unit: 'count' });
    expect(findings.slice(1).map(({ kind }) => kind)).toEqual(new Array(6).fill('slow-query'));
    expect(findings[1]?.summary).toMatch(
      /^query -?\d+: \d+ ms on average over 11 calls in \ds, limit 8 ms: SELECT pg_sleep\(\$1\), \$2/,
    );
    expect(await valueOf(url, findings[1]?.command ?? '')).toBe('11');
    expect(measurements).toContainEqual({ name: 'slow-queries', value: 6, unit: 'count', target: 'main' });
  });

  test('are a note where they are as many as allowed', async () => {
    const url = await countingDatabase();
    await runQueries(url, 5, 0.01);

    expect((await check(url)).findings.map(({ kind }) => kind)).toEqual(new Array(5).fill('slow-query'));
  });

  test('are none where the queries are fast, whatever another database does', async () => {
    const [url, other] = [await countingDatabase(), await tests.database()];
    await runQueries(url, 6, 0);
    await runQueries(other, 6, 0.01);

    const { findings, measurements } = await check(url);

    expect(findings).toEqual([]);
    expect(measurements).toContainEqual({ name: 'slow-queries', value: 0, unit: 'count', target: 'main' });
  });

  test('are found although a long fast past hides them from every average, and forgotten when they are over', async () => {
    const url = await countingDatabase();
    await execute(url, ...new Array<string>(2_000).fill(`SELECT pg_sleep(0.0), '${CANARY}'`));
    const first = await check(url);
    expect(first.findings).toEqual([]);

    await runQueries(url, 1, 0.05);
    const mean = `SELECT max(mean_exec_time) ${SLEEPS}`;
    expect(Number(await valueOf(url, mean))).toBeLessThan(LIMITS.meanMillisecondsAbove);
    await sleep(1_000);
    const second = await check(url, { queriesAbove: 0 }, first.baseline);
    expect(second.findings).toMatchObject([{ kind: 'slow-queries', value: 1 }, { kind: 'slow-query' }]);

    await sleep(1_000);
    expect((await check(url, { queriesAbove: 0 }, second.baseline)).findings).toEqual([]);
  });

  test('are no fault of the upkeep that this role itself runs', async () => {
    const url = await countingDatabase();
    await execute(url, 'CREATE TABLE orders (id int)', 'VACUUM orders', 'REINDEX TABLE orders', 'SELECT 1');

    const { findings } = await check(url, { meanMillisecondsAbove: 0.000_1, callsAbove: 0 });

    const summaries = findings.map(({ summary }) => summary).join('\n');
    expect(summaries).toContain('CREATE TABLE orders');
    expect(summaries).not.toMatch(/VACUUM|REINDEX/);
  });
});

test('nothing that the task says or keeps has a literal in it, although the server keeps some', async () => {
  const url = await countingDatabase();
  const statements = [
    `CREATE ROLE canary PASSWORD '${CANARY}'`,
    `SET app.token = ${CANARY}`,
    `DO $$BEGIN PERFORM '${CANARY}'; END$$`,
  ];
  await execute(url, ...statements);
  const leaks = `SELECT count(*)::int FROM pg_stat_statements WHERE query LIKE '%' || reverse('2retnuh') || '%'`;
  expect(await valueOf(url, leaks)).toBe(3);

  const result = await check(url, { meanMillisecondsAbove: 0.000_1, callsAbove: 0 });

  expect(result.findings.map(({ summary }) => summary).join('\n')).toContain('CREATE ROLE canary PASSWORD ?');
  expect(JSON.stringify(result)).not.toContain(CANARY);
});

describe('a statement that runs for hours', () => {
  test('is found while no counter shows it, and the command of the finding ends it', async () => {
    const url = await countingDatabase();
    const session = await openSession(url);
    const report = session.query(`SELECT pg_sleep(60), '${CANARY}'`);
    const ended = report.then(
      () => 'done',
      (thrown: Error) => thrown.message,
    );
    await sleep(1_100);
    expect(await valueOf(url, `SELECT count(*)::int ${SLEEPS}`)).toBe(0);

    const { findings } = await check(url, { runningAbove: '1s' });

    expect(findings).toMatchObject([{ kind: 'long-running', limit: 1, unit: 'seconds' }]);
    expect(findings[0]?.summary).toMatch(
      /^pid \d+ \(postgres, test-session\) has been running for \ds, waiting for Timeout, limit 1s: SELECT pg_sleep\(\?\), \?$/,
    );
    expect(await valueOf(url, findings[0]?.command ?? '')).toBe(true);
    expect(await ended).toBe('canceling statement due to user request');
    await session.end();
  });

  test('is none where the session is idle, belongs to a dump, or is one of ours', async () => {
    const url = await countingDatabase();
    const idle = await openSession(url, 'BEGIN', 'SELECT pg_sleep(0.1)');
    const others = await Promise.all(
      ['pg_dump', 'fettle:daily:postgres-vacuum'].map(async (name) => {
        const session = await openSession(url, `SET application_name = '${name}'`);
        return { session, ended: session.query('SELECT pg_sleep(60)').catch((thrown: Error) => thrown.message) };
      }),
    );
    await sleep(1_100);

    expect((await check(url, { runningAbove: '1s' })).findings).toEqual([]);

    await execute(url, `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'`);
    await Promise.all([idle.end(), ...others.map(async ({ session, ended }) => [await ended, await session.end()])]);
  });
});

test('a target that cannot be read is unknown, hides nothing of its neighbour and keeps its snapshot', async () => {
  const url = await countingDatabase();
  const { baseline } = await check(url);
  const kept = (baseline as { targets: { main: unknown } }).targets.main;
  const targets = { main: { url }, lost: { url: 'postgres://u@127.0.0.1:1/d' } };

  const { result } = await toEnd({ task, targets, input: LIMITS, baseline: { targets: { main: kept, lost: kept } } });

  expect(result.findings).toContainEqual(expect.objectContaining({ kind: 'not-readable', target: 'lost' }));
  expect(result.measurements.map(({ target }) => target)).toContain('main');
  expect(result.baseline).toMatchObject({ targets: { lost: kept } });
});

test('while it waits for its interval it hands on what it has found, should the run end before', async () => {
  const url = await countingDatabase();
  await execute(url, 'SELECT pg_stat_statements_reset()');
  const targets = { waits: { url }, bare: { url: await tests.database() } };

  const { result } = await performTask({ task, targets, input: { minInterval: '10m' } });

  expect(result).toMatchObject({ paused: true, soFar: { findings: expect.any(Array) } });
  const { findings = [], measurements = [] } = 'paused' in result ? (result.soFar ?? {}) : {};
  expect(findings).toContainEqual(expect.objectContaining({ kind: 'extension-missing', target: 'bare' }));
  expect(measurements).toContainEqual({ name: 'long-running', value: 0, unit: 'count', target: 'waits' });
});

test('a real run records the findings with their commands, and keeps the snapshot for the next one', async () => {
  const url = await countingDatabase();
  await runQueries(url, 6, 0.01);
  const run = await beginRun({ url, task, input: LIMITS });

  const { verdict, findings } = await finishStep(run, task);

  expect(verdict).toBe('warn');
  expect(findings[1]?.command).toMatch(
    /^SELECT calls, rows, query FROM public\.pg_stat_statements WHERE queryid = -?\d+$/,
  );
  const stored = await new DirectoryStore(run.folder).get('state/baselines/postgres-check-slow-queries.json');
  const kept = Snapshots.parse(JSON.parse(Buffer.from(stored?.body ?? []).toString()));
  expect(kept.value.targets.main.statements.length).toBeGreaterThan(6);
});

const Snapshots = z.object({
  version: z.literal(1),
  value: z.object({ targets: z.object({ main: Snapshot }) }),
});
