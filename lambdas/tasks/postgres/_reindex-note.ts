import pg from 'pg';
import * as z from 'zod';
import type { IndexStats } from './_indexes.ts';
import type { Session } from './_session.ts';

/**
 * What is written into the database before a rebuild and taken out after it, so that whoever comes later can prove
 * which invalid index is its leftover.
 *
 * It lives where the leftover lives: it survives the death of this process and of its run, a failover, and a restore
 * to a moment inside of the rebuild. It is the comment on an empty large object, which needs no schema and no right
 * that is not everyone's.
 */
export const Note = z.object({
  session: z.string(),
  database: z.number(),
  pid: z.number(),
  backendStart: z.string(),
  index: z.object({
    oid: z.number(),
    relation: z.string(),
    schema: z.string(),
    name: z.string(),
    quoted_name: z.string(),
    definition: z.string(),
  }),
  table: z.object({ oid: z.number(), relation: z.string() }),
  /** Every index that the table had just before. */
  known: z.array(z.number()),
});
export type Note = z.infer<typeof Note>;

export interface KeptNote {
  /** Of the large object. */
  readonly oid: number;
  /** Undefined where it cannot be read as a note; then nothing follows from it. */
  readonly note: Note | undefined;
  /** True while the session that wrote it may still be at it. */
  readonly isLive: boolean;
  /** True where that session is there and does nothing: it begins in a moment, or is about to go. */
  readonly isIdle: boolean;
}

const MARK = 'fettle rebuild: ';
// Between its note and its statement a session is idle for a moment; one that stays so has ended its statement.
const IDLE_SECONDS = 60;

/** Writes the note of a rebuild that this very session is about to begin. */
export async function writeNote(
  session: Session,
  sessionName: string,
  index: IndexStats,
  known: readonly number[],
): Promise<void> {
  const [self] = await session.rows(Self, SELF);
  if (!self) throw new TypeError('a session that is not among the sessions');
  const { oid, relation, schema, name, quoted_name, definition } = index;
  const note: Note = {
    session: sessionName,
    database: self.database,
    pid: session.pid,
    backendStart: self.backendStart,
    index: { oid, relation, schema, name, quoted_name, definition },
    table: { oid: index.table_oid, relation: index.table },
    known: [...known],
  };
  const comment = pg.escapeLiteral(MARK + JSON.stringify(note));
  const body = `BEGIN EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', lo_create(0), ${comment}); END`;
  // One statement, so that there is no object without its comment.
  await session.rows(z.unknown(), `DO LANGUAGE plpgsql ${pg.escapeLiteral(body)}`);
}

const Self = z.object({ database: z.number(), backendStart: z.string() });
const SELF = `
SELECT d.oid::int8::float8 AS database, a.backend_start::text AS "backendStart"
FROM pg_database d, pg_stat_activity a WHERE d.datname = current_database() AND a.pid = pg_backend_pid()`;

const Row = z.object({ oid: z.number(), text: z.string(), database: z.number() });
const NOTES = `
SELECT l.oid::int8::float8 AS oid, d.description AS text,
       (SELECT oid FROM pg_database WHERE datname = current_database())::int8::float8 AS database
FROM pg_description d JOIN pg_largeobject_metadata l ON l.oid = d.objoid
WHERE d.classoid = 'pg_largeobject'::regclass AND starts_with(d.description, $1) AND l.lomowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
ORDER BY l.oid`;

const LIVE = `
SELECT coalesce(state, '') = 'idle' AS idle,
       state IS DISTINCT FROM 'idle' OR state_change > clock_timestamp() - make_interval(secs => ${IDLE_SECONDS}) AS live
FROM pg_stat_activity WHERE pid = $1 AND coalesce(backend_start::text, $2) = $2`;

/** Every note that this role keeps in this database; a role that may do all must not take the word of others. */
export async function readNotes(session: Session): Promise<KeptNote[]> {
  const kept: KeptNote[] = [];
  for (const { oid, text, database } of await session.rows(Row, NOTES, [MARK])) {
    const note = noteOf(text, database);
    const values = [note?.pid ?? 0, note?.backendStart ?? ''];
    const [writer] = await session.rows(z.object({ live: z.boolean(), idle: z.boolean() }), LIVE, values);
    kept.push({ oid, note, isLive: writer?.live ?? false, isIdle: writer?.idle ?? false });
  }
  return kept;
}

/** A note as it was written; undefined where it is none, or came with a dump of another database. */
export function noteOf(text: string, database: number): Note | undefined {
  if (!text.startsWith(MARK)) return undefined;
  const parsed = z.preprocess((json) => parsedJson(String(json)), Note).safeParse(text.slice(MARK.length));
  return parsed.success && parsed.data.database === database ? parsed.data : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (malformed) {
    if (malformed instanceof SyntaxError) return undefined;
    throw malformed;
  }
}

/** The statement that takes a note out. */
export function noteRemoval(oid: number): string {
  return `SELECT lo_unlink(${oid})`;
}

export type Leftover = Pick<IndexStats, 'oid' | 'relation' | 'size_bytes'>;

/**
 * The indexes of a table that the rebuild of a note has left behind, and no others.
 *
 * Invalid, named as the server names them, defined like the one that was rebuilt. One that was being built was not
 * there before the note; one that was to be dropped is the very index of the note, and another has its name.
 */
export function leftoversOf(
  { index, table, known }: Note,
  indexes: readonly Pick<
    IndexStats,
    | 'oid'
    | 'relation'
    | 'schema'
    | 'name'
    | 'quoted_name'
    | 'definition'
    | 'table'
    | 'table_oid'
    | 'indisvalid'
    | 'size_bytes'
  >[],
): Leftover[] {
  return indexes.filter((one) => {
    if (one.indisvalid || one.table_oid !== table.oid || one.schema !== index.schema) return false;
    if (!isDefinedAlike(one, index, table.relation)) return false;
    if (one.oid !== index.oid) return !known.includes(one.oid) && isTransientName(one.name, index.name);
    const successor = indexes.find(({ schema, name }) => schema === index.schema && name === index.name);
    return isTransientName(one.name, index.name) && successor?.indisvalid === true && !known.includes(successor.oid);
  });
}

const MAX_NAME_BYTES = 63;

/** True where the server could have named an index so while it rebuilt the other: its name, cut to fit, and an ending. */
export function isTransientName(name: string, original: string): boolean {
  const [, stem, ending] = /^(.*)(_cc(?:new|old)\d*)$/s.exec(name) ?? [];
  if (stem === undefined || ending === undefined) return false;
  if (stem === original) return true;
  // A name is cut between characters, so up to three bytes stay unused.
  const bytes = Buffer.byteLength(name);
  return original.startsWith(stem) && bytes > MAX_NAME_BYTES - 4 && bytes <= MAX_NAME_BYTES;
}

type Defined = Pick<IndexStats, 'definition' | 'quoted_name'>;

/** True where two definitions differ in nothing but the name. */
function isDefinedAlike(one: Defined & { readonly table: string }, other: Defined, table: string): boolean {
  const rest = ({ definition, quoted_name }: Defined, on: string) => {
    const [, create = ''] = /^(CREATE (?:UNIQUE )?INDEX )/.exec(definition) ?? [];
    const beginning = `${create}${quoted_name} ON ${on} `;
    return create !== '' && definition.startsWith(beginning) ? create + definition.slice(beginning.length) : undefined;
  };
  const restOfOne = rest(one, one.table);
  return restOfOne !== undefined && restOfOne === rest(other, table);
}
