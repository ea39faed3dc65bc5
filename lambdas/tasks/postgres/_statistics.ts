import * as z from 'zod';
import { Unavailable } from '../../../core/errors.ts';
import { type Session, sqlStateOf } from './_session.ts';
import type { TableStats } from './_tables.ts';

const HEAP_PAGES_WORTH_ASKING = 128;

/**
 * True where the counters of a table cannot be its whole story.
 *
 * After a reset or a crash of the server they begin again at zero, and a table full of dead rows looks clean. A vacuum
 * or an analyze since then has counted afresh. Without one, the counters must account for the rows that the catalogue
 * remembers and for the pages that there are, of which none is without a row.
 */
export function hasLostStatistics(table: TableStats, minRows: number): boolean {
  const { last_vacuum, last_autovacuum, last_analyze, last_autoanalyze, reltuples, relpages, size_pages } = table;
  if (table.relkind === 'p') return false;
  if ([last_vacuum, last_autovacuum, last_analyze, last_autoanalyze].some((time) => time !== null)) return false;
  const counted = table.n_live_tup + table.n_dead_tup;
  // Its size could not be asked for: someone has it locked, or drops it just now.
  if (counted === 0 && reltuples <= 0 && size_pages === null) return true;
  const pages = Math.max(relpages, size_pages ?? 0);
  if (reltuples >= minRows && counted < reltuples / 2) return true;
  return pages >= HEAP_PAGES_WORTH_ASKING && counted < pages;
}

const EXTENSION = `
SELECT format('%I.%I', n.nspname, p.proname) AS function
FROM pg_extension e
JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_proc'::regclass
JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE e.extname = 'pgstattuple' AND p.proname = 'pgstattuple_approx' AND has_function_privilege(p.oid, 'EXECUTE')`;

const Counted = z.object({ live: z.number(), dead: z.number() });
const SECONDS_PER_TABLE = 10;
/** What forbids to count one table and says nothing of the next: no right, a lock, the time-out. */
const OF_ONE_TABLE = ['42501', '55P03', '57014'];

/**
 * Counts the rows of tables whose statistics are lost, by `pgstattuple` where it is installed and allowed.
 *
 * What it could not count is not in the answer.
 */
export async function countRows(session: Session, tables: readonly TableStats[]): Promise<TableStats[]> {
  const [extension] = await session.rows(z.object({ function: z.string() }), EXTENSION);
  if (!extension) return [];
  const counted: TableStats[] = [];
  for (const table of tables) {
    const rows = await countTable(session, extension.function, table.oid);
    if (rows) counted.push({ ...table, n_live_tup: rows.live, n_dead_tup: rows.dead });
  }
  return counted;
}

async function countTable(session: Session, quotedFunction: string, oid: number) {
  const sql = `SELECT approx_tuple_count::float8 AS live, dead_tuple_count::float8 AS dead FROM ${quotedFunction}($1::int8::oid::regclass)`;
  try {
    const [rows] = await session.rows(Counted, sql, [oid], SECONDS_PER_TABLE);
    return rows;
  } catch (thrown) {
    if (thrown instanceof Unavailable && OF_ONE_TABLE.includes(sqlStateOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}
