import pg from 'pg';
import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { defineTask } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { type ConnectionKind, REFUSAL_FINDINGS, STATE_FINDINGS } from './_connection-findings.ts';
import { type Login, type LoginOptions, readState, type ServerState, withLogin } from './_connection-probe.ts';
import { connectionNeeds } from './_needs.ts';
import { labelOf } from './_tables.ts';

const Input = z.strictObject({
  serverRole: z
    .enum(['primary', 'standby', 'any'])
    .default('primary')
    .describe('What must answer: the primary, a standby, or either of them'),
  connectionsAbove: Percent.prefault('80%').describe(
    'Warn where a larger share of the connections for ordinary roles is taken',
  ),
  connectMillisecondsAbove: z.number().positive().default(2_000).describe('Warn where connecting takes longer'),
  roundTripMillisecondsAbove: z.number().positive().default(500).describe('Warn where a round trip takes longer'),
  connectTimeout: DurationSeconds.refine((seconds) => seconds <= 30, 'must not be longer than 30s')
    .prefault('8s')
    .describe('How long to wait for a login'),
  retryFor: DurationSeconds.refine((seconds) => seconds <= 60, 'must not be longer than 60s')
    .prefault('10s')
    .describe('For how long a login is tried again that a restart or a failover refuses'),
});
type Limits = Pick<
  z.output<typeof Input>,
  'serverRole' | 'connectionsAbove' | 'connectMillisecondsAbove' | 'roundTripMillisecondsAbove'
>;

/** What is known of a login beside what the server says. */
export type LoginFacts = Pick<Login, 'connectMilliseconds' | 'protocol' | 'isLoopback' | 'refusedBefore'>;

const WHO_IS_CONNECTED =
  'SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC';

/** Everything that is to be said of a server that has let us in. */
export function judgeState(
  target: string,
  login: LoginFacts,
  state: ServerState,
  limits: Limits,
): Finding<ConnectionKind>[] {
  const { server, sessions, isPooled } = state;
  const { role, database, version, isInRecovery } = server;
  const summary = `PostgreSQL ${version}, ${isInRecovery ? 'standby' : 'primary'}, database ${labelOf(database)} as ${labelOf(role)}, ${login.protocol ?? 'clear text'}`;
  return [
    { kind: 'logged-in', target, summary },
    ...(isPooled ? [{ kind: 'pooler', target, summary: 'a connection pooler answers for the server' } as const] : []),
    ...judgeRole(target, server, limits),
    ...judgeLogin(target, login, state, limits),
    ...judgeSessions(target, server, sessions, limits),
  ];
}

function judgeRole(target: string, server: ServerState['server'], { serverRole }: Limits): Finding<ConnectionKind>[] {
  const { isInRecovery, readOnlyBy, database } = server;
  if (isInRecovery && serverRole === 'primary') {
    return [{ kind: 'not-primary', target, summary: 'a standby answers (pg_is_in_recovery), a primary is expected' }];
  }
  if (!isInRecovery && serverRole === 'standby') {
    return [{ kind: 'not-standby', target, summary: 'a primary answers, a standby is expected' }];
  }
  if (isInRecovery || readOnlyBy === null) return [];
  const summary = `default_transaction_read_only = on for the whole ${readOnlyBy}, off is expected`;
  const command =
    readOnlyBy === 'database'
      ? `ALTER DATABASE ${pg.escapeIdentifier(database)} RESET default_transaction_read_only`
      : undefined;
  return [{ kind: 'read-only', target, summary, ...(command !== undefined && { command }) }];
}

function judgeSessions(
  target: string,
  server: ServerState['server'],
  sessions: ServerState['sessions'],
  limits: Limits,
): Finding<ConnectionKind>[] {
  const kind = 'rights-missing';
  if ('denied' in sessions) return [{ kind, target, summary: `who is connected cannot be read: ${sessions.denied}` }];
  const found = judgeConnections(target, server, sessions, limits);
  if (sessions.hidden === 0) return found;
  const { role } = server;
  const summary = `of ${sessions.hidden} sessions the role ${labelOf(role)} sees nothing in pg_stat_activity but that they are there`;
  const command = `GRANT pg_monitor TO ${pg.escapeIdentifier(role)}`;
  return [...found, { kind, target, summary, value: sessions.hidden, limit: 0, unit: 'count', command }];
}

type Sessions = Exclude<ServerState['sessions'], { readonly denied: string }>;

function judgeConnections(
  target: string,
  { maxConnections, reservedConnections }: ServerState['server'],
  { connections, largestRole, largestRoleConnections, ownLimits }: Sessions,
  { connectionsAbove }: Limits,
): Finding<ConnectionKind>[] {
  const usable = maxConnections - reservedConnections;
  const most = largestRole === null ? '' : `, ${largestRoleConnections} of them of the role ${labelOf(largestRole)}`;
  const percent = Math.floor((connections / usable) * 100);
  const taken = (kind: ConnectionKind, limit: string): Finding<ConnectionKind> => ({
    kind,
    target,
    summary: `${connections} of ${usable} connections for ordinary roles are taken${most}, limit ${limit}`,
    value: percent,
    limit: connectionsAbove,
    unit: 'percent',
    command: WHO_IS_CONNECTED,
  });
  // Whoever may use the reserved ones gets in while everyone else is refused.
  const full = connections >= usable;
  const near = (connections / usable) * 100 > connectionsAbove;
  return [
    ...(full ? [taken('connections-full', 'one less')] : []),
    ...(near && !full ? [taken('connections-near-limit', `${connectionsAbove} %`)] : []),
    ...ownLimits.map(({ kind, name, sessions, limit }): Finding<ConnectionKind> => {
      const subject = `${kind} ${labelOf(name)}`;
      const summary = `${subject} has ${sessions} sessions, its CONNECTION LIMIT is ${limit}`;
      return { kind: 'own-limit-reached', target, subject, summary, value: sessions, limit, unit: 'count' };
    }),
  ];
}

function judgeLogin(
  target: string,
  { connectMilliseconds, protocol, isLoopback, refusedBefore }: LoginFacts,
  { roundTripMilliseconds }: Pick<ServerState, 'roundTripMilliseconds'>,
  { connectMillisecondsAbove, roundTripMillisecondsAbove }: Limits,
): Finding<ConnectionKind>[] {
  const slow = (subject: string, value: number, limit: number): Finding<ConnectionKind>[] => {
    const summary = `${subject} took ${value} ms, limit ${limit} ms`;
    return value > limit ? [{ kind: 'slow-answer', target, subject, summary, value, limit, unit: 'milliseconds' }] : [];
  };
  return [
    ...slow('connecting', connectMilliseconds, connectMillisecondsAbove),
    ...slow('a round trip', roundTripMilliseconds, roundTripMillisecondsAbove),
    ...(protocol === null && !isLoopback
      ? [{ kind: 'not-encrypted', target, summary: 'the session is in clear text, TLS is expected' } as const]
      : []),
    ...(refusedBefore
      ? [
          {
            kind: 'came-back',
            target,
            summary: `logins were refused for ${Math.ceil(refusedBefore.seconds)} s: ${refusedBefore.last.reason}`,
          } as const,
        ]
      : []),
  ];
}

function measure(
  target: string,
  login: LoginFacts,
  { server, sessions, roundTripMilliseconds }: ServerState,
): Measurement[] {
  const measured = (name: string, value: number, unit: Measurement['unit']) => ({ name, value, unit, target });
  const times = [
    measured('connect-time', login.connectMilliseconds, 'milliseconds'),
    measured('round-trip-time', roundTripMilliseconds, 'milliseconds'),
  ];
  if ('denied' in sessions) return times;
  const { connections, hidden, idleInTransaction } = sessions;
  const { longestIdleInTransactionSeconds, longestTransactionSeconds } = sessions;
  const usable = server.maxConnections - server.reservedConnections;
  return [
    ...times,
    measured('connections', connections, 'count'),
    measured('connections-used', (connections / usable) * 100, 'percent'),
    // The longest of those that we see is not the longest.
    ...(hidden > 0
      ? []
      : [
          measured('idle-in-transaction', idleInTransaction, 'count'),
          measured('longest-idle-in-transaction', longestIdleInTransactionSeconds ?? 0, 'seconds'),
          measured('longest-transaction', longestTransactionSeconds ?? 0, 'seconds'),
        ]),
  ];
}

interface Examined {
  readonly findings: Finding<ConnectionKind>[];
  readonly measurements: Measurement[];
}

async function examine(target: Target<'postgres'>, options: LoginOptions, limits: Limits): Promise<Examined> {
  const { name } = target;
  const examined = await withLogin(target, options, (login) => look(name, login, options, limits));
  if (!('refusal' in examined)) return examined;
  const { refusal, where } = examined;
  return { findings: [{ kind: refusal.kind, target: name, summary: `${where}: ${refusal.reason}` }], measurements: [] };
}

async function look(target: string, login: Login, { clock }: LoginOptions, limits: Limits): Promise<Examined> {
  try {
    const state = await readState(login, clock);
    return { findings: judgeState(target, login, state, limits), measurements: measure(target, login, state) };
  } catch (thrown) {
    // What does not fit its schema is our mistake; whatever else goes wrong here goes wrong at the server.
    if (thrown instanceof z.ZodError) throw thrown;
    const summary = `the login worked and a read did not: ${messageOf(thrown)}`;
    return { findings: [{ kind: 'reads-fail', target, summary }], measurements: [] };
  }
}

export const task = defineTask({
  name: 'postgres-check-connection',
  summary: 'Checks that a login works, that the right server answers, and that connections are left',
  effect: 'read-only',
  target: 'postgres',
  input: Input,
  examples: [{}, { serverRole: 'standby', connectionsAbove: '70%' }],
  findings: { ...REFUSAL_FINDINGS, ...STATE_FINDINGS },
  permissions: (platform) => secretPermissions(platform, 'postgres'),
  needs: (context) => connectionNeeds(context),
  timeoutSeconds: 180,
  run: ({ input, targets, clock, signal, sessionName, allowAddresses }) => {
    const { connectTimeout: connectSeconds, retryFor: retrySeconds } = input;
    const options = { sessionName, allowAddresses, connectSeconds, retrySeconds, clock, signal };
    return eachTarget(targets, (target) => examine(target, options, input), { concurrency: 8 });
  },
});
