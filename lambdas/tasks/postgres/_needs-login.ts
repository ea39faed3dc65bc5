import { isIP } from 'node:net';
import pg from 'pg';
import * as z from 'zod';
import { messageOf } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import type { NeedsContext } from '../../../core/task.ts';
import { addressNeeds } from '../../runtime/address-needs.ts';
import { connectionOf } from './_connection.ts';
import { type Login, readState, type ServerState, withinLimits, withLogin } from './_connection-probe.ts';
import type { Refusal } from './_connection-refusal.ts';
import { type Grantee, granting, membership, type Seen } from './_needs-grants.ts';
import { labelOf } from './_tables.ts';

export type LoginContext = Pick<NeedsContext<'postgres', unknown>, 'now' | 'signal' | 'sessionName' | 'allowAddresses'>;

const Standing = z.object({
  role: z.string(),
  database: z.string(),
  version: z.int(),
  inherits: z.boolean(),
  isHosted: z.boolean(),
  readsAllStatistics: z.boolean(),
  isReadOnly: z.boolean(),
  /** Where it was set whether transactions are read-only, as `pg_settings` says. */
  readOnlySource: z.string(),
});

/** Who we are on a server that has let us in, and what it is. */
export type Standing = Grantee & z.infer<typeof Standing> & { readonly state: ServerState };

/** What the login showed; without a standing there is nothing more to be seen. */
export interface LoginSeen {
  readonly needs: readonly Seen[];
  readonly standing: Standing | undefined;
}

// With a time limit of its own for every part the whole stays below that of the look.
const CONNECT_SECONDS = 8;
const READ_MILLISECONDS = 8_000;

const STANDING = `
SELECT current_user AS role, current_database() AS database, current_setting('server_version_num')::int AS version,
       (SELECT rolinherit FROM pg_roles WHERE rolname = current_user) AS inherits,
       EXISTS (SELECT FROM pg_roles WHERE rolname IN ('rdsadmin', 'cloudsqladmin', 'azuresu')) AS "isHosted",
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS "readsAllStatistics",
       current_setting('default_transaction_read_only')::bool AS "isReadOnly",
       (SELECT source FROM pg_settings WHERE name = 'default_transaction_read_only') AS "readOnlySource"`;

/** Logs in once and looks who we are. Throws `Unavailable` where nobody has foreseen why there is no login. */
export async function lookAtLogin(target: Target<'postgres'>, context: LoginContext): Promise<LoginSeen> {
  const { now, signal, sessionName, allowAddresses } = context;
  const { host = '' } = connectionOf(target);
  const address = await addressNeeds(host, { allowAddresses, timeoutSeconds: CONNECT_SECONDS, signal });
  const refused = address.needs.filter(({ state }) => state === 'missing');
  // A name that is not found is told by the login itself.
  if (!address.isCallable && refused.length > 0) return { needs: refused, standing: undefined };
  const begun = performance.now();
  const clock = () => new Date(now.getTime() + performance.now() - begun);
  const options = { sessionName, allowAddresses, connectSeconds: CONNECT_SECONDS, retrySeconds: 0, clock, signal };
  const seen = await withLogin(target, options, (login) => look(target, login, clock));
  return 'refusal' in seen ? { needs: needsOfRefusal(target, seen.refusal), standing: undefined } : seen;
}

async function look(target: Target<'postgres'>, login: Login, clock: () => Date): Promise<LoginSeen> {
  const { address } = connectionOf(target);
  const reached: Seen[] = [
    { need: 'be reached', state: 'met', detail: `${address} answers ${wayOf(login)}` },
    ...(login.protocol === null ? [] : [TRUSTED]),
  ];
  try {
    const asked = { text: STANDING, query_timeout: READ_MILLISECONDS };
    const standing = await withinLimits(login, async () => Standing.parse((await login.client.query(asked)).rows[0]));
    const state = await readState(login, clock);
    const { version, isInRecovery } = state.server;
    const where = `PostgreSQL ${version}, ${isInRecovery ? 'standby' : 'primary'}`;
    const detail = `${where}, database ${labelOf(standing.database)} as ${labelOf(standing.role)}`;
    const answers: Seen = { need: 'answer queries', state: 'met', detail: 'the catalogue was read' };
    const needs: Seen[] = [...reached, { need: 'log in', state: 'met', detail }, answers];
    return { needs, standing: { ...standing, state } };
  } catch (thrown) {
    // What does not fit its schema is our mistake; whatever else goes wrong here goes wrong at the server.
    if (thrown instanceof z.ZodError) throw thrown;
    const { user = '' } = connectionOf(target);
    const detail = `the login worked and a read did not: ${messageOf(thrown)}`;
    const needs: Seen[] = [
      ...reached,
      { need: 'log in', state: 'met', detail: `as ${labelOf(user)}` },
      { need: 'answer queries', state: 'unknown', detail },
    ];
    return { needs, standing: undefined };
  }
}

// In TLS nobody is let in here whose certificate is not verified.
const TRUSTED: Seen = { need: 'be trusted over TLS', state: 'met', detail: 'its certificate was verified' };

function wayOf({ protocol, isLoopback }: Login): string {
  if (protocol !== null) return `over ${protocol.replace('v', ' ')}`;
  return isLoopback ? 'in clear text on the loopback' : 'in clear text, which others on the way can read';
}

/** What a refused login says of each need, with the statement that lets us in where there is one. */
export function needsOfRefusal(target: Target<'postgres'>, { kind, reason }: Refusal): Seen[] {
  const { address, user = '', database = '' } = connectionOf(target);
  const detail = `${address}: ${reason}`;
  const reached: Seen = { need: 'be reached', state: 'met', detail: `${address} answers` };
  const login = (...statements: readonly string[]): Seen[] => [
    reached,
    { need: 'log in', state: 'missing', detail, ...granting(...statements) },
  ];
  const [role, place] = [pg.escapeIdentifier(user), pg.escapeIdentifier(database)];
  switch (kind) {
    case 'not-reachable':
    case 'refused':
    case 'silent':
    case 'hung-up':
      return [{ need: 'be reached', state: 'unknown', detail }];
    case 'not-postgres':
      return [{ need: 'be reached', state: 'missing', detail }];
    case 'tls-not-offered':
    case 'certificate-untrusted':
    case 'certificate-expired':
    case 'certificate-wrong-name':
    case 'tls-failed':
      return [reached, { need: 'be trusted over TLS', state: 'missing', detail }];
    case 'connections-full':
    case 'not-accepting':
      return [reached, { need: 'log in', state: 'unknown', detail }];
    case 'password-refused':
      // psql asks for the password, so that it stands nowhere.
      return login(...(reason.endsWith('(28P01)') ? [`\\password ${role}`] : []));
    case 'no-database':
      return login();
    case 'login-refused':
      return login(...admission(reason, role, place, isHostedAddress(target)));
  }
}

/** Services keep pg_hba.conf to themselves. */
function isHostedAddress(target: Target<'postgres'>): boolean {
  const { host = '' } = connectionOf(target);
  return target.rds !== undefined || /\.(rds\.amazonaws\.com(\.cn)?|database\.azure\.com)$/i.test(host);
}

/** By the words of the server, which has one code for several reasons; in another language there is no statement. */
function admission(reason: string, role: string, database: string, isHosted: boolean): string[] {
  if (reason.endsWith('(42501)')) return [`GRANT CONNECT ON DATABASE ${database} TO ${role};`];
  if (reason.endsWith('(55000)')) return [`ALTER DATABASE ${database} ALLOW_CONNECTIONS true;`];
  if (/is not permitted to log in/.test(reason)) return [`ALTER ROLE ${role} LOGIN;`];
  const [, host = ''] = /no pg_hba\.conf entry for host "([^"]+)"/.exec(reason) ?? [];
  if (isHosted || isIP(host) === 0) return [];
  const type = /no encryption|SSL off/.test(reason) ? 'host' : 'hostssl';
  // A line of pg_hba.conf, and the statement that has the server read it.
  const line = `${type} ${database} ${role} ${host}/${isIP(host) === 6 ? 128 : 32} scram-sha-256`;
  return [line, 'SELECT pg_reload_conf();'];
}

/** Whether the sessions of other roles are shown with what they do. */
export function seesSessions({ state, ...standing }: Standing): Seen {
  const need = 'see all sessions';
  const { role, readsAllStatistics } = standing;
  const rights = readsAllStatistics ? [] : membership('pg_monitor', standing);
  if ('denied' in state.sessions) {
    const view = `GRANT SELECT ON pg_catalog.pg_stat_activity TO ${pg.escapeIdentifier(role)};`;
    return { need, state: 'missing', detail: state.sessions.denied, ...granting(view, ...rights) };
  }
  const { connections, hidden } = state.sessions;
  if (readsAllStatistics) {
    return { need, state: 'met', detail: `${labelOf(role)} reads all statistics; ${connections} other sessions now` };
  }
  const detail = `${labelOf(role)} is no member of pg_read_all_stats; ${hidden} of ${connections} other sessions are hidden now`;
  return { need, state: 'missing', detail, ...granting(...rights) };
}

/** Whether the server itself answers, and not a pooler, where settings and statement may meet different servers. */
export function isServerItself({ state: { isPooled } }: Standing): Seen {
  const need = 'be the server itself';
  if (!isPooled) return { need, state: 'met', detail: 'no connection pooler stands before it' };
  return {
    need,
    state: 'missing',
    detail: 'a connection pooler answers for it; give the target the address of the server',
  };
}

/** Whether the server is one to change. */
export function takesWrites({ state, ...standing }: Standing): Seen {
  const need = 'take writes';
  if (state.server.isInRecovery) {
    return { need, state: 'missing', detail: 'it is a standby; give the target the address of its primary' };
  }
  const { isReadOnly, readOnlySource, role } = standing;
  if (!isReadOnly) return { need, state: 'met', detail: 'it is a primary and not read-only' };
  const detail = `default_transaction_read_only is on, set by: ${readOnlySource}`;
  // Where it holds for others too, a person has to know why before anything is changed.
  const own: Readonly<Record<string, string>> = {
    user: `ALTER ROLE ${pg.escapeIdentifier(role)} RESET default_transaction_read_only;`,
    'database user': `ALTER ROLE ${pg.escapeIdentifier(role)} IN DATABASE ${pg.escapeIdentifier(standing.database)} RESET default_transaction_read_only;`,
  };
  return { need, state: 'missing', detail, ...granting(...[own[readOnlySource] ?? []].flat()) };
}
