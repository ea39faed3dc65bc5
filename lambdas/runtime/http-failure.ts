import { messageOf, Unavailable } from '../../core/errors.ts';

/**
 * Why an exchange came to no answer. The first three say nothing of the server: it was not called, cannot be reached
 * from here, or we ran out of time; the others are what the server did.
 */
export type HttpFailureReason =
  'not-called' | 'no-route' | 'deadline' | 'refused' | 'no-connection' | 'time-out' | 'tls' | 'hung-up' | 'malformed';

/** An HTTP exchange without an answer; the text names host and port and holds neither secrets nor control characters. */
export class HttpFailure extends Unavailable {
  readonly reason: HttpFailureReason;

  constructor(reason: HttpFailureReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** How far an exchange has come; it turns "timed out" into where to look. */
export type Phase = 'looking-up' | 'connecting' | 'shaking-hands' | 'waiting' | 'reading';

const UNFINISHED: Readonly<Record<Phase, string>> = {
  'looking-up': 'was not called: its address was not found',
  connecting: 'did not accept a connection',
  'shaking-hands': 'accepted the connection and did not finish the TLS handshake',
  waiting: 'accepted the connection and did not answer',
  reading: 'began to answer and did not come to the end',
};

const ENDED: Readonly<Record<Phase, string>> = {
  'looking-up': 'was not called',
  connecting: 'ended the connection at once',
  'shaking-hands': 'ended the connection during the TLS handshake',
  waiting: 'ended the connection without an answer',
  reading: 'ended the connection in the middle of its answer',
};

const TIMED_OUT: Readonly<Partial<Record<Phase, HttpFailureReason>>> = {
  'looking-up': 'not-called',
  connecting: 'no-connection',
};

const NO_ROUTE = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'ENETDOWN', 'EACCES', 'EPERM']);
const HUNG_UP = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE']);
// OpenSSL met something else where a TLS record should begin.
const PLAIN_TEXT = /wrong version number|packet length too long/i;
// The parser's own words are written for those who know the parser.
const MALFORMED: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'answered with more headers than 16 KiB',
  HPE_INVALID_CONSTANT: 'answered with something that is not HTTP/1.1',
  HPE_INVALID_VERSION: 'answered with something that is not HTTP/1.1',
  HPE_INVALID_CONTENT_LENGTH: 'answered with a malformed Content-Length',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'answered with both Content-Length and Transfer-Encoding, or with two lengths',
  HPE_INVALID_TRANSFER_ENCODING: 'answered with both Content-Length and Transfer-Encoding, or with a wrong one of them',
  HPE_INVALID_CHUNK_SIZE: 'answered with a malformed chunk',
  HPE_INVALID_HEADER_TOKEN: 'answered with a malformed header',
};

export interface FailureContext {
  readonly label: string;
  readonly phase: Phase;
  readonly timeoutSeconds: number;
  /** Why the exchange was stopped by us, where it was. */
  readonly stopped: 'time-out' | 'deadline' | undefined;
}

/** Turns whatever an exchange threw into an `HttpFailure` that says what the server did. */
export function failureOf(thrown: unknown, { label, phase, timeoutSeconds, stopped }: FailureContext): HttpFailure {
  if (stopped === 'deadline') {
    return new HttpFailure('deadline', `${label} ${UNFINISHED[phase]} before the task reached its deadline`);
  }
  if (stopped === 'time-out') {
    return new HttpFailure(TIMED_OUT[phase] ?? 'time-out', `${label} ${UNFINISHED[phase]} within ${timeoutSeconds} s`);
  }
  if (thrown instanceof HttpFailure) return thrown;
  // The guard of addresses speaks in whole sentences that name the host.
  if (thrown instanceof Unavailable) return new HttpFailure('not-called', printable(thrown.message));
  const code = codeOf(thrown);
  const failed = (reason: HttpFailureReason, what: string) => new HttpFailure(reason, `${label} ${printable(what)}`);
  if (code === 'ECONNREFUSED') return failed('refused', 'refused the connection');
  if (code === 'ETIMEDOUT') return failed(TIMED_OUT[phase] ?? 'time-out', UNFINISHED[phase]);
  if (NO_ROUTE.has(code)) return failed('no-route', 'cannot be reached from here: there is no route');
  if (HUNG_UP.has(code)) return failed('hung-up', ENDED[phase]);
  if (PLAIN_TEXT.test(wordsOf(thrown))) return failed('tls', 'answered in plain text, not in TLS');
  if (/no application protocol/i.test(wordsOf(thrown))) return failed('malformed', 'does not speak HTTP/1.1');
  if (code.startsWith('HPE_')) return failed('malformed', MALFORMED[code] ?? `answered with malformed HTTP: ${code}`);
  if (code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE' || code.startsWith('ERR__ZSTD')) {
    return failed('malformed', `answered with a damaged compressed body: ${wordsOf(thrown)}`);
  }
  if (phase === 'shaking-hands') return failed('tls', `made no TLS connection that can be trusted: ${wordsOf(thrown)}`);
  return failed('malformed', `gave no answer: ${wordsOf(thrown)}`);
}

/** Text from elsewhere on one line, without control characters and not longer than anyone reads. */
export function printable(text: string, maxLength = 300): string {
  const clean = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const letters = [...clean];
  return letters.length <= maxLength
    ? clean
    : `${letters
        .slice(0, maxLength - 1)
        .join('')
        .trimEnd()}…`;
}

// By their properties: an error of another realm, a test runner's for one, is no instance of our Error.
function codeOf(thrown: unknown): string {
  return textIn(thrown, 'code') ?? '';
}

// OpenSSL's own lines begin with addresses of its memory: `40ED…:error:0A00010B:SSL routines:function:reason:file:`.
const OPENSSL_LINE = /error:[\dA-F]+:[^:]*:[^:]*:([^:]+):/;

/** What an error says, as short as it can be said. */
export function wordsOf(thrown: unknown): string {
  const text = textIn(thrown, 'reason') ?? textIn(thrown, 'message') ?? messageOf(thrown);
  return OPENSSL_LINE.exec(text)?.[1] ?? text;
}

function textIn(thrown: unknown, property: string): string | undefined {
  const value: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, property) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
