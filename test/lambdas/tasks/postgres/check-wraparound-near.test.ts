import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-wraparound.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { openSession, startTestServer, type TestServer } from './_database.ts';

let tests: TestServer;
let url = '';
beforeAll(async () => {
  tests = await startTestServer();
  url = await tests.server.createDatabase('shop');
  await execute(url, 'CREATE TABLE orders (id int PRIMARY KEY, note text)');
});
afterAll(() => tests.end());

const HALF = 2 ** 31;

/** Makes the table and its database so old as if nobody had frozen them, in the catalogue by which the server itself goes. */
async function age(column: 'xid' | 'mxid', ids: number): Promise<void> {
  const [table, database, next] =
    column === 'xid'
      ? ['relfrozenxid', 'datfrozenxid', 'pg_snapshot_xmax(pg_current_snapshot())::text::int8']
      : ['relminmxid', 'datminmxid', '(datminmxid::text::int8 + mxid_age(datminmxid))'];
  const old = `((${next} - ${ids} + 8589934592) % 4294967296)::text::xid`;
  await execute(
    url,
    `UPDATE pg_class SET ${table} = (SELECT ${old} FROM pg_database WHERE datname = 'shop') WHERE relname = 'orders'`,
    `UPDATE pg_database SET ${database} = ${old} WHERE datname = 'shop'`,
  );
}

/** What the server says of itself when it looks at its databases. */
async function warningsOfServer(): Promise<{ session: pg.Client; warnings: string[] }> {
  const session = await openSession(tests.server.url());
  const warnings: string[] = [];
  session.on('notice', ({ message }) => warnings.push(message ?? ''));
  await session.query('VACUUM (FREEZE)');
  return { session, warnings };
}

async function findingsOf(at = url) {
  return (await resultOf({ task, targets: { main: { url: at } } })).findings;
}

describe('a database that nears the wraparound', () => {
  test('is overdue from half of all ids on, and fails from three quarters on', async () => {
    await age('xid', 0.45 * HALF);
    const overdue = await findingsOf();
    expect(overdue.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['freeze-overdue', 'database shop'],
      ['freeze-overdue', 'public.orders'],
    ]);

    await age('xid', 0.76 * HALF);
    const near = await findingsOf();
    expect(near.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['wraparound-near', 'database shop'],
      ['wraparound-near', 'public.orders'],
    ]);
    expect(near[1]).toMatchObject({ unit: 'transactions', command: 'VACUUM (VERBOSE, PARALLEL 0) public.orders' });
    expect(near[1]?.summary).toContain('beyond vacuum_failsafe_age');
  });

  test('is seen from every other database of the server, which looks healthy by itself', async () => {
    await age('xid', 0.76 * HALF);

    expect(await findingsOf(tests.server.url())).toMatchObject([
      {
        kind: 'wraparound-near',
        subject: 'database shop',
        summary: expect.stringContaining('not visible from postgres'),
      },
    ]);
  });

  test('has as many transactions left as the server itself says, less what it keeps for administrators', async () => {
    await age('xid', HALF - 30_000_000);
    const { session, warnings } = await warningsOfServer();
    await session.end();
    const ofServer = Number(/database "shop" must be vacuumed within (\d+) transactions/.exec(warnings.join())?.[1]);

    const [finding] = await findingsOf();

    const ours = Number(/; ([\d,]+) left until writes/.exec(finding?.summary ?? '')?.[1]?.replaceAll(',', ''));
    expect(ofServer - 3_000_000 - ours).toBeGreaterThanOrEqual(-20);
    expect(ofServer - 3_000_000 - ours).toBeLessThan(20);
  });

  test('that no longer takes writes is said to, and answers to be asked', async () => {
    await age('xid', HALF - 2_000_000);
    const { session } = await warningsOfServer();
    await expect(session.query('CREATE TABLE late (id int)')).rejects.toThrow(
      'not accepting commands to avoid wraparound',
    );
    await session.end();

    const [finding] = await findingsOf();
    expect(finding).toMatchObject({ kind: 'wraparound-near' });
    expect(finding?.summary).toContain('the server refuses writes now');

    // A plain vacuum is all that it takes, and what the finding of the table gives.
    await execute(url, (await findingsOf())[1]?.command ?? '');
    expect(await findingsOf()).toEqual([]);
  });
});

test('the TOAST table of a young table counts, and the command vacuums it with its table', async () => {
  await execute(
    url,
    `UPDATE pg_class SET relfrozenxid = ((pg_snapshot_xmax(pg_current_snapshot())::text::int8 + 4294967296 - 300000000)
       % 4294967296)::text::xid WHERE oid = (SELECT reltoastrelid FROM pg_class WHERE relname = 'orders')`,
  );

  const [finding, ...others] = await findingsOf();
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ kind: 'freeze-overdue', subject: 'public.orders' });
  expect(finding?.summary).toMatch(
    /^public\.orders \(its TOAST table pg_toast\.pg_toast_\d+\): 300,000,00\d transactions/,
  );

  await execute(url, finding?.command ?? '');
  expect(await findingsOf()).toEqual([]);
});

test('multixacts wrap around too, at an age of their own', async () => {
  await age('mxid', 0.3 * HALF);

  const findings = await findingsOf();

  expect(findings.map(({ kind, subject, unit }) => [kind, subject, unit])).toEqual([
    ['freeze-overdue', 'database shop', 'count'],
    ['freeze-overdue', 'public.orders', 'count'],
  ]);
  expect(findings[0]?.summary).toContain('multixacts since its last freeze, limit 500,000,000');
});
