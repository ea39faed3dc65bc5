import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { RedisAddress } from './_address.ts';

export interface GreetingOptions {
  /** An IP address that was checked; nothing is looked up. */
  readonly ip: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** The longest first line that a Redis answers with; what has no end by then is no Redis. */
const MOST_BYTES = 1_024;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ENETUNREACH: 'cannot be reached from here: there is no route',
  EHOSTUNREACH: 'cannot be reached from here: there is no route',
  EADDRNOTAVAIL: 'cannot be reached from here: there is no route',
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS on this port; write redis:// if that is meant',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'does not speak TLS on this port; write redis:// if that is meant',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that is not trusted; give its authority as ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that is not trusted; give its authority as ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that is not trusted; give its authority as ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate that is not trusted; give its authority as ca',
};

/**
 * Asks whatever listens for a PING and returns the first line of its answer, which is one of a Redis.
 *
 * The client takes any bytes, however many, for the beginning of an answer, and loses what a server says before it
 * hangs up. So the first look is our own. Throws `Unavailable` where nothing answers or something else does.
 */
export async function greet(address: RedisAddress, options: GreetingOptions): Promise<string> {
  const { ip, timeoutSeconds, signal } = options;
  if (signal.aborted) throw new Unavailable(`${address.label} was not asked: the task reached its deadline`);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let connected = false;
  let text = '';
  const fail = (reason: string) => reject(new Unavailable(`${address.label} ${reason}`));
  const socket = openSocket(address, ip);
  const onAbort = () => fail('had not answered when the task reached its deadline');
  const timer = setTimeout(
    () =>
      fail(
        connected
          ? `accepted the connection and did not answer a PING within ${timeoutSeconds} s`
          : `did not accept a connection within ${timeoutSeconds} s`,
      ),
    timeoutSeconds * 1_000,
  );
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once(address.tls ? 'secureConnect' : 'connect', () => {
    connected = true;
    socket.write('PING\r\n');
  });
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1', 0, MOST_BYTES);
    const end = text.indexOf('\r\n');
    if (end >= 0 || text.length >= MOST_BYTES) resolve(text.slice(0, end < 0 ? MOST_BYTES : end));
  });
  const hungUp = `ended the connection instead of answering${address.tls ? '' : '; write rediss:// if it speaks TLS only'}`;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const { code = '' } = error;
    if (code === 'ECONNRESET' || code === 'EPIPE') fail(hungUp);
    else fail(REASONS[code] ?? `failed: ${messageOf(error)}`);
  });
  socket.once('close', () => (text ? resolve(text) : fail(hungUp)));
  try {
    const line = await promise;
    if (/^(\+PONG|-[A-Z]+\b)/.test(line)) return line;
    throw new Unavailable(`${address.label} is not a Redis: it answered a PING with ${shown(line)}`);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

function openSocket({ port, tls, host }: RedisAddress, ip: string): Socket {
  if (!tls) return connectTcp({ host: ip, port });
  return connectTls({ ...tls, host: ip, port, ...(ip === host && { host }) });
}

/** What a stranger says goes into a report: its beginning, and nothing that a terminal would obey. */
function shown(line: string): string {
  return JSON.stringify(line.slice(0, 40).replace(/[^\x20-\x7e]/g, '?'));
}
