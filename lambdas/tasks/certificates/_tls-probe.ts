import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { messageOf } from '../../../core/errors.ts';

/** What one address showed: its certificates in the order in which it serves them, or why there are none to judge. */
export type Probe =
  | {
      readonly status: 'served';
      readonly certificates: readonly [X509Certificate, ...X509Certificate[]];
      /** OpenSSL's judgement of the chain, without that of the name. */
      readonly verifyError: string | undefined;
      readonly protocol: string;
    }
  | { readonly status: 'key-mismatch'; readonly reason: string }
  | { readonly status: 'not-probed'; readonly reason: string };

export interface ProbeOptions {
  /** An IP address that was checked; nothing is looked up. */
  readonly address: string;
  readonly port: number;
  /** The name asked for; an IP address is not sent, as the protocol demands. */
  readonly serverName: string;
  readonly context: SecureContext;
  /** For everything, from the first packet to the end of the handshake. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export const IN_PLAIN_TEXT = 'answered in plain text, not in TLS';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'ended the connection during the TLS handshake',
  EPIPE: 'ended the connection during the TLS handshake',
  ENETUNREACH: 'cannot be reached from here: there is no route',
  EHOSTUNREACH: 'cannot be reached from here: there is no route',
  EADDRNOTAVAIL: 'cannot be reached from here: there is no route',
  ERR_SSL_WRONG_VERSION_NUMBER: IN_PLAIN_TEXT,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: IN_PLAIN_TEXT,
};

// The first is TLS's own word, the second that of the library that verifies for it.
const WRONG_SIGNATURE = new Set(['ERR_SSL_BAD_SIGNATURE', 'ERR_SSL_PROVIDER_SIGNATURE_FAILURE']);

/** Makes one TLS handshake with one address, whatever its certificate is worth, and hangs up. Never throws. */
export async function probeAddress(options: ProbeOptions): Promise<Probe> {
  const { address, port, serverName, context, timeoutSeconds, signal } = options;
  if (signal.aborted) return { status: 'not-probed', reason: 'was not tried: the task reached its deadline' };
  const { promise, resolve } = Promise.withResolvers<Probe>();
  let connected = false;
  const socket = connect({
    host: address,
    port,
    secureContext: context,
    ...(!isIP(serverName) && { servername: serverName }),
    rejectUnauthorized: false,
    // The name is a fact of its own and must not hide what is wrong with the chain.
    checkServerIdentity: () => undefined,
  });
  const giveUp = (reason: string) => resolve({ status: 'not-probed', reason });
  const onAbort = () => giveUp('did not finish the TLS handshake before the task reached its deadline');
  const timer = setTimeout(() => giveUp(timeoutReason(connected, timeoutSeconds)), timeoutSeconds * 1_000);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('connect', () => (connected = true));
  socket.once('secureConnect', () => resolve(servedBy(socket)));
  // Stays for errors of the hanging up: the promise is settled by then and takes no second value.
  socket.on('error', (error) => resolve(failureOf(error, isIP(address))));
  socket.once('close', () => giveUp('ended the connection during the TLS handshake'));
  const probe = await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', onAbort);
  // A finished handshake is ended as the protocol says, or every look would be an error in the log of the server.
  if (probe.status === 'served') socket.destroySoon();
  else socket.destroy();
  return probe;
}

function timeoutReason(connected: boolean, timeoutSeconds: number): string {
  return connected
    ? `accepted the connection and did not finish the TLS handshake within ${timeoutSeconds} s`
    : `did not accept a connection within ${timeoutSeconds} s`;
}

function servedBy(socket: TLSSocket): Probe {
  const certificates: X509Certificate[] = [];
  // Of a peer, the "issuer" is the next certificate that it served, whoever issued it.
  let next = socket.getPeerX509Certificate();
  while (next) {
    certificates.push(next);
    next = next.issuerCertificate;
  }
  const [own, ...others] = certificates;
  if (!own) return { status: 'not-probed', reason: 'made a TLS handshake without any certificate' };
  return {
    status: 'served',
    certificates: [own, ...others],
    verifyError: socket.authorizationError ? String(socket.authorizationError) : undefined,
    protocol: socket.getProtocol() ?? 'unknown',
  };
}

function failureOf(error: NodeJS.ErrnoException, family: number): Probe {
  const { code = '' } = error;
  if (WRONG_SIGNATURE.has(code) || isOfLibrary(error, 'rsa routines')) {
    return { status: 'key-mismatch', reason: 'signed the handshake with a key that is not the one of its certificate' };
  }
  const known = REASONS[code];
  if (known?.endsWith('no route') && family === 6) {
    return { status: 'not-probed', reason: `${known} for IPv6; give Fettle one, or set families to [ipv4]` };
  }
  return { status: 'not-probed', reason: known ?? `did not make a TLS handshake: ${handshakeText(error)}` };
}

// What a client does with RSA in a handshake is to verify the signature of the server, and a wrong one ends within RSA.
function isOfLibrary(error: Error, library: string): boolean {
  return 'library' in error && error.library === library;
}

// OpenSSL's message begins with addresses of its memory; its reason is the part that means something.
function handshakeText(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : messageOf(error);
}
