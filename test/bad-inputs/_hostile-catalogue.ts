import pg from 'pg';
import { Secret } from '../../core/secret.ts';
import { connectionOf } from '../../lambdas/tasks/postgres/_connection.ts';

/** A database whose name ends a literal, an identifier and a statement, each for whoever does not quote. */
export const DATABASE = `shop"; DROP TABLE x; -- 'db' $$ \\ %I é`;
/** The role that owns everything planted: no superuser, but it may set what everybody begins with in its database. */
export const OWNER = `shop "owner'; --`;

/** Names that mean something to whoever does not quote, cuts, trims, folds or formats them. */
export const NAMES = [
  'plain',
  'a"; DROP TABLE public.victim; --',
  `it's`,
  `''; SELECT public.canary('x'); --`,
  'two\nlines',
  'tab\tand \u001b[2Jescape',
  ' leading',
  'trailing ',
  'select',
  'MiXed',
  'mixed',
  'dot.ted',
  'public.plain',
  '"quoted"',
  'back\\slash',
  `E'\\''`,
  '$$',
  '$1',
  '%I%s%L',
  '--',
  '/*',
  ';',
  '{}',
  'NULL',
  '\u202egnp.exe',
  // Cyrillic: it looks like "plain".
  'рlаin',
  '🐘🐘',
  // 63 bytes, and the last character has two of them: one more would cut it in half.
  `${'x'.repeat(61)}é`,
  'ü'.repeat(31),
  // What the search path finds first where it is not pinned.
  'pg_class',
  'pg_stat_activity',
] as const;

const quoted = pg.escapeIdentifier;

/** Runs statements on one connection; the last one's rows. The connection strings that `pg` itself reads cannot name such a database. */
export async function runOn(url: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(connectionOf({ name: 'hostile', url: new Secret(url), ca: undefined }));
  await client.connect();
  let rows: Record<string, unknown>[] = [];
  try {
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
  } finally {
    await client.end();
  }
  return rows;
}

/** A table in which two of every three rows are dead, none of it ever counted by an analyze. */
function deadRows(relation: string): string[] {
  return [
    `CREATE TABLE ${relation} (id pg_catalog.int4 PRIMARY KEY)`,
    `INSERT INTO ${relation} SELECT pg_catalog.generate_series(1, 1500)`,
    `DELETE FROM ${relation} WHERE id <= 1000`,
  ];
}

/**
 * Shadows of everything that `pg_catalog` offers, in a schema that the search path finds first.
 *
 * Each function, operator, view and type of that schema does as its model does, and says `canary` in the log of the
 * server when it is used, also in a transaction that only reads and in one that is rolled back.
 */
const SHADOWS = String.raw`DO $plant$
DECLARE f record;
BEGIN
  FOR f IN SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS args, format_type(p.prorettype, NULL) AS result,
                  p.proretset, p.oid
           FROM pg_proc p
           WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0 AND p.proargmodes IS NULL
             AND NOT EXISTS (SELECT FROM unnest(p.proargtypes || p.prorettype) t(oid) JOIN pg_type y USING (oid) WHERE y.typtype = 'p')
             AND p.proname !~ '(in|out|send|recv|eq|ne|lt|le|gt|ge|cmp|sel|_ops|larger|smaller|hash|accum|trans|final|combine)$'
  LOOP
    EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s%s LANGUAGE plpgsql AS %L', f.proname, f.args,
      CASE WHEN f.proretset THEN 'SETOF ' ELSE '' END, f.result,
      format('BEGIN PERFORM evil.canary(%L); RETURN%s; END', 'function ' || f.proname, CASE WHEN f.proretset THEN '' ELSE ' NULL' END));
  END LOOP;
  FOR f IN SELECT o.oid, o.oprname, format_type(o.oprleft, NULL) AS l, format_type(o.oprright, NULL) AS r, format_type(o.oprresult, NULL) AS result
           FROM pg_operator o
           WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprkind = 'b' AND o.oprname IN ('=', '<>', '<', '>', '>=', '<=', '||', '~', '~*', '~~', '+', '-', '/', '*', '%')
             AND NOT EXISTS (SELECT FROM unnest(ARRAY[o.oprleft, o.oprright, o.oprresult]) t(oid) JOIN pg_type y USING (oid) WHERE y.typtype = 'p')
  LOOP
    EXECUTE format('CREATE FUNCTION evil.operator_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', f.oid, f.l, f.r, f.result,
      format('BEGIN PERFORM evil.canary(%L); RETURN NULL; END', 'operator ' || f.oprname));
    EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.operator_%s)', f.oprname, f.l, f.r, f.oid);
  END LOOP;
  FOR f IN SELECT c.relname, (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
                              WHERE a.attrelid = c.oid AND a.attnum > 0 AND y.typtype <> 'p') AS columns
           FROM pg_class c WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege(c.oid, 'SELECT') LOOP
    EXECUTE format('CREATE VIEW evil.%1$I AS SELECT %3$s, evil.canary(%2$L) AS spy FROM pg_catalog.%1$I', f.relname, 'view ' || f.relname, f.columns);
  END LOOP;
  FOR f IN SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typelem = 0
             AND typname IN ('bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'text', 'name', 'oid', 'regclass', 'regrole', 'regtype', 'xid', 'timestamptz', 'interval', 'jsonb') LOOP
    EXECUTE format('CREATE DOMAIN evil.%1$I AS pg_catalog.%1$I CHECK (evil.canary(%2$L))', f.typname, 'type ' || f.typname);
  END LOOP;
END $plant$`;

/** Settings of a database that its owner may make, and that a statement of ours must not depend on. */
const SETTINGS = [
  `search_path = evil, public, pg_catalog`,
  `standard_conforming_strings = off`,
  `escape_string_warning = off`,
  `quote_all_identifiers = on`,
  `DateStyle = 'SQL, DMY'`,
  `IntervalStyle = 'sql_standard'`,
  `TimeZone = 'Pacific/Chatham'`,
  `bytea_output = 'escape'`,
  `extra_float_digits = 0`,
  `default_transaction_isolation = 'serializable'`,
  `check_function_bodies = off`,
  `plan_cache_mode = 'force_generic_plan'`,
  `lock_timeout = '1h'`,
];

/** The role of Fettle where it is no superuser: it may maintain what the owner owns. */
const KEEPER = `keeper" é '; --`;
const PASSWORD = `pa'ss"w\\ord $1 %41`;

/** Plants the database as its owner would; the address of the role that is to keep it. */
export async function plantHostileCatalogue(
  superuser: string,
  addressOf: (role: { name: string; password: string }) => string,
): Promise<string> {
  await runOn(
    superuser,
    `CREATE ROLE ${quoted(OWNER)} LOGIN PASSWORD ${pg.escapeLiteral(PASSWORD)}`,
    `CREATE ROLE ${quoted(KEEPER)} LOGIN PASSWORD ${pg.escapeLiteral(PASSWORD)} IN ROLE pg_monitor, ${quoted(OWNER)}`,
    `ALTER DATABASE ${quoted(DATABASE)} OWNER TO ${quoted(OWNER)}`,
    `ALTER SCHEMA public OWNER TO ${quoted(OWNER)}`,
    'CREATE EXTENSION IF NOT EXISTS pg_stat_statements',
  );
  const owner = addressOf({ name: OWNER, password: PASSWORD });
  await runOn(
    owner,
    'CREATE SCHEMA evil',
    `CREATE FUNCTION evil.canary(what text) RETURNS bool LANGUAGE plpgsql AS $$
     BEGIN RAISE LOG 'canary % as %', what, current_user; RETURN true; END $$`,
    'GRANT USAGE ON SCHEMA evil TO PUBLIC',
    SHADOWS,
    ...[...NAMES].flatMap((name) => deadRows(`public.${quoted(name)}`)),
    `CREATE SCHEMA ${quoted(`other"; --`)}`,
    ...deadRows(`${quoted(`other"; --`)}.plain`),
    ...kindsOfRelations(),
    ...bloatedIndexes(),
  );
  await runOn(owner, ...SETTINGS.map((setting) => `ALTER DATABASE ${quoted(DATABASE)} SET ${setting}`));
  return addressOf({ name: KEEPER, password: PASSWORD });
}

/** Everything that is like a table and is not one, or is one in its own way. */
function kindsOfRelations(): string[] {
  return [
    'CREATE TABLE public.victim (id int PRIMARY KEY)',
    'INSERT INTO public.victim SELECT generate_series(1, 7)',
    'CREATE TABLE public.nothing ()',
    'CREATE TABLE public.parted (id int NOT NULL, part int NOT NULL) PARTITION BY LIST (part)',
    'CREATE TABLE public."parted; 1" PARTITION OF public.parted FOR VALUES IN (1)',
    'INSERT INTO public.parted SELECT n, 1 FROM generate_series(1, 1500) n',
    'DELETE FROM public.parted WHERE id <= 1000',
    'CREATE UNLOGGED TABLE public.unlogged (id int PRIMARY KEY)',
    'INSERT INTO public.unlogged SELECT generate_series(1, 1500)',
    'DELETE FROM public.unlogged WHERE id <= 1000',
    'CREATE MATERIALIZED VIEW public."view; --" AS SELECT n FROM generate_series(1, 2000) n',
    `CREATE VIEW public.seen AS SELECT evil.canary('view seen')`,
    `CREATE RULE steal AS ON INSERT TO public.victim DO ALSO SELECT evil.canary('rule steal')`,
    `CREATE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.canary('trigger'); RETURN NULL; END $$`,
    'CREATE TRIGGER spy AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.victim EXECUTE FUNCTION public.spy()',
  ];
}

/** Indexes full of holes, by their names as they are quoted. */
export const BLOATED = ['"idx; DROP TABLE victim; --"', `"two\nlines'' $$"`, '"%I"', '"back\\slash ""index"""'];

/** Those, and one that nobody may build with the rights of another. */
function bloatedIndexes(): string[] {
  return [
    'CREATE TABLE public."the ""indexed"" one" (id int, "no;te" text)',
    `INSERT INTO public."the ""indexed"" one" SELECT n, md5(n::text) FROM generate_series(1, 20000) n`,
    ...BLOATED.map((name) => `CREATE INDEX ${name} ON public."the ""indexed"" one" ("no;te")`),
    'DELETE FROM public."the ""indexed"" one" WHERE id % 6 > 0',
    // Said to be without effect, so that an index may be made of it.
    `CREATE FUNCTION public.spies(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
     BEGIN
       -- Of its owner once in a while is enough; of anyone else always.
       IF current_user <> ${pg.escapeLiteral(OWNER)} OR random() < 0.01 THEN PERFORM evil.canary('index function'); END IF;
       RETURN value;
     END $$`,
    'CREATE TABLE public.spied (id int, note text)',
    `INSERT INTO public.spied SELECT n, md5(n::text) FROM generate_series(1, 20000) n`,
    'CREATE INDEX spied_idx ON public.spied (public.spies(note))',
    'DELETE FROM public.spied WHERE id % 6 > 0',
  ];
}
