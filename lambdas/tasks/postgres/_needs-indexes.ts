import pg from 'pg';
import * as z from 'zod';
import { granting, type Seen } from './_needs-grants.ts';
import { type Standing, takesWrites } from './_needs-login.ts';
import { counterGrants, MAINTAIN_IS_A_PRIVILEGE, mayWorkOn, readCounter, readOwned } from './_needs-tables.ts';
import { unknownTables } from './_indexes.ts';
import type { Session } from './_session.ts';
import { labelOf } from './_tables.ts';

/** What rebuilding indexes needs: tables of the names that are given, rights on them, and a way to measure. */
export async function indexNeeds(
  session: Session,
  standing: Standing,
  tables: readonly string[] | undefined,
): Promise<Seen[]> {
  return [
    takesWrites(standing),
    ...(tables === undefined ? [] : [await hasTables(session, tables)]),
    mayWorkOn('rebuild', await readOwned(session, 'rebuild', tables), standing),
    await measuresIndexes(session, standing),
  ];
}

async function hasTables(session: Session, tables: readonly string[]): Promise<Seen> {
  const need = 'have the tables of the entry';
  const unknown = await unknownTables(session, tables);
  if (unknown.length === 0) return { need, state: 'met', detail: `${tables.length} of ${tables.length} are there` };
  return {
    need,
    state: 'missing',
    detail: `database ${labelOf(session.database)} is without ${unknown.map(labelOf).join(', ')}`,
  };
}

const Measurable = z.object({
  /** Indexes of other kinds than btree, which nothing but building them over a sample measures. */
  others: z.number(),
  mayMakeTemporary: z.boolean(),
  /** Tables of which the role may not read the rows of a sample. */
  unreadable: z.number(),
});

// Whoever is made a member of an owner may read its tables, too; the privilege to maintain does not bring that along.
const measurableSql = (version: number) => `
SELECT (count(*) FILTER (WHERE m.amname <> 'btree'))::float8 AS others,
       has_database_privilege(current_database(), 'TEMP') AS "mayMakeTemporary",
       (count(DISTINCT t.oid) FILTER (WHERE NOT has_table_privilege(t.oid, 'SELECT')
         ${version >= MAINTAIN_IS_A_PRIVILEGE ? '' : `AND pg_has_role(t.relowner, 'USAGE')`}))::float8 AS unreadable
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_am m ON m.oid = c.relam
WHERE c.relkind = 'i' AND t.relkind IN ('r', 'm') AND t.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`;

/** Whether the size of an index after its rebuild can be told: by pgstatindex, else over a sample in a temporary table. */
async function measuresIndexes(session: Session, standing: Standing): Promise<Seen> {
  const need = 'measure every index';
  const counter = await readCounter(session, 'pgstatindex');
  const [measurable] = await session.rows(Measurable, measurableSql(session.version));
  if (!measurable) throw new TypeError('an aggregate gave no row');
  const { others, mayMakeTemporary, unreadable } = measurable;
  const grants = counterGrants(counter, standing);
  const counts = counter.function !== null && grants.length === 0;
  const samples = mayMakeTemporary && unreadable === 0;
  const temporary = `GRANT TEMPORARY ON DATABASE ${pg.escapeIdentifier(session.database)} TO ${pg.escapeIdentifier(session.role)};`;
  if (counts && (others === 0 || samples)) return { need, state: 'met', detail: 'pgstatindex counts what they hold' };
  // Whoever installed the extension means it to be used: it is exact where a sample estimates.
  if (counter.function === null && samples) {
    return {
      need,
      state: 'met',
      detail: 'by building them over a sample in a temporary table; without pgstattuple that is all',
    };
  }
  const detail = [
    ...(counts ? [] : [`${labelOf(session.role)} cannot call pgstatindex`]),
    ...(mayMakeTemporary ? [] : [`it may make no temporary tables in database ${labelOf(session.database)}`]),
    ...(unreadable === 0 ? [] : [`it may not read ${unreadable} tables, of which it would take a sample`]),
  ].join('; ');
  const needsSample = others > 0 || (counter.function === null && !counter.isAvailable);
  return {
    need,
    state: 'missing',
    detail,
    ...granting(...grants, ...(needsSample && !mayMakeTemporary ? [temporary] : [])),
  };
}
