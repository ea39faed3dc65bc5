import { task } from '../../../lambdas/tasks/postgres/reindex.ts';
import { execute } from '../../../lib/demo/servers/postgres.ts';
import { type Benchmark, inRounds } from '../benchmark.ts';
import { gate } from '../gate.ts';
import { perform, postgresProgram } from '../programs.ts';
import { sized } from '../size.ts';
import { createTables, rowsOf, startServer, type Table, toEnd } from './_database.ts';

const TABLES: readonly Table[] = Array.from({ length: 8 }, (_, place) => ({
  name: `t${place}`,
  rows: sized(300_000, 20_000),
}));
const BLOATED = TABLES.filter((_, place) => place % 2 === 0).map(({ name }) => name);
const KEPT = 'kept';
const WORK = 'work';

export const benchmark: Benchmark = {
  goal: 'P14',
  what: 'rebuilding indexes of which half are bloated',
  needs: ['reindexdb'],
  run: async (say) => {
    await using started = await startServer();
    const { server } = started;
    const kept = await server.createDatabase(KEPT);
    const url = server.url(WORK);
    say(`making 8 tables of ${TABLES[0]?.rows ?? 0} rows, 4 indexes each, half of them bloated …`);
    await createTables(kept, TABLES);
    const bloat = BLOATED.flatMap((name) => [`DELETE FROM ${name} WHERE id % 5 < 3`, `VACUUM (ANALYZE) ${name}`]);
    await execute(kept, 'CREATE EXTENSION pgstattuple', ...bloat);
    const before = await sizesIn(kept);
    const reindexdb = await postgresProgram('reindexdb');
    const waits: number[] = [];

    async function ours(): Promise<void> {
      const { actions, waitSeconds } = await toEnd(task, url, { minSize: '256kB', maxIndexes: 50 });
      const done = actions.filter((action) => /^reindex .* done$/.test(action)).length;
      gate(done === BLOATED.length * 4, `${done} of ${BLOATED.length * 4} bloated indexes were rebuilt`);
      waits.push(waitSeconds);
    }
    const theirs = (jobs: number, workers: number) => () =>
      perform(
        reindexdb,
        '--concurrently',
        '--quiet',
        `--jobs=${jobs}`,
        ...TABLES.map(({ name }) => `--table=${name}`),
        `${url}?options=-c%20max_parallel_maintenance_workers%3D${workers}`,
      );

    const { pairs, seconds } = await inRounds({
      before: () => copyDatabase(server.url()),
      after: (side) => gateCompact(url, before, side),
      sides: { ours, one: theirs(1, 0), two: theirs(2, 2) },
    });
    const what =
      `postgres-reindex, one index at a time: 8 tables of ${TABLES[0]?.rows ?? 0} rows with 4 indexes each, from 4 of ` +
      `them 60 % deleted; without the ${Math.max(...waits)} s that the state machine waits`;
    const because =
      'each index is measured and noted, built without parallel workers, and guarded by a ' + 'second session';
    const common = { what, ours: seconds.ours, unit: 'seconds', hold: 0.65, better: 'less', pairs, because } as const;
    return [
      {
        ...common,
        goal: 'P14a',
        peer: '`reindexdb --concurrently --jobs=1` without workers, as many processes as ours',
        theirs: seconds.one,
      },
      {
        ...common,
        goal: 'P14b',
        peer: '`reindexdb --concurrently --jobs=2` with two workers each',
        theirs: seconds.two,
      },
    ];
  },
};

/** A copy of the files: making the bloat anew would take longer than all that is measured. */
async function copyDatabase(url: string): Promise<void> {
  const copy = `CREATE DATABASE ${WORK} TEMPLATE ${KEPT} STRATEGY file_copy`;
  await execute(url, `DROP DATABASE IF EXISTS ${WORK} WITH (FORCE)`, copy);
}

type Sizes = ReadonlyMap<string, { readonly table: string; readonly bytes: number }>;

async function sizesIn(url: string): Promise<Sizes> {
  const rows = await rowsOf<{ name: string; table: string; bytes: number }>(
    url,
    `SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS table, pg_relation_size(indexrelid)::int AS bytes
     FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace`,
  );
  return new Map(rows.map(({ name, table, bytes }) => [name, { table, bytes }]));
}

/** Whoever rebuilt: no index is missing, new, invalid, or still as large as it was where it was bloated; and no deadlock. */
async function gateCompact(url: string, before: Sizes, side: string): Promise<void> {
  const after = await sizesIn(url);
  gate([...after.keys()].sort().join() === [...before.keys()].sort().join(), `${side} left other indexes`);
  for (const [name, { table, bytes }] of after) {
    if (!BLOATED.includes(table)) continue;
    const was = before.get(name)?.bytes ?? 0;
    gate(bytes < was * 0.65, `after ${side}, ${name} has ${bytes} bytes and had ${was}`);
  }
  const [faults] = await rowsOf<{ invalid: number; deadlocks: number }>(
    url,
    `SELECT (SELECT count(*)::int FROM pg_index WHERE NOT indisvalid) AS invalid,
       (SELECT sum(deadlocks)::int FROM pg_stat_database) AS deadlocks`,
  );
  gate(faults?.invalid === 0 && faults.deadlocks === 0, `${side}: ${JSON.stringify(faults)}`);
}
