import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { TaskResult } from '../../../../core/task.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-slow-queries.ts';
import { performTask } from '../../../harness/perform-task.ts';
import { openSession, startTestServer, type TestServer, toEnd } from './_database.ts';

let tests: TestServer;
let url = '';
beforeAll(async () => {
  // The fewest that the server allows, so that a test can have some evicted.
  tests = await startTestServer(['pg_stat_statements.max=100']);
  // The counters began with the server, and an interval takes a second at least.
  await sleep(1_100);
});
afterAll(() => tests.end());
beforeEach(async () => {
  url = await tests.database();
});

afterEach(async () => {
  await execute(
    tests.server.url(),
    'ALTER SYSTEM RESET ALL',
    'ALTER ROLE postgres RESET ALL',
    'SELECT pg_reload_conf()',
  );
});

const INPUT = { meanMillisecondsAbove: 8, queriesAbove: 0, minInterval: '1s' };
const SLOW = new Array<string>(11).fill('SELECT pg_sleep(0.01)');

async function check(baseline?: unknown, at = url): Promise<TaskResult<string>> {
  return (await toEnd({ task, targets: { main: { url: at } }, input: INPUT, baseline })).result;
}

async function kindsOf(result: Promise<TaskResult<string>>): Promise<string[]> {
  return (await result).findings.map(({ kind }) => kind);
}

async function count(version?: string): Promise<void> {
  await execute(url, 'DROP EXTENSION IF EXISTS pg_stat_statements');
  await execute(url, `CREATE EXTENSION pg_stat_statements${version ? ` VERSION '${version}'` : ''}`);
}

describe('where nothing is counted, nothing is said to be fast', () => {
  test('the extension is missing, until the command of the finding is run', async () => {
    const { findings } = await check();
    expect(findings).toMatchObject([{ kind: 'extension-missing', command: 'CREATE EXTENSION pg_stat_statements' }]);

    await execute(url, findings[0]?.command ?? '');
    expect(await kindsOf(check())).toEqual([]);
  });

  test('tracking is off for the server', async () => {
    await count();
    await execute(url, `ALTER SYSTEM SET pg_stat_statements.track = 'none'`, 'SELECT pg_reload_conf()');
    await sleep(200);

    expect((await check()).findings).toMatchObject([
      { kind: 'tracking-off', summary: 'pg_stat_statements.track = none, expected top or all' },
    ]);
  });

  test('tracking is off for the role of an application while this role sees it on', async () => {
    await count();
    await execute(url, 'CREATE ROLE app', `ALTER ROLE app SET pg_stat_statements.track = 'none'`);
    // What a service that hosts the server does is its own business.
    await execute(url, 'CREATE ROLE rdsadmin', `ALTER ROLE rdsadmin SET pg_stat_statements.track = 'none'`);

    expect((await check()).findings).toMatchObject([{ kind: 'tracking-off', subject: 'the role app' }]);
    await execute(url, 'DROP ROLE app', 'DROP ROLE rdsadmin');
  });

  test('tracking is off for this role alone, which takes nothing from the others', async () => {
    await count();
    await execute(url, `ALTER ROLE postgres SET pg_stat_statements.track = 'none'`);

    expect(await kindsOf(check())).toEqual([]);
  });

  test('the server computes no query ids', async () => {
    await execute(tests.server.url(), `ALTER SYSTEM SET compute_query_id = 'off'`, 'SELECT pg_reload_conf()');
    await sleep(200);
    await count();

    expect((await check()).findings).toMatchObject([
      { kind: 'tracking-off', summary: 'compute_query_id = off and nothing was counted, expected auto or on' },
    ]);
  });
});

test('a role that may not see the others says so, until the command of the finding is run', async () => {
  await count();
  await execute(url, `CREATE ROLE "the fettle" LOGIN PASSWORD 'p'`, ...SLOW);
  const session = await openSession(url, 'BEGIN');
  const limited = tests.server.url(decodeURIComponent(new URL(url).pathname.slice(1)), {
    name: 'the fettle',
    password: 'p',
  });

  const { findings } = await check(undefined, limited);
  expect(findings).toMatchObject([{ kind: 'statements-hidden', command: 'GRANT pg_monitor TO "the fettle"' }]);
  expect(findings[0]?.summary).toMatch(/^\d+ statements and \d+ sessions are hidden from the role the fettle/);

  await execute(url, findings[0]?.command ?? '');
  expect(await kindsOf(check(undefined, limited))).toEqual(['slow-queries', 'slow-query']);

  await execute(url, 'REVOKE EXECUTE ON FUNCTION pg_stat_statements(boolean) FROM PUBLIC');
  expect((await check(undefined, limited)).findings).toMatchObject([
    { kind: 'statements-hidden', summary: expect.stringMatching(/^all of pg_stat_statements/) },
  ]);
  await session.end();
});

describe('an extension of another version', () => {
  test.each(['1.7', '1.8'])(
    '%s, which says nothing of resets, is judged over an interval within the run',
    async (version) => {
      await count(version);
      await execute(url, ...SLOW);
      const performance = { task, targets: { main: { url } }, input: INPUT };

      const { result: paused } = await performTask(performance);
      if (!('paused' in paused)) throw new Error('the first call did not wait for a second snapshot');
      expect(paused.seconds).toBe(2);
      await execute(url, ...SLOW);
      await sleep(1_000);
      const { result } = await performTask({ ...performance, resume: paused.cursor });

      expect(result).toMatchObject({
        findings: [{ kind: 'first-interval' }, { kind: 'slow-queries' }, { kind: 'slow-query' }],
      });
      expect(result).toMatchObject({ findings: [{}, {}, { summary: expect.stringContaining('over 11 calls') }] });
    },
  );

  test('with the names of PostgreSQL 17 is read by its names', async () => {
    await count();
    await execute(
      url,
      'CREATE SCHEMA later',
      'ALTER EXTENSION pg_stat_statements DROP VIEW pg_stat_statements',
      'ALTER EXTENSION pg_stat_statements DROP FUNCTION pg_stat_statements(boolean)',
      'DROP VIEW pg_stat_statements',
      'ALTER FUNCTION pg_stat_statements(boolean) RENAME TO counted',
      `CREATE FUNCTION pg_stat_statements(showtext boolean) RETURNS TABLE (userid oid, dbid oid, toplevel bool, queryid bigint,
         query text, calls bigint, total_exec_time float8, rows bigint, shared_blk_read_time float8) LANGUAGE sql
       AS 'SELECT userid, dbid, toplevel, queryid, query, calls, total_exec_time, rows, total_exec_time / 4 FROM public.counted(showtext)'`,
      'CREATE VIEW pg_stat_statements AS SELECT * FROM pg_stat_statements(true)',
      ...SLOW,
    );

    const { findings } = await check();

    const slow = findings.find(({ kind }) => kind === 'slow-query');
    expect(slow?.summary).toMatch(/ over 11 calls in \d+s, 25 % of it reading from disk, limit 8 ms: SELECT pg_sleep/);
  });
});

describe('counters that were lost', () => {
  test('by a reset a minute ago are unknown, and not a pass', async () => {
    await count();
    const { baseline } = await check();
    await execute(url, ...SLOW, 'SELECT pg_stat_statements_reset()');

    const { findings } = await check(baseline);

    expect(findings.map(({ kind }) => kind)).toEqual(['statistics-reset', 'interval-too-short']);
  });

  test('by evictions are unknown, and what is left is judged', async () => {
    await count();
    const { baseline } = await check();
    const columns = Array.from({ length: 300 }, (_, n) => `SELECT 1 AS one${', 1'.repeat(n)}`);
    await execute(url, ...columns, ...SLOW);
    await sleep(1_000);

    expect(await kindsOf(check(baseline))).toEqual(['statements-evicted', 'slow-queries', 'slow-query']);
  });
});
