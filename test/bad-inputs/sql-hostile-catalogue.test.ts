import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../../core/json.ts';
import type { Task } from '../../core/task.ts';
import { task as analyze } from '../../lambdas/tasks/postgres/analyze.ts';
import { task as checkConnection } from '../../lambdas/tasks/postgres/check-connection.ts';
import { task as checkSlowQueries } from '../../lambdas/tasks/postgres/check-slow-queries.ts';
import { task as checkWraparound } from '../../lambdas/tasks/postgres/check-wraparound.ts';
import { task as reindex } from '../../lambdas/tasks/postgres/reindex.ts';
import { task as vacuum } from '../../lambdas/tasks/postgres/vacuum.ts';
import { needsOf } from '../harness/needs-of.ts';
import { startTestServer, type TestServer, toEnd } from '../lambdas/tasks/postgres/_database.ts';
import { BLOATED, DATABASE, NAMES, OWNER, plantHostileCatalogue, runOn } from './_hostile-catalogue.ts';
import { LOG_SETTINGS, logSince } from './_statement-log.ts';
import { shapeOf } from './_statement-shape.ts';
import { undeclared } from './_statement-shapes.ts';

let tests: TestServer;
let superuser: string;
let keeper: string;
let begin: number;
beforeAll(async () => {
  tests = await startTestServer(LOG_SETTINGS);
  superuser = await tests.server.createDatabase(DATABASE);
  keeper = await plantHostileCatalogue(superuser, (role) => tests.server.url(DATABASE, role));
  begin = tests.server.log().length;
});
afterAll(() => tests.end());

// Half of what is due is left by the first round to the second, where pgstattuple is there as well.
const TASKS: [Task, Record<string, Json>][] = [
  [checkConnection, {}],
  [checkWraparound, {}],
  [checkSlowQueries, { minInterval: '1s', callsAbove: 0, queriesAbove: 0 }],
  [vacuum, { minRows: 500, maxPercent: '50%' }],
  [analyze, { minRows: 500, maxPercent: '50%' }],
  [reindex, { minSize: '500kB', maxIndexes: 3 }],
];

/** Runs the task and its look at what it needs; what the server says that was executed meanwhile. */
async function logOf(task: Task, url: string, input: Record<string, Json>) {
  const from = tests.server.log().length;
  const performed = await toEnd({ task, targets: { main: { url } }, input });
  const needs = await needsOf({ task, targets: { main: { url } }, input });
  // The log comes through a pipe; a statement that is in it ends the wait.
  const mark = `SELECT 'end of ${task.name}'`;
  await runOn(superuser, mark);
  while (!tests.server.log().includes(mark, from)) await sleep(10);
  return { ...performed, needs, ...logSince(tests.server, from) };
}

describe.each(['a role that owns nothing', 'a superuser'])('as %s', (role) => {
  const url = () => (role === 'a superuser' ? superuser : keeper);
  beforeAll(async () => {
    if (role === 'a superuser') await runOn(superuser, 'CREATE EXTENSION pgstattuple SCHEMA public');
  });

  test.each(TASKS.map(([task, input]) => ({ name: task.name, task, input })))(
    '$name judges a database full of traps, and each of its statements has a shape that is written down',
    async ({ name, task, input }) => {
      const { result, needs, statements } = await logOf(task, url(), input);
      const ours = statements.filter(({ application }) => application.startsWith('fettle:'));
      const kinds = result.findings.map(({ kind }) => kind);

      expect(ours.length).toBeGreaterThan(10);
      expect(undeclared(name, [...new Set(ours.map(({ text }) => shapeOf(text)))])).toEqual([]);
      expect(kinds.filter((kind) => kind === 'not-readable' || kind === 'task-failed')).toEqual([]);
      expect(result.measurements.length).toBeGreaterThan(0);
      expect(needs.filter(({ state }) => state === 'unknown')).toEqual([]);
    },
  );
});

describe('afterwards', () => {
  test('nothing that was planted has been executed, except the function of an index, as its owner', () => {
    const { canaries } = logSince(tests.server, begin);
    const ours = canaries.filter(({ application }) => application.startsWith('fettle:'));

    expect([...new Set(ours.map(({ said }) => said))]).toEqual([`canary index function as ${OWNER}`]);
  });

  test('every table was vacuumed and analyzed, whatever its name and whatever stands beside it', async () => {
    const rows = await runOn(
      superuser,
      'SET search_path = pg_catalog',
      `SELECT array_agg(s.schemaname || '/' || s.relname) FILTER (WHERE s.vacuum_count = 0) AS unvacuumed,
              array_agg(s.schemaname || '/' || s.relname) FILTER (WHERE s.analyze_count = 0) AS unanalyzed,
              count(*)::integer AS tables
       FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
       WHERE c.relkind = 'r' AND c.reltuples > 100`,
    );

    expect(rows).toEqual([{ unvacuumed: null, unanalyzed: null, tables: NAMES.length + 5 }]);
  });

  test('the bloated indexes were rebuilt, nothing invalid and no note is left, and the victim has all of its rows', async () => {
    const [row] = await runOn(
      superuser,
      'SET search_path = pg_catalog',
      `SELECT (SELECT count(*)::integer FROM pg_index WHERE NOT indisvalid) AS invalid,
              (SELECT count(*)::integer FROM pg_largeobject_metadata) AS notes,
              (SELECT count(*)::integer FROM public.victim) AS victims,
              (SELECT max(pg_relation_size(i.indexrelid))::integer FROM pg_index i
               WHERE i.indrelid = 'public."the ""indexed"" one"'::regclass) AS largest`,
    );

    expect(BLOATED).toHaveLength(4);
    expect(row).toMatchObject({ invalid: 0, notes: 0, victims: 7 });
    expect(row?.['largest']).toBeLessThan(300_000);
  });

  test('the log would have shown it: a planted function that someone calls is seen', async () => {
    const from = tests.server.log().length;
    await runOn(superuser, 'SELECT current_database()', `SELECT 'seen'`);
    while (!tests.server.log().includes(`'seen'`, from)) await sleep(10);

    expect(logSince(tests.server, from).canaries).toContainEqual({
      application: '[unknown]',
      said: 'canary function current_database as postgres',
    });
  });
});
