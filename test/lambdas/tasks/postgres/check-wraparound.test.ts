import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TaskResult } from '../../../../core/task.ts';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-wraparound.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { openSession, startTestServer, type TestServer, valueOf } from './_database.ts';

// The tests of this file are one story: the ids that one has used are used for the next one too.
let tests: TestServer;
beforeAll(async () => {
  // The lowest age that the server allows, so that a test can reach it by using ids.
  tests = await startTestServer(['autovacuum_freeze_max_age=100000']);
  await execute(
    tests.server.url(),
    `CREATE PROCEDURE use_ids(n int) LANGUAGE plpgsql AS
       $$ BEGIN FOR i IN 1..n LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`,
    'CREATE TABLE orders (id int, note text)',
    `CREATE ROLE fettle LOGIN PASSWORD 'p'`,
  );
});
afterAll(() => tests.end());

async function check(input = {}, baseline?: unknown, url = tests.server.url()): Promise<TaskResult<string>> {
  return resultOf({ task, targets: { main: { url } }, input, baseline });
}

async function useIds(count: number): Promise<void> {
  await execute(tests.server.url(), `CALL use_ids(${count})`);
}

function kindsOf({ findings }: TaskResult<string>): string[] {
  return [...new Set(findings.map(({ kind }) => kind))];
}

test('a young server is a pass with its ages, of which the rate is known from the second run on', async () => {
  const { findings, measurements, baseline } = await check();

  expect(findings).toEqual([]);
  const ages = Object.fromEntries(measurements.map(({ name, value }) => [name, value]));
  expect(ages['oldest-transaction-age']).toBeGreaterThan(0);
  expect(ages['oldest-transaction-age']).toBeLessThan(10_000);
  expect(Object.keys(ages)).not.toContain('transactions-per-day');

  await useIds(1_000);
  const second = await check({}, anHourEarlier(baseline));
  const rate = second.measurements.find(({ name }) => name === 'transactions-per-day');
  expect((rate?.value ?? 0) / 24).toBeCloseTo(1_000, -2);
});

describe('what holds the horizon is found while every age is still far from its limit', () => {
  test('a transaction, a prepared one and a slot of the catalogue, until their commands are run', async () => {
    const other = await tests.server.createDatabase('other');
    const session = await openSession(other, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT 1');
    await execute(
      tests.server.url(),
      `SELECT pg_create_logical_replication_slot('abandoned', 'pgoutput')`,
      'BEGIN',
      'INSERT INTO orders VALUES (1)',
      `PREPARE TRANSACTION 'forgotten'`,
    );
    expect((await check()).findings).toEqual([]);
    await useIds(51_000);

    const { findings } = await check();

    expect(findings.map(({ kind }) => kind)).toEqual(['horizon-held', 'horizon-held', 'horizon-held']);
    expect(findings.map(({ subject }) => subject?.replace(/\d+/, 'n')).sort()).toEqual([
      'pid n',
      'prepared transaction forgotten',
      'replication slot abandoned',
    ]);
    expect(findings.every(({ value, limit }) => value !== undefined && value > 51_000 && limit === 50_000)).toBe(true);
    expect(findings.find(({ subject }) => subject?.startsWith('pid'))?.summary).toContain('in database other');
    session.on('error', () => undefined);
    for (const { command } of findings) await execute(tests.server.url(), command ?? '');
    expect((await check()).findings).toEqual([]);
  });

  test('and a role that may not see transactions says so, until the command is run', async () => {
    const url = tests.server.url('postgres', { name: 'fettle', password: 'p' });
    const session = await openSession(tests.server.url(), 'BEGIN');

    const { findings } = await check({}, undefined, url);
    expect(findings).toMatchObject([{ kind: 'holders-hidden', value: 1, command: 'GRANT pg_monitor TO "fettle"' }]);

    await execute(tests.server.url(), findings[0]?.command ?? '');
    expect((await check({}, undefined, url)).findings).toEqual([]);
    await session.end();
  });
});

describe('what autovacuum should have frozen long ago', () => {
  test('is overdue in every database, with the date of its end and with who holds it', async () => {
    const { baseline } = await check();
    const holder = await openSession(tests.server.url(), 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT 1');
    await useIds(126_000);

    const { findings } = await check({}, anHourEarlier(baseline));
    await holder.end();

    expect(findings.map(({ kind }) => kind)).not.toContain('wraparound-near');
    const overdue = findings.filter(({ kind }) => kind === 'freeze-overdue');
    const here = overdue.find(({ subject }) => subject === 'database postgres');
    // 126,000 an hour: 2^31 less three million take 709 days.
    expect(here?.summary).toMatch(
      /^database postgres: 17\d,\d{3} transactions since its last freeze, limit 125,000; 2,144,3\d\d,\d{3} left until writes are refused, on \d{4}-\d\d-\d\d at \d\d:\d\d UTC at the present rate; held by the session with pid \d+/,
    );
    expect(overdue.find(({ subject }) => subject === 'database template0')).toMatchObject({
      summary: expect.stringContaining('(which allows no connections), whose tables are not visible from postgres'),
      command: 'ALTER DATABASE "template0" ALLOW_CONNECTIONS true',
    });
    expect(overdue.find(({ subject }) => subject === 'database other')?.command).toBe(
      `vacuumdb --min-xid-age=125000 --dbname='other'`,
    );
    expect(overdue.filter(({ subject }) => subject?.includes('.'))).toHaveLength(20);
    expect(overdue.at(-1)?.summary).toMatch(/^\d+ more tables of postgres are over a limit$/);
  });

  test('fails where the present rate reaches the end within the time that is given', async () => {
    const { baseline } = await check();
    await useIds(1_000);

    expect(kindsOf(await check({ failWithin: '9000d' }, anHourEarlier(baseline)))).toEqual(['freeze-overdue']);
    // The same ids in a hundred seconds: 2^31 less three million take 2,500 days.
    expect(kindsOf(await check({ failWithin: '9000d' }, earlier(baseline, 100)))).toContain('wraparound-near');
  });

  test('is a pass again when the databases are vacuumed, the closed one too', async () => {
    await execute(tests.server.url(), 'ALTER DATABASE "template0" ALLOW_CONNECTIONS true');
    for (const name of ['postgres', 'template0', 'template1', 'other'])
      await execute(tests.server.url(name), 'VACUUM (FREEZE)');
    await execute(tests.server.url(), 'ALTER DATABASE "template0" ALLOW_CONNECTIONS false');
    expect((await check()).findings).toEqual([]);
  });
});

test('a temporary table is overdue without a command, because only its own session can vacuum it', async () => {
  const session = await openSession(tests.server.url(), 'CREATE TEMPORARY TABLE scratch (id int)');
  await useIds(126_000);
  await execute(tests.server.url(), 'VACUUM (FREEZE)');

  const { findings } = await check();
  await session.end();

  const tables = findings.filter(({ subject }) => subject?.includes('.'));
  expect(tables).toMatchObject([{ kind: 'freeze-overdue', subject: expect.stringMatching(/^pg_temp_\d+\.scratch$/) }]);
  expect(tables[0]?.command).toBeUndefined();
});

test('a target that cannot be read is unknown and keeps what is remembered of it', async () => {
  const known = [{ takenAt: 1, nextXid: 1, nextMxid: 1 }];
  const targets = { lost: { url: 'postgres://u@127.0.0.1:1/d' }, main: { url: tests.server.url() } };

  const result = await resultOf({ task, targets, baseline: { targets: { lost: known } } });

  expect(result.findings[0]).toMatchObject({ kind: 'not-readable', target: 'lost' });
  expect(result.baseline).toMatchObject({ targets: { lost: known, main: [{}] } });
  expect(await valueOf(tests.server.url(), 'SELECT 1')).toBe(1);
});

/** What was remembered as if the run had been so much earlier. */
function earlier(baseline: unknown, seconds: number): unknown {
  const { targets } = baseline as { targets: { main: { takenAt: number }[] } };
  return { targets: { main: targets.main.map((one) => ({ ...one, takenAt: one.takenAt - seconds })) } };
}

function anHourEarlier(baseline: unknown): unknown {
  return earlier(baseline, 3_600);
}
