import pg from 'pg';
import { describe, expect, test } from '@jest/globals';
import type { ServerState } from '../../../../lambdas/tasks/postgres/_connection-probe.ts';
import { refusalOf } from '../../../../lambdas/tasks/postgres/_connection-refusal.ts';
import { judgeState, type LoginFacts } from '../../../../lambdas/tasks/postgres/check-connection.ts';

const LIMITS = {
  serverRole: 'primary',
  connectionsAbove: 80,
  connectMillisecondsAbove: 2_000,
  roundTripMillisecondsAbove: 500,
} as const;
const LOGIN: LoginFacts = { connectMilliseconds: 12, protocol: 'TLSv1.3', isLoopback: false, refusedBefore: undefined };
const STATE: ServerState = {
  server: {
    ...{ version: '16.4', role: 'fettle', database: 'app', pid: 1, isInRecovery: false, readOnlyBy: null },
    ...{ maxConnections: 100, reservedConnections: 10 },
  },
  sessions: {
    ...{ connections: 10, hidden: 0, largestRole: 'app', largestRoleConnections: 8, idleInTransaction: 0 },
    ...{ longestTransactionSeconds: null, longestIdleInTransactionSeconds: null, ownLimits: [] },
  },
  roundTripMilliseconds: 1,
  isPooled: false,
};

function kindsOf(login: Partial<LoginFacts>, state: Partial<ServerState> = {}): string[] {
  return judgeState('main', { ...LOGIN, ...login }, { ...STATE, ...state }, LIMITS).map(({ kind }) => kind);
}

describe('a login that works is judged', () => {
  test('as a pass where nothing exceeds its limit', () => {
    expect(kindsOf({ connectMilliseconds: 2_000 }, { roundTripMilliseconds: 500 })).toEqual(['logged-in']);
  });

  test('by the time that it took', () => {
    expect(kindsOf({ connectMilliseconds: 2_001 })).toEqual(['logged-in', 'slow-answer']);
    expect(kindsOf({}, { roundTripMilliseconds: 501 })).toEqual(['logged-in', 'slow-answer']);
  });

  test('by its encryption, which the loopback does not need', () => {
    expect(kindsOf({ protocol: null })).toEqual(['logged-in', 'not-encrypted']);
    expect(kindsOf({ protocol: null, isLoopback: true })).toEqual(['logged-in']);
  });

  test('with a note where a pooler answers', () => {
    expect(kindsOf({}, { isPooled: true })).toEqual(['logged-in', 'pooler']);
  });

  test('by the connections for ordinary roles, those that PostgreSQL 16 reserves left out', () => {
    const sessions = (connections: number) => ({
      sessions: { ...STATE.sessions, connections } as ServerState['sessions'],
    });

    expect(kindsOf({}, sessions(72))).toEqual(['logged-in']);
    expect(kindsOf({}, sessions(73))).toEqual(['logged-in', 'connections-near-limit']);
    expect(kindsOf({}, sessions(90))).toEqual(['logged-in', 'connections-full']);
  });
});

describe('a login that fails is named', () => {
  const NONE = { isConnected: false, firstBytes: '', isTlsBegun: false };
  const coded = (code: string) => Object.assign(new Error(`it failed with ${code}`), { code });
  const said = (code: string) => Object.assign(new pg.DatabaseError('said so', 1, 'error'), { code });

  test.each([
    ['a host without route', coded('EHOSTUNREACH'), NONE, 'not-reachable'],
    ['a resolver that does not answer', coded('EAI_AGAIN'), NONE, 'not-reachable'],
    ['packets that are dropped', new Error('timeout expired'), NONE, 'not-reachable'],
    ['all addresses of a name', new AggregateError([coded('ECONNREFUSED')]), NONE, 'refused'],
    [
      'a server that hangs in the login',
      new Error('timeout expired'),
      { isConnected: true, firstBytes: 'R\0\0', isTlsBegun: false },
      'silent',
    ],
    [
      'a reset within the handshake',
      coded('ECONNRESET'),
      { isConnected: true, firstBytes: 'S', isTlsBegun: true },
      'tls-failed',
    ],
    [
      'a server that starts',
      said('57P03'),
      { isConnected: true, firstBytes: 'E\0\0', isTlsBegun: false },
      'not-accepting',
    ],
    ['a full server', said('53300'), { isConnected: true, firstBytes: 'E\0\0', isTlsBegun: false }, 'connections-full'],
  ])('%s', (_title, thrown, progress, kind) => {
    expect(refusalOf(thrown, progress)?.kind).toBe(kind);
  });

  test.each([
    ['an error within the server', said('XX000')],
    [
      'a server that cannot prove who it is',
      new Error('SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match'),
    ],
    ['a fault of this machine', coded('EMFILE')],
  ])('or not at all where nobody has foreseen it: %s', (_title, thrown) => {
    expect(refusalOf(thrown, NONE)).toBeUndefined();
  });
});
