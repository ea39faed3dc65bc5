import { execute } from '../../../../lib/demo/servers/postgres.ts';
import type { IndexStats } from '../../../../lambdas/tasks/postgres/_indexes.ts';
import { valueOf } from './_database.ts';

/** An index of which nothing is wrong, changed as a test needs it. */
export function indexStats(changes: Partial<IndexStats> = {}): IndexStats {
  return {
    oid: 20_001,
    relation: 'public.orders_note_idx',
    schema: 'public',
    name: 'orders_note_idx',
    quoted_name: 'orders_note_idx',
    table_oid: 20_000,
    table: 'public.orders',
    table_owner: 'app',
    method: 'btree',
    definition: 'CREATE INDEX orders_note_idx ON public.orders USING btree (note)',
    size_bytes: 40 * 1_024 ** 2,
    reltuples: 100_000,
    table_reltuples: 100_000,
    table_relpages: 1_000,
    table_pages: 1_000,
    indisvalid: true,
    indisunique: false,
    indisexclusion: false,
    fillfactor: 90,
    deduplicate_items: true,
    columns: ['note'],
    runs_foreign_code: false,
    is_ours_to_rebuild: true,
    is_being_changed: false,
    ...changes,
  };
}

/** A table whose index `<table>_key` is bloated by the deletion of all rows but a fifth, vacuumed and counted. */
export async function bloatedTable(url: string, table: string, rows = 60_000): Promise<void> {
  await execute(
    url,
    `CREATE TABLE ${table} (id int, note text)`,
    `INSERT INTO ${table} SELECT n, md5(n::text) FROM generate_series(1, ${rows}) n`,
    `CREATE INDEX ${table}_key ON ${table} (note)`,
    `DELETE FROM ${table} WHERE id % 5 > 0`,
    `VACUUM (ANALYZE) ${table}`,
  );
}

export async function sizeOf(url: string, relation: string): Promise<number> {
  return Number(await valueOf(url, `SELECT pg_relation_size('${relation}')`));
}

/** The names of all indexes of the schema `public` that are invalid. */
export async function invalidIndexes(url: string): Promise<string[]> {
  const [result] = await execute(
    url,
    `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE NOT i.indisvalid AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  return (result?.rows ?? []).map((row) => String((row as { relname: unknown }).relname));
}

export async function notes(url: string): Promise<number> {
  return Number(await valueOf(url, 'SELECT count(*) FROM pg_largeobject_metadata'));
}
