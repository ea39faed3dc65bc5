import pg from 'pg';
import * as z from 'zod';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { granting, membership, preloadGrant, type Seen, settingGrant, settingSource } from './_needs-grants.ts';
import type { Standing } from './_needs-login.ts';
import { sourceOf } from './_needs-tables.ts';
import type { Session } from './_session.ts';
import { readCounters, readTracking, type Tracking } from './_slow-statements.ts';
import { labelOf } from './_tables.ts';

/** What a check of slow queries needs of the server: that statements are counted, and that the role may read what was. */
export async function statementNeeds(
  session: Session,
  standing: Standing,
  uncountedRoles: readonly string[],
): Promise<Seen[]> {
  const tracking = await readTracking(session);
  return [
    await countsStatements(session, standing, tracking, uncountedRoles),
    await readsStatements(session, standing, tracking),
  ];
}

const Preloaded = z.object({ setting: z.string(), source: z.string() });

async function countsStatements(
  session: Session,
  standing: Standing,
  tracking: Tracking,
  uncountedRoles: readonly string[],
): Promise<Seen> {
  const need = 'count statements';
  const { track, isTrackOwn, computeQueryId } = tracking;
  if (track === null) return notPreloaded(session, standing);
  const roles = tracking.untrackedRoles.filter((role) => !uncountedRoles.includes(role));
  const faults: string[] = [];
  const statements: string[] = [];
  const set = async (name: string, value: string) => {
    const source = await sourceOf(session, name);
    faults.push(
      `${name} is ${name === 'compute_query_id' ? computeQueryId : track}, ${settingSource(source, standing)}`,
    );
    statements.push(...settingGrant(name, value, source, standing));
  };
  if (track === 'none' && !isTrackOwn && !roles.includes('')) await set('pg_stat_statements.track', `'top'`);
  if (computeQueryId === 'off') await set('compute_query_id', `'auto'`);
  for (const role of roles) {
    faults.push(`pg_stat_statements.track is none for ${role === '' ? 'every role' : `the role ${labelOf(role)}`}`);
    statements.push(...trackedAgain(role, standing.database));
  }
  if (faults.length > 0) return { need, state: 'missing', detail: faults.join('; '), ...granting(...statements) };
  return { need, state: 'met', detail: `pg_stat_statements is loaded, track is ${track}` };
}

/** Where the value of a role was set, for every database or for this one, is not shown; both may be reset. */
function trackedAgain(role: string, database: string): string[] {
  const [name, place] = [pg.escapeIdentifier(role), pg.escapeIdentifier(database)];
  const reset = 'RESET pg_stat_statements.track;';
  if (role === '') return [`ALTER ROLE ALL ${reset}`, `ALTER DATABASE ${place} ${reset}`];
  return [`ALTER ROLE ${name} ${reset}`, `ALTER ROLE ${name} IN DATABASE ${place} ${reset}`];
}

async function notPreloaded(session: Session, standing: Standing): Promise<Seen> {
  const need = 'count statements';
  const sql = `SELECT setting, source FROM pg_settings WHERE name = 'shared_preload_libraries'`;
  const [preloaded] = await session.rows(Preloaded, sql);
  const absent = 'shared_preload_libraries is without pg_stat_statements';
  if (!preloaded) {
    // Without what is loaded already, the line would unload it.
    const detail = `${absent}, and the role may not read what else is loaded, on which the line of ALTER SYSTEM depends`;
    return { need, state: 'missing', detail, ...granting(...membership('pg_monitor', standing)) };
  }
  const { setting, source } = preloaded;
  if (standing.isHosted || (source !== 'default' && source !== 'configuration file')) {
    const detail = `${absent}; it is ${settingSource(source, standing)}, which no statement changes`;
    return { need, state: 'missing', detail };
  }
  const grant = granting(...preloadGrant('pg_stat_statements', setting));
  return { need, state: 'missing', detail: `${absent}; the server must be restarted after the statement`, ...grant };
}

const Rights = z.object({
  isAvailable: z.boolean(),
  usesSchema: z.boolean(),
  /** Quoted views and functions with their arguments that the role may not use. */
  closedViews: z.array(z.string()),
  closedFunctions: z.array(z.string()),
});

const RIGHTS = `
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements') AS "isAvailable",
       coalesce((SELECT has_schema_privilege(extnamespace, 'USAGE') FROM pg_extension WHERE extname = 'pg_stat_statements'), false) AS "usesSchema",
       coalesce((SELECT jsonb_agg(c.oid::regclass::text ORDER BY c.relname) FROM pg_extension e
          JOIN pg_class c ON c.relnamespace = e.extnamespace AND c.relkind = 'v'
            AND c.relname IN ('pg_stat_statements', 'pg_stat_statements_info')
        WHERE e.extname = 'pg_stat_statements' AND NOT has_table_privilege(c.oid, 'SELECT')), '[]') AS "closedViews",
       coalesce((SELECT jsonb_agg(p.oid::regprocedure::text ORDER BY p.proname) FROM pg_extension e
          JOIN pg_proc p ON p.pronamespace = e.extnamespace AND p.proname IN ('pg_stat_statements', 'pg_stat_statements_info')
        WHERE e.extname = 'pg_stat_statements' AND NOT has_function_privilege(p.oid, 'EXECUTE')), '[]') AS "closedFunctions"`;

async function readsStatements(session: Session, standing: Standing, tracking: Tracking): Promise<Seen> {
  const need = 'read pg_stat_statements';
  const missing = (detail: string, ...statements: readonly string[]): Seen => {
    return { need, state: 'missing', detail, ...granting(...statements) };
  };
  const [rights] = await session.rows(Rights, RIGHTS);
  if (!rights) throw new TypeError('a SELECT without FROM gave no row');
  const place = `database ${labelOf(session.database)}`;
  if (tracking.schema === null) {
    if (!rights.isAvailable) return missing(`${place} is without the extension, whose files are not on the server`);
    return missing(`${place} is without the extension pg_stat_statements`, 'CREATE EXTENSION pg_stat_statements;');
  }
  const role = pg.escapeIdentifier(session.role);
  const closed = [...rights.closedViews, ...rights.closedFunctions];
  const statements = [
    ...(rights.usesSchema ? [] : [`GRANT USAGE ON SCHEMA ${tracking.schema} TO ${role};`]),
    ...rights.closedViews.map((view) => `GRANT SELECT ON ${view} TO ${role};`),
    ...rights.closedFunctions.map((called) => `GRANT EXECUTE ON FUNCTION ${called} TO ${role};`),
    ...(standing.readsAllStatistics ? [] : membership('pg_monitor', standing)),
  ];
  if (closed.length > 0 || !rights.usesSchema) {
    const what = rights.usesSchema ? closed.join(', ') : `the schema ${tracking.schema}`;
    return missing(`in ${place} ${labelOf(session.role)} may not use ${what}`, ...statements);
  }
  if (tracking.track === null) {
    return {
      need,
      state: 'unknown',
      detail: 'the extension is there and answers nothing before its library is loaded',
    };
  }
  try {
    const { snapshot, hidden } = await readCounters(session, tracking);
    const shown = snapshot.statements.length;
    if (standing.readsAllStatistics) return { need, state: 'met', detail: `${shown} statements of ${place}` };
    const detail = `of ${shown + hidden} statements of ${place}, ${hidden} are hidden from ${labelOf(session.role)}, which is no member of pg_read_all_stats`;
    return missing(detail, ...statements);
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return { need, state: 'unknown', detail: messageOf(thrown) };
  }
}
