import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { execute } from '../../lib/demo/servers/postgres.ts';
import { literal } from '../../lambdas/tasks/postgres/_command.ts';
import { task as analyze } from '../../lambdas/tasks/postgres/analyze.ts';
import { task as reindex } from '../../lambdas/tasks/postgres/reindex.ts';
import { task as vacuum } from '../../lambdas/tasks/postgres/vacuum.ts';
import { resultOf } from '../harness/perform-task.ts';
import { bloatedTable } from '../lambdas/tasks/postgres/_reindex-fixtures.ts';
import {
  openSession,
  startTestServer,
  tableWithDeadRows,
  type TestServer,
  toEnd,
} from '../lambdas/tasks/postgres/_database.ts';
import { NAMES } from './_hostile-catalogue.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

const targetsOf = (url: string) => ({ main: { url } });
const seed = Number(process.env['FETTLE_SEED'] ?? Date.now() % 2 ** 31);

describe('a table that a profile names', () => {
  let url: string;
  beforeAll(async () => {
    url = await tests.database();
    await execute(url, ...NAMES.map((name) => `CREATE TABLE public.${pg.escapeIdentifier(name)} (id int)`));
  });

  const missing = async (tables: string[]) => {
    const { findings } = await resultOf({ task: reindex, targets: targetsOf(url), input: { tables }, mode: 'plan' });
    return findings.filter(({ kind }) => kind === 'no-such-table').map(({ subject }) => subject);
  };

  test('is found by its very name, with and without its schema', async () => {
    expect(await missing([...NAMES])).toEqual([]);
    expect(await missing(NAMES.map((name) => `public.${name}`))).toEqual([]);
  });

  test.each([
    { title: 'a statement in it', name: 'x"; DROP TABLE public.plain; --' },
    { title: 'another case', name: 'Plain' },
    { title: 'a blank before or after it', name: ' plain ' },
    { title: 'its name quoted', name: '"plain"' },
    { title: 'a pattern', name: 'pl%' },
    { title: 'a star', name: '*' },
    { title: 'one byte more than PostgreSQL keeps', name: `${'x'.repeat(61)}éz` },
    { title: 'a name that PostgreSQL would cut to another', name: `${'ü'.repeat(31)}ü` },
    { title: 'letters that look like its own', name: 'plаin' },
    { title: 'the schema of another', name: 'other.plain' },
    { title: 'a dot too many', name: 'shop.public.plain' },
    { title: 'a table of the system', name: 'pg_catalog.pg_am' },
    { title: 'a view of the system', name: 'information_schema.tables' },
  ])('with $title means no table, which is said and never taken for another one', async ({ name }) => {
    expect(await missing([name, 'plain'])).toEqual([name]);
  });

  test('with a zero byte, which no name can have, leaves the target unknown and names the byte', async () => {
    const { findings } = await resultOf({ task: reindex, targets: targetsOf(url), input: { tables: ['a\0b'] } });

    expect(findings).toMatchObject([{ kind: 'not-readable', summary: expect.stringMatching(/0x00/) }]);
  });

  test.each([[''], [[]], [{}], [7], [null], ['x'.repeat(128)]])('as %j is refused before anything is asked', (name) => {
    expect(reindex.input.safeParse({ tables: [name] }).success).toBe(false);
  });
});

describe('names are quoted so that the server reads them as they are', () => {
  // What ends, escapes, continues or hides something, among all that a name can hold.
  const Piece = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        `"`,
        `'`,
        `\\`,
        ';',
        '--',
        '/*',
        '*/',
        '$$',
        '$1',
        '%I',
        '\n',
        '\t',
        '.',
        ' ',
        `E'`,
        'é',
        '🐘',
        '\u202e',
        '\ufeff',
        '\u0301',
      ),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  );
  const Name = fc
    .array(Piece, { minLength: 1, maxLength: 12 })
    .map((pieces) => pieces.join('').replaceAll('\0', '').toWellFormed())
    .filter((name) => name !== '' && Buffer.byteLength(name) <= 63);
  const names = fc.sample(Name, { numRuns: 2_500, seed });
  const batches = Array.from({ length: 5 }, (_, batch) => names.slice(batch * 500, (batch + 1) * 500));

  const columnsOf = async (url: string, identifiers: readonly string[]) => {
    const [result] = await execute(url, `SELECT ${identifiers.map((one) => `1 AS ${one}`).join(', ')}`);
    return result?.fields.map(({ name }) => name);
  };

  test(`as identifiers, by us and by the server alike (FETTLE_SEED=${seed})`, async () => {
    const url = await tests.database();
    for (const batch of batches) {
      const [byServer] = await execute(
        url,
        `SELECT format('%I', name) AS quoted FROM unnest(ARRAY[${batch.map((name) => pg.escapeLiteral(name)).join(', ')}]) WITH ORDINALITY AS given(name, place) ORDER BY place`,
      );
      const quoted = (byServer?.rows ?? []).map((row) => String((row as { quoted: unknown }).quoted));

      expect(await columnsOf(url, batch.map(pg.escapeIdentifier))).toEqual(batch);
      expect(await columnsOf(url, quoted)).toEqual(batch);
    }
  });

  test.each(['on', 'off'])(
    `as texts, also where standard_conforming_strings is %s (FETTLE_SEED=${seed})`,
    async (conforming) => {
      const url = await tests.database();
      // What is meant to be pasted relies on the setting, which every session of ours makes.
      const ways = conforming === 'on' ? [pg.escapeLiteral, literal] : [pg.escapeLiteral];
      for (const batch of batches) {
        for (const way of ways) {
          const [, result] = await execute(
            url,
            `SET standard_conforming_strings = ${conforming}`,
            `SELECT ARRAY[${batch.map(way).join(', ')}] AS texts`,
          );
          expect(result?.rows).toEqual([{ texts: batch }]);
        }
      }
    },
  );
});

describe('what is like a table', () => {
  test('is vacuumed and analyzed by its kind: no foreign table, no view, none of another session, none of the system', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'plain', 2_000, 1_500);
    await execute(
      url,
      'CREATE FOREIGN DATA WRAPPER nowhere',
      'CREATE SERVER away FOREIGN DATA WRAPPER nowhere',
      'CREATE FOREIGN TABLE away (id int) SERVER away',
      'CREATE VIEW seen AS SELECT 1 AS id',
      'CREATE SEQUENCE numbers',
      'CREATE TYPE pair AS (a int, b int)',
      'CREATE TABLE parent (id int) PARTITION BY RANGE (id)',
      'CREATE TABLE child PARTITION OF parent FOR VALUES FROM (1) TO (9)',
    );
    await execute(
      url,
      'CREATE UNLOGGED TABLE unlogged (id int)',
      'INSERT INTO unlogged SELECT generate_series(1, 2000)',
    );
    // It hides the other one for whoever leaves the search to the search path.
    const other = await openSession(
      url,
      'CREATE TEMPORARY TABLE plain (id int)',
      'INSERT INTO plain SELECT generate_series(1, 2000)',
    );
    const input = { minRows: 500 };

    const vacuumed = await toEnd({ task: vacuum, targets: targetsOf(url), input });
    const analyzed = await toEnd({ task: analyze, targets: targetsOf(url), input });
    await other.end();

    expect(vacuumed.actions.map(({ subject, status }) => `${subject} ${status}`).sort()).toEqual([
      'public.plain done',
      'public.unlogged done',
    ]);
    expect(analyzed.actions.map(({ subject, status }) => `${subject} ${status}`).sort()).toEqual([
      'public.parent done',
      'public.plain done',
      'public.unlogged done',
    ]);
  });
});

describe('a catalogue whose numbers cannot be', () => {
  test.each(['1e38', '-7', 'Infinity', 'NaN'])(
    'a table of %s rows leaves its neighbour served, or the target unknown in words',
    async (rows) => {
      const url = await tests.database();
      await tableWithDeadRows(url, 'plain', 2_000, 1_500);
      await execute(
        url,
        'CREATE TABLE odd (id int)',
        'SET allow_system_table_mods = on',
        `UPDATE pg_class SET reltuples = '${rows}', relpages = 2147483647 WHERE relname = 'odd'`,
      );

      const { result, actions } = await toEnd({ task: vacuum, targets: targetsOf(url), input: { minRows: 500 } });
      const served = actions.map(({ subject, status }) => `${subject} ${status}`);
      const isNumber = Number.isFinite(Number(rows));

      expect(served).toEqual(isNumber ? ['public.plain done'] : []);
      expect(result.findings).toMatchObject([
        isNumber
          ? { kind: 'statistics-reset', summary: expect.stringMatching(/public\.odd/) }
          : { kind: 'not-readable', summary: expect.stringMatching(/what cannot be.* at \[\d\]\.reltuples/) },
      ]);
    },
  );
});

describe('an event trigger that forbids every change', () => {
  test('does not keep tables from being vacuumed, and leaves the bloated index unknown with its words', async () => {
    const url = await tests.database();
    await bloatedTable(url, 'orders', 20_000);
    await tableWithDeadRows(url, 'plain', 2_000, 1_500);
    await execute(
      url,
      `CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % here', tg_tag; END $$`,
      'CREATE EVENT TRIGGER forbid ON ddl_command_start EXECUTE FUNCTION forbid()',
    );
    const input = { minSize: '500kB' };

    const vacuumed = await toEnd({ task: vacuum, targets: targetsOf(url), input: { minRows: 500 } });
    const before = await toEnd({ task: reindex, targets: targetsOf(url), input });
    await execute(url, 'DROP EVENT TRIGGER forbid');
    const after = await toEnd({ task: reindex, targets: targetsOf(url), input });

    expect(vacuumed.actions).toMatchObject([{ status: 'done' }, { subject: 'public.plain', status: 'done' }]);
    expect(before.actions).toEqual([]);
    expect(before.result.findings).toMatchObject([
      {
        kind: 'not-measurable',
        subject: 'public.orders_key',
        summary: expect.stringMatching(/no CREATE TABLE AS here/),
      },
    ]);
    expect(after.result.findings).toMatchObject([{ kind: 'rebuilt', subject: 'public.orders_key' }]);
  });
});

describe('an address with a password', () => {
  const PASSWORD = `s3cr'et"/\\ü %+`;
  const encoded = encodeURIComponent(PASSWORD);

  test.each([
    { title: 'is wrong', address: (port: number) => `postgres://postgres:${encoded}@127.0.0.1:${port}/postgres` },
    { title: 'leads nowhere', address: () => `postgres://postgres:${encoded}@127.0.0.1:1/postgres` },
    {
      title: 'names no known role',
      address: (port: number) => `postgres://nobody:${encoded}@127.0.0.1:${port}/postgres`,
    },
    { title: 'is no address', address: () => `postgres://postgres:${encoded}@:x/y` },
    {
      title: 'has a broken escape',
      address: (port: number) => `postgres://postgres:${encoded}%zz@127.0.0.1:${port}/postgres`,
    },
    {
      title: 'asks for what TLS does not have',
      address: (port: number) => `postgres://postgres:${encoded}@127.0.0.1:${port}/postgres?sslmode=maybe`,
    },
  ])('that $title is not repeated in any finding', async ({ address }) => {
    const url = address(tests.server.port);
    for (const task of [vacuum, analyze, reindex]) {
      const { findings } = await resultOf({ task, targets: { main: { url } } });
      const said = JSON.stringify(findings);

      expect(findings).toMatchObject([{ kind: 'not-readable', target: 'main' }]);
      for (const part of [PASSWORD, encoded, JSON.stringify(PASSWORD).slice(1, -1), 's3cr'])
        expect(said).not.toContain(part);
    }
  });
});
