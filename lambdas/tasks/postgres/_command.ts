/** A text as a literal of SQL; as it stands with `standard_conforming_strings`, which is on since PostgreSQL 9.1. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * A statement to be pasted, as the field that a finding takes.
 *
 * There is none where a name in it has control characters: what is pasted into a terminal must be what was read.
 */
export function pasteable(statement: string): { readonly command?: string } {
  return /\p{C}/u.test(statement) ? {} : { command: statement };
}

/** Shows who has or wants a lock on a relation, which is as the server quotes it. */
export function lockStatement(relation: string): string {
  return (
    'SELECT a.pid, a.usename, a.application_name, a.state, a.xact_start, l.mode, l.granted, left(a.query, 200) AS query ' +
    `FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.relation = ${literal(relation)}::regclass ` +
    'ORDER BY a.xact_start;'
  );
}

/** Shows where a setting of the server has its value from: a file, ALTER SYSTEM, the command line. */
export function settingStatement(name: string): string {
  return `SELECT name, setting, source, sourcefile, sourceline FROM pg_settings WHERE name = ${literal(name)};`;
}

/** Shows who owns a relation, which is as the server quotes it. */
export function ownerStatement(relation: string): string {
  return `SELECT relowner::regrole AS owner, current_user FROM pg_class WHERE oid = ${literal(relation)}::regclass;`;
}
