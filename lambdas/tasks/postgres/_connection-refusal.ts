import { messageOf } from '../../../core/errors.ts';
import type { RefusalKind } from './_connection-findings.ts';
import { sqlStateOf } from './_session.ts';
import { labelOf } from './_tables.ts';

/** How far a login came. */
export interface Progress {
  /** TCP is established. */
  readonly isConnected: boolean;
  /** What came first from the other side. */
  readonly firstBytes: string;
  /** True where the other side said that it speaks TLS. */
  readonly isTlsBegun: boolean;
}

export interface Refusal {
  readonly kind: RefusalKind;
  /** What was said or not said, in one line and without any secret. */
  readonly reason: string;
}

const BY_SQLSTATE: Readonly<Record<string, RefusalKind>> = {
  '28P01': 'password-refused',
  '28000': 'login-refused',
  '3D000': 'no-database',
  // No right to connect to the database.
  '42501': 'login-refused',
  // The database allows no connections.
  '55000': 'login-refused',
  '53300': 'connections-full',
  '57P01': 'not-accepting',
  '57P03': 'not-accepting',
};

const BY_CODE: Readonly<Record<string, RefusalKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'hung-up',
  EPIPE: 'hung-up',
  ENOTFOUND: 'not-reachable',
  EAI_AGAIN: 'not-reachable',
  EHOSTUNREACH: 'not-reachable',
  ENETUNREACH: 'not-reachable',
  ETIMEDOUT: 'not-reachable',
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-wrong-name',
  CERT_UNTRUSTED: 'certificate-untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-untrusted',
};

/** What may pass by itself within seconds: a restart, a failover. */
export function mayPass({ kind }: Refusal): boolean {
  return kind === 'refused' || kind === 'hung-up' || kind === 'not-accepting';
}

/** What a failed login means; undefined where nobody has foreseen it. */
export function refusalOf(thrown: unknown, progress: Progress): Refusal | undefined {
  const reason = labelOf(messageOf(thrown)).slice(0, 300);
  const state = sqlStateOf(thrown);
  if (state !== undefined) {
    const kind = Object.hasOwn(BY_SQLSTATE, state) ? BY_SQLSTATE[state] : undefined;
    return kind && { kind, reason: `${reason} (${state})` };
  }
  const code = codeOf(thrown);
  if (code !== undefined && Object.hasOwn(BY_CODE, code)) return known(BY_CODE[code], reason, progress);
  if (progress.isTlsBegun && code !== undefined) return { kind: 'tls-failed', reason };
  return byMessage(thrown instanceof Error ? thrown.message : '', progress);
}

function known(kind: RefusalKind | undefined, reason: string, { isTlsBegun }: Progress): Refusal | undefined {
  // Whoever ends the connection within the handshake refuses the handshake.
  if (kind === 'hung-up' && isTlsBegun) return { kind: 'tls-failed', reason };
  return kind && { kind, reason };
}

/** The errors of `pg` itself have no code. */
function byMessage(message: string, progress: Progress): Refusal | undefined {
  const { isConnected, firstBytes, isTlsBegun } = progress;
  if (firstBytes !== '' && !isTlsBegun && !isOfPostgres(firstBytes)) {
    return { kind: 'not-postgres', reason: `the other side began with "${labelOf(firstBytes.trim()).slice(0, 60)}"` };
  }
  switch (message) {
    case 'timeout expired':
      if (!isConnected) return { kind: 'not-reachable', reason: 'no answer to the attempt to connect' };
      return { kind: 'silent', reason: firstBytes === '' ? 'not a byte was answered' : 'the login was not answered' };
    case 'Connection terminated unexpectedly':
    case 'Connection terminated':
      return { kind: 'hung-up', reason: 'the connection was closed without a word' };
    case 'The server does not support SSL connections':
      return { kind: 'tls-not-offered', reason: 'the server does not support TLS' };
    default:
      // The server asks for a password that the url does not have.
      return /^SASL: .*client password must be/.test(message)
        ? { kind: 'password-refused', reason: 'the server asks for a password and the url has none' }
        : undefined;
  }
}

/** The first byte of all that a server says before a login: N or S to the request for TLS, else R, E, N or v. */
function isOfPostgres(firstBytes: string): boolean {
  return /^(?:[NS]$|[RENv]\0)/.test(firstBytes);
}

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  // A name with several addresses: the attempts to each of them.
  const attempts = 'errors' in thrown && Array.isArray(thrown.errors) ? thrown.errors : [];
  return attempts.map(codeOf).find((code) => code !== undefined);
}
