import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { execute } from './servers/postgres.ts';

/** The entry of a profile with limits that a demo of a minute can exceed; other tables have their own problems. */
export const INDEX_INPUTS = { 'postgres-reindex': { tables: ['checkins'], minSize: '1MB' } } as const;

/** What stays until a person decides: nobody can prove whose it is. */
export const INDEX_FINDINGS: readonly string[] = [
  'postgres-reindex foreign-invalid-index main public.checkins_ticket_unique',
];

/** Two bloated indexes, and what a rebuild of Fettle left when it was cut off. All others of the table are well. */
export const INDEX_ACTIONS: readonly string[] = [
  'sweep main public.checkins_scanned_idx',
  'reindex main public.checkins_device_idx',
  'reindex main public.checkins_tags_idx',
];

const SCHEMA = [
  'DROP TABLE IF EXISTS checkins',
  `CREATE TABLE checkins (
     id bigint, ticket_id bigint NOT NULL, gate text NOT NULL, device text NOT NULL, tags int[] NOT NULL,
     scanned_at timestamptz NOT NULL)`,
  'CREATE INDEX checkins_device_idx ON checkins (device)',
  'CREATE INDEX checkins_tags_idx ON checkins USING gin (tags)',
  `INSERT INTO checkins (id, ticket_id, gate, device, tags, scanned_at)
   SELECT n, n % 30000, 'gate ' || n % 12, md5('device' || n), ARRAY[n % 700, n % 90, n % 11],
          timestamptz '2026-03-01' + n * interval '20 seconds'
   FROM generate_series(1, 120000) n`,
  // What a cleaning of old rows does to the indexes that were there.
  'DELETE FROM checkins WHERE id % 4 > 0',
  'VACUUM (ANALYZE) checkins',
];

const HEALTHY = [
  'ALTER TABLE checkins ADD PRIMARY KEY (id)',
  // Twelve keys that share their entries: smaller than a formula without them expects.
  'CREATE INDEX checkins_gate_idx ON checkins (gate)',
  // Half empty on purpose.
  'CREATE INDEX checkins_scanned_idx ON checkins (scanned_at) WITH (fillfactor = 50)',
  // Named like a leftover, and none.
  'CREATE INDEX checkins_ticket_ccnew ON checkins (ticket_id)',
];

/**
 * Makes a table with indexes that are bloated, invalid, or only look so.
 *
 * A table that is there already is left as it is, so that a later demo shows what an earlier one mended; `fresh`
 * begins again. Says whether it planted.
 */
export async function plantIndexes(
  url: string,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<boolean> {
  // The comment comes last, so what stopped half-way is planted again.
  const found = await execute(
    url,
    `SELECT FROM pg_description WHERE description = 'planted' AND objoid = to_regclass('public.checkins')`,
  );
  if (found[0]?.rowCount === 1 && !fresh) return false;
  await execute(url, ...SCHEMA, ...HEALTHY);
  await failing(url, 'CREATE UNIQUE INDEX CONCURRENTLY checkins_ticket_unique ON checkins (ticket_id, gate)');
  await cutOffRebuild(url);
  await execute(url, 'VACUUM (ANALYZE) checkins', 'COMMENT ON TABLE checkins IS $$planted$$');
  return true;
}

// The note that `postgres-reindex` writes before it begins, by the session that then does the rebuild.
const NOTE = `
DO $do$ DECLARE note json; BEGIN
  SELECT json_build_object(
    'session', 'fettle:demo:postgres-reindex', 'pid', pg_backend_pid(), 'backendStart', a.backend_start::text,
    'database', d.oid::int8, 'table', json_build_object('oid', t.oid::int8, 'relation', 'public.checkins'),
    'known', (SELECT json_agg(indexrelid::int8) FROM pg_index WHERE indrelid = t.oid),
    'index', json_build_object('oid', i.oid::int8, 'relation', 'public.checkins_scanned_idx', 'schema', 'public',
      'name', i.relname, 'quoted_name', i.relname, 'definition', pg_get_indexdef(i.oid))) INTO note
  FROM pg_database d, pg_stat_activity a, pg_class t, pg_class i
  WHERE d.datname = current_database() AND a.pid = pg_backend_pid()
    AND t.oid = 'public.checkins'::regclass AND i.oid = 'public.checkins_scanned_idx'::regclass;
  EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', lo_create(0), 'fettle rebuild: ' || note);
END $do$`;

/** Leaves behind what a rebuild of Fettle leaves when it is cut off in the middle. */
async function cutOffRebuild(url: string): Promise<void> {
  const writer = new pg.Client({ connectionString: url });
  await writer.connect();
  try {
    await writer.query('BEGIN');
    await writer.query('UPDATE checkins SET gate = gate WHERE id = 4');
    await failing(url, NOTE, `SET lock_timeout = '200ms'`, 'REINDEX INDEX CONCURRENTLY checkins_scanned_idx');
    await writer.query('ROLLBACK');
  } finally {
    await writer.end();
  }
  // A session that has just ended may be seen for a moment.
  await sleep(200);
}

/** Runs statements of which the last one fails, and leaves what it leaves. */
async function failing(url: string, ...statements: readonly string[]): Promise<void> {
  try {
    await execute(url, ...statements);
  } catch (thrown) {
    if (thrown instanceof pg.DatabaseError && ['23505', '55P03'].includes(thrown.code ?? '')) return;
    throw thrown;
  }
  throw new Error(`this was to fail and did not: ${statements.at(-1) ?? ''}`);
}
