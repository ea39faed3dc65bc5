import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry } from '../../../core/platform.ts';
import type { Stage } from '../scene.ts';
import { openDatabase } from './_database.ts';

const TABLES = ['orders', 'users'] as const;
const ROWS = 400;

/** Two tables whose rows have all been changed since their last upkeep, which the server counts. */
export async function upkeepStage(verb: 'vacuum' | 'analyze', input: Entry['input']): Promise<Stage> {
  const database = await openDatabase();
  for (const table of TABLES) {
    const fill = `INSERT INTO ${table} SELECT n, 'new' FROM generate_series(1, ${ROWS}) n`;
    await database.execute(
      `CREATE TABLE ${table} (id int PRIMARY KEY, status text) WITH (autovacuum_enabled = off)`,
      fill,
      `VACUUM (ANALYZE) ${table}`,
    );
  }
  const [count, due] = verb === 'vacuum' ? ['vacuum_count', 'n_dead_tup'] : ['analyze_count', 'n_mod_since_analyze'];
  const counters = async () => {
    const rows = await database.rows(
      `SELECT relname, ${count}::int AS count, ${due}::int AS due FROM pg_stat_user_tables ORDER BY 1`,
    );
    return rows.map((row) => ({ table: String(row['relname']), count: Number(row['count']), due: Number(row['due']) }));
  };
  let before = new Map<string, number>();
  return {
    targets: { postgres: { main: { url: database.url } } },
    input: { minRows: 100, ...input },
    reset: async () => {
      await database.settle();
      await database.execute(...TABLES.map((table) => `UPDATE ${table} SET status = 'changed'`));
      while ((await counters()).some((one) => one.due < ROWS)) await sleep(10);
      before = new Map((await counters()).map((one) => [one.table, one.count]));
    },
    shown: async () => {
      const now = await counters();
      return {
        effects: Object.fromEntries(
          now.map(({ table, count: after }) => [`${verb} public.${table}`, after - (before.get(table) ?? 0)]),
        ),
        mayRepeat: false,
        due: now.filter((one) => one.due > 0).map(({ table }) => table),
        leftovers: [],
        damage: [],
      };
    },
    settle: () => database.settle(),
    stop: () => database.close(),
  };
}
