import pg from 'pg';
import type { Need } from '../../../core/need.ts';

/** What was seen of one need of a target. */
export type Seen = Omit<Need, 'target'>;

/** The role that Fettle logs in as, as far as a grant for it depends on it. */
export interface Grantee {
  readonly role: string;
  readonly database: string;
  /** `server_version_num`. */
  readonly version: number;
  /** False where memberships give the role nothing unless each says so. */
  readonly inherits: boolean;
  /** True in a service whose administrator is no superuser: there ALTER SYSTEM is refused. */
  readonly isHosted: boolean;
}

const GRANTS_OF_INHERITANCE = 160_000;

/**
 * Statements for an administrator, one a line, as the field that a need takes.
 *
 * There is none where a name in them has control characters: what is pasted must be what was read.
 */
export function granting(...statements: readonly string[]): { readonly grant?: string } {
  const given = [...new Set(statements)];
  if (given.length === 0 || given.some((statement) => /\p{C}/u.test(statement))) return {};
  return { grant: given.join('\n') };
}

/** Makes the role a member of another one, so that it has its rights at once; `group` is as it stands in SQL. */
export function membership(group: string, { role, version, inherits }: Grantee): string[] {
  const member = pg.escapeIdentifier(role);
  if (inherits) return [`GRANT ${group} TO ${member};`];
  if (version >= GRANTS_OF_INHERITANCE) return [`GRANT ${group} TO ${member} WITH INHERIT TRUE;`];
  return [`GRANT ${group} TO ${member};`, `ALTER ROLE ${member} INHERIT;`];
}

/**
 * Sets a setting for the sessions of the role, where it was set otherwise; `source` is that of `pg_settings`.
 *
 * Empty where no statement reaches it: the command line of the server, the url of the target, the settings of a service.
 */
export function settingGrant(name: string, value: string, source: string, grantee: Grantee): string[] {
  const { role, database, isHosted } = grantee;
  const member = pg.escapeIdentifier(role);
  const place = pg.escapeIdentifier(database);
  switch (source) {
    case 'user':
      return [`ALTER ROLE ${member} RESET ${name};`];
    case 'database user':
      return [`ALTER ROLE ${member} IN DATABASE ${place} RESET ${name};`];
    case 'database':
      return [`ALTER DATABASE ${place} RESET ${name};`];
    case 'global':
      return [`ALTER ROLE ALL RESET ${name};`];
    case 'default':
    case 'configuration file':
      return isHosted ? [] : [`ALTER SYSTEM SET ${name} = ${value};`, 'SELECT pg_reload_conf();'];
    default:
      return [];
  }
}

/** Where a setting was made, in words, and where it is to be made where that is no statement. */
export function settingSource(source: string, { isHosted }: Pick<Grantee, 'isHosted'>): string {
  const isServers = source === 'default' || source === 'configuration file';
  return `set by: ${source}${isHosted && isServers ? ', to be set in the parameters of the service' : ''}`;
}

/** The line of `ALTER SYSTEM` that adds a library to those that are loaded at the start, `loaded` as the server shows them. */
export function preloadGrant(library: string, loaded: string): string[] {
  // Each library is a literal of its own: a list within one literal would be taken for one name, and no server starts with it.
  const libraries = [...loaded.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(([bare, quoted]) =>
    quoted === undefined ? bare : quoted.replaceAll('""', '"'),
  );
  const all = [...libraries, library].map((name) => pg.escapeLiteral(name)).join(', ');
  return [`ALTER SYSTEM SET shared_preload_libraries = ${all};`];
}
