import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { domainToASCII } from 'node:url';
import { HttpFailure, printable, wordsOf } from '../../runtime/http-failure.ts';
import type { Destination } from './_destination.ts';

export interface HandshakeOptions {
  readonly address: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * Makes a TLS handshake with one checked address and hangs up; gives the seconds that it took.
 *
 * What the certificate is worth is not asked here. Throws an `HttpFailure` where there is no handshake.
 */
export async function shakeHands(destination: Destination, options: HandshakeOptions): Promise<number> {
  const { host, port, label, serverName = host } = destination;
  const { address, timeoutSeconds, signal } = options;
  const started = performance.now();
  const name = isIP(serverName) ? '' : domainToASCII(serverName);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let connected = false;
  const socket = connect({ host: address, port, servername: name, rejectUnauthorized: false });
  const fail = (reason: HttpFailure['reason'], text: string) => reject(new HttpFailure(reason, `${label} ${text}`));
  const timer = setTimeout(() => {
    if (connected)
      fail('time-out', `accepted the connection and did not finish the TLS handshake within ${timeoutSeconds} s`);
    else fail('no-connection', `did not accept a connection within ${timeoutSeconds} s`);
  }, timeoutSeconds * 1_000);
  const onAbort = () => fail('deadline', 'did not finish the TLS handshake before the task reached its deadline');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  socket.once('connect', () => (connected = true));
  socket.once('secureConnect', () => resolve((performance.now() - started) / 1_000));
  // Stays for errors of the hanging up: the promise is settled by then.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') fail('refused', 'refused the connection');
    else if (error.code === 'ENETUNREACH' || error.code === 'EHOSTUNREACH' || error.code === 'EADDRNOTAVAIL') {
      fail('no-route', 'cannot be reached from here: there is no route');
    } else if (error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      fail('hung-up', 'ended the connection during the TLS handshake');
    } else fail('tls', `made no TLS handshake: ${printable(wordsOf(error))}`);
  });
  socket.once('close', () => fail('hung-up', 'ended the connection during the TLS handshake'));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}
