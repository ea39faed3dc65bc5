import pg from 'pg';
import * as z from 'zod';
import { type Grantee, granting, membership, type Seen, settingGrant, settingSource } from './_needs-grants.ts';
import { type Standing, takesWrites } from './_needs-login.ts';
import type { Session } from './_session.ts';
import { hasLostStatistics } from './_statistics.ts';
import { labelOf, readSettings, readTables } from './_tables.ts';

/** The tables of one owner in one schema, and what the role may do to them. */
export const OwnedTables = z.object({
  /** Not quoted. */
  schema: z.string(),
  owner: z.string(),
  /** Whoever is a member of a superuser may everything. */
  ownerIsSuperuser: z.boolean(),
  tables: z.number(),
  permitted: z.number(),
  usesSchema: z.boolean(),
  ownerUsesSchema: z.boolean(),
  /** Who may maintain every table of the database beside its owner; null where nobody should be a member of that role. */
  databaseOwner: z.string().nullable(),
});
export type OwnedTables = z.infer<typeof OwnedTables>;

/** Which right it is: VACUUM and ANALYZE are also the database owner's, rebuilding an index is not. */
export type Right = 'maintain' | 'rebuild';

/** From this `server_version_num` on. */
export const MAINTAIN_IS_A_PRIVILEGE = 170_000;

// A partitioned table stands for its partitions.
const NAMED = `
AND c.oid IN (WITH named AS (SELECT r.oid FROM pg_class r JOIN pg_namespace s ON s.oid = r.relnamespace
    WHERE r.relname = ANY ($1) OR s.nspname || '.' || r.relname = ANY ($1))
  SELECT oid FROM named UNION SELECT p.relid FROM named, pg_partition_tree(named.oid) p)`;

// Nobody can be made a member of pg_database_owner: whoever owns the database is.
const ownedSql = (version: number, right: Right, named: boolean) => `
SELECT n.nspname AS schema, w.rolname AS owner, w.rolsuper AS "ownerIsSuperuser", count(*)::float8 AS tables,
       (count(*) FILTER (WHERE pg_has_role(c.relowner, 'USAGE')
         ${right === 'maintain' ? `OR pg_has_role(d.datdba, 'USAGE')` : ''}
         ${version >= MAINTAIN_IS_A_PRIVILEGE ? `OR has_table_privilege(c.oid, 'MAINTAIN')` : ''}))::float8 AS permitted,
       has_schema_privilege(n.oid, 'USAGE') AS "usesSchema", has_schema_privilege(w.oid, n.oid, 'USAGE') AS "ownerUsesSchema",
       ${right === 'maintain' ? '(SELECT rolname FROM pg_roles WHERE oid = d.datdba AND NOT rolsuper)' : 'NULL'} AS "databaseOwner"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles o ON o.oid = c.relowner
JOIN pg_database d ON d.datname = current_database()
JOIN pg_roles w ON w.oid = CASE WHEN o.rolname = 'pg_database_owner' THEN d.datdba ELSE o.oid END
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  ${named ? NAMED : ''}
GROUP BY n.oid, n.nspname, w.oid, w.rolname, w.rolsuper, d.datdba ORDER BY n.nspname, w.rolname`;

/** Reads who owns the tables, and how many of them the role may work on; of the named ones, where there are names. */
export async function readOwned(session: Session, right: Right, names?: readonly string[]): Promise<OwnedTables[]> {
  const sql = ownedSql(session.version, right, names !== undefined);
  return session.rows(OwnedTables, sql, names === undefined ? [] : [names]);
}

const WORDS: Readonly<Record<Right, string>> = { maintain: 'maintain every table', rebuild: 'rebuild every index' };
const MOST_NAMED = 5;

/** Says of the tables whether the role may work on all of them, and else with which memberships it could. */
export function mayWorkOn(right: Right, owned: readonly OwnedTables[], grantee: Grantee): Seen {
  const need = WORDS[right];
  const whole = owned.reduce((sum, { tables }) => sum + tables, 0);
  const closed = owned.filter(({ tables, permitted, usesSchema }) => permitted < tables || !usesSchema);
  const left = closed.reduce(
    (sum, { tables, permitted, usesSchema }) => sum + (usesSchema ? tables - permitted : tables),
    0,
  );
  const who = labelOf(grantee.role);
  if (closed.length === 0) return { need, state: 'met', detail: `${who} may for ${whole} of ${whole} tables` };
  const isPrivilege = grantee.version >= MAINTAIN_IS_A_PRIVILEGE;
  const groups = closed.filter(({ tables, permitted }) => permitted < tables);
  const joined = ({ owner, ownerIsSuperuser, databaseOwner }: OwnedTables) =>
    ownerIsSuperuser ? databaseOwner : owner;
  const owners = [...new Set(groups.flatMap((one) => joined(one) ?? []))];
  const memberships = isPrivilege
    ? groups.length > 0
      ? membership('pg_maintain', grantee)
      : []
    : owners.flatMap((owner) => membership(pg.escapeIdentifier(owner), grantee));
  // Membership of an owner brings its schemas along; the privilege does not.
  const comes = (one: OwnedTables) =>
    !isPrivilege && groups.includes(one) && joined(one) === one.owner && one.ownerUsesSchema;
  const schemas = closed
    .filter((one) => !one.usesSchema && !comes(one))
    .map(
      ({ schema }) => `GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(schema)} TO ${pg.escapeIdentifier(grantee.role)};`,
    );
  const detail = [
    `${who} may not for ${left} of ${whole} tables, of ${listed(closed.map(({ owner, schema }) => `${owner} in ${schema}`))}`,
    ...groups
      .filter((one) => !isPrivilege && joined(one) === null)
      .slice(0, 1)
      .map(ofSuperuser),
  ].join('; ');
  return { need, state: 'missing', detail, ...granting(...memberships, ...schemas) };
}

// Whoever is made a member of a superuser can become it, and what it owns may need that owner to work.
function ofSuperuser({ owner }: OwnedTables): string {
  return `${labelOf(owner)} is a superuser, whom nobody should be a member of: let another role own its tables`;
}

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  const first = names.slice(0, MOST_NAMED).map(labelOf).join(', ');
  return rest > 0 ? `${first} and ${rest} more` : first;
}

const Source = z.object({ source: z.string() });

/** Reads where the value of a setting comes from. */
export async function sourceOf(session: Session, name: string): Promise<string> {
  const [setting] = await session.rows(Source, 'SELECT source FROM pg_settings WHERE name = $1', [name]);
  return setting?.source ?? 'not shown';
}

/** Whether the server counts changes, without which nobody knows which tables need upkeep. */
async function countsChanges(session: Session, standing: Standing): Promise<Seen> {
  const need = 'count changes';
  const { track_counts } = await readSettings(session);
  if (track_counts) return { need, state: 'met', detail: 'track_counts is on' };
  const source = await sourceOf(session, 'track_counts');
  const grants = granting(...settingGrant('track_counts', 'on', source, standing));
  return { need, state: 'missing', detail: `track_counts is off, ${settingSource(source, standing)}`, ...grants };
}

/** What VACUUM and ANALYZE need alike: a server to change, its counts, and the right to every table. */
export async function upkeepNeeds(session: Session, standing: Standing): Promise<Seen[]> {
  return [
    takesWrites(standing),
    await countsChanges(session, standing),
    mayWorkOn('maintain', await readOwned(session, 'maintain'), standing),
  ];
}

const Counter = z.object({
  /** Quoted; null where the extension is not created in this database. */
  function: z.string().nullable(),
  schema: z.string().nullable(),
  mayExecute: z.boolean(),
  usesSchema: z.boolean(),
  /** False where the files of the extension are not on the server. */
  isAvailable: z.boolean(),
});
type Counter = z.infer<typeof Counter>;

/** Reads whether a function of the extension pgstattuple, which takes a relation, is there and may be called. */
export async function readCounter(session: Session, name: 'pgstattuple_approx' | 'pgstatindex'): Promise<Counter> {
  const [counter] = await session.rows(
    Counter,
    `SELECT f.function, f.schema, coalesce(f."mayExecute", false) AS "mayExecute", coalesce(f."usesSchema", false) AS "usesSchema",
            EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pgstattuple') AS "isAvailable"
     FROM (SELECT 1) one LEFT JOIN (
       SELECT format('%I.%I(regclass)', n.nspname, p.proname) AS function, format('%I', n.nspname) AS schema,
              has_function_privilege(p.oid, 'EXECUTE') AS "mayExecute", has_schema_privilege(n.oid, 'USAGE') AS "usesSchema"
       FROM pg_extension e
       JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_proc'::regclass
       JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE e.extname = 'pgstattuple' AND p.proname = $1 AND p.proargtypes[0] = 'regclass'::regtype) f ON true`,
    [name],
  );
  if (!counter) throw new TypeError('a SELECT without FROM gave no row');
  return counter;
}

/** The statements that let the role call a function of pgstattuple; empty where it may, or where no statement helps. */
export function counterGrants(counter: Counter, grantee: Grantee): string[] {
  const member = pg.escapeIdentifier(grantee.role);
  if (counter.function === null || counter.schema === null) {
    if (!counter.isAvailable) return [];
    return ['CREATE EXTENSION pgstattuple;', ...membership('pg_stat_scan_tables', grantee)];
  }
  return [
    ...(counter.mayExecute ? [] : [`GRANT EXECUTE ON FUNCTION ${counter.function} TO ${member};`]),
    ...(counter.usesSchema ? [] : [`GRANT USAGE ON SCHEMA ${counter.schema} TO ${member};`]),
  ];
}

/** Whether the rows of every table can be counted, also of those whose statistics are lost. */
export async function countsRows(session: Session, standing: Standing, minRows: number): Promise<Seen> {
  const need = 'count the rows of every table';
  const counter = await readCounter(session, 'pgstattuple_approx');
  const grants = counterGrants(counter, standing);
  let tables = 0;
  let lost = 0;
  for await (const page of readTables(session)) {
    tables += page.length;
    lost += page.filter((table) => hasLostStatistics(table, minRows)).length;
  }
  const seen = `${lost} of ${tables} tables have lost their statistics`;
  const isThere = counter.function !== null;
  if (isThere && grants.length === 0) return { need, state: 'met', detail: `${seen}; pgstattuple counts such rows` };
  if (!isThere && lost === 0) {
    return {
      need,
      state: 'met',
      detail: `${seen}, so pgstattuple, which database ${labelOf(session.database)} is without, is not needed`,
    };
  }
  const why = isThere
    ? `${labelOf(session.role)} may not call pgstattuple_approx`
    : `database ${labelOf(session.database)} is without the extension pgstattuple${counter.isAvailable ? '' : ', whose files are not on the server'}`;
  return { need, state: 'missing', detail: `${seen}, and ${why}`, ...granting(...grants) };
}
