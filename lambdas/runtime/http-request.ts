import { request as plainRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as tlsRequest, type RequestOptions as TlsRequestOptions } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { unescape } from 'node:querystring';
import {
  checkServerIdentity,
  type ConnectionOptions,
  createSecureContext,
  getCACertificates,
  type SecureContext,
} from 'node:tls';
import { domainToASCII } from 'node:url';
import { InvalidInput } from '../../core/errors.ts';
import { callableAddresses, pinnedLookup, refusalOf, type LookupAll } from './address-guard.ts';
import { readBody } from './http-body.ts';
import { failureOf, HttpFailure, printable, type Phase, wordsOf } from './http-failure.ts';

export interface HttpRequest {
  readonly url: URL;
  /** `GET` by default. */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM certificates to trust besides the public ones. */
  readonly ca?: string;
  /** The name that the certificate must have; that of the address by default. */
  readonly serverName?: string;
  /** CIDR ranges of private and loopback addresses that may be called. */
  readonly allowAddresses: readonly string[];
  /** For the whole exchange, from the look-up to the last byte. */
  readonly timeoutSeconds: number;
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
  /** The one address of the host to call; any of its addresses by default. It is checked like the others. */
  readonly address?: string;
  readonly lookupAll?: LookupAll;
}

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case; what came several times is joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body was longer than `maxBodyBytes` and was not read further. */
  readonly cut: boolean;
  /** The IP address that answered. */
  readonly address: string;
  /** From the first packet to the end of the headers, the look-up not counted. */
  readonly secondsToHeaders: number;
  /** From the first packet to the end of the body. */
  readonly seconds: number;
}

/** How far the exchange is, for the text of its failure. */
interface Course {
  phase: Phase;
  /** What the request itself reported; the body of its answer is then only told that it ended. */
  error?: unknown;
}

interface Exchange extends HttpRequest {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly stop: AbortSignal;
  readonly course: Course;
  readonly label: string;
}

const MAX_HEADER_BYTES = 16_384;

/**
 * Makes one HTTP exchange with an address that may be called, and follows no redirect: where it leads is for the
 * caller to judge.
 *
 * Throws an `HttpFailure`, which is `Unavailable`, where there is no whole answer within the time; a status of 500
 * is an answer.
 */
export async function httpRequest(request: HttpRequest): Promise<HttpAnswer> {
  const { url, allowAddresses, timeoutSeconds, signal, address, lookupAll } = request;
  const host = hostOf(url);
  const label = labelOf(url, host);
  const course: Course = { phase: 'looking-up' };
  const stop = new AbortController();
  let stopped: 'time-out' | 'deadline' | undefined;
  const stopFor = (reason: 'time-out' | 'deadline') => {
    stopped ??= reason;
    stop.abort();
  };
  const onAbort = () => stopFor('deadline');
  const timer = setTimeout(() => stopFor('time-out'), timeoutSeconds * 1_000);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    const options = { allowAddresses, timeoutSeconds, signal: stop.signal, ...(lookupAll && { lookupAll }) };
    const isGiven = address !== undefined && isIP(host) === 0;
    const addresses = isGiven ? [checked(address, request)] : await callableAddresses(host, options);
    return await exchange({ ...request, host, addresses, stop: stop.signal, course, label });
  } catch (thrown) {
    // A profile with a range that is none is not the server's fault.
    if (thrown instanceof InvalidInput) throw thrown;
    throw failureOf(course.error ?? thrown, { label, phase: course.phase, timeoutSeconds, stopped });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** For people: host and port, never the credentials, path or query of the address. */
export function labelOf(url: URL, host = hostOf(url)): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${url.port || (url.protocol === 'http:' ? 80 : 443)}`;
}

/** A name in ASCII without the final dot, or an IP address without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function checked(address: string, { allowAddresses, url }: HttpRequest): string {
  const refusal = refusalOf(address, allowAddresses);
  if (refusal === undefined) return address;
  throw new HttpFailure('not-called', `${labelOf(url)} at ${printable(address)} is not called: it ${refusal}`);
}

async function exchange(options: Exchange): Promise<HttpAnswer> {
  const { method = 'GET', maxBodyBytes, course, label, body } = options;
  const started = performance.now();
  const secondsSince = () => (performance.now() - started) / 1_000;
  course.phase = 'connecting';
  const request = prepare(options);
  request.once('socket', (socket) => followSocket(socket, course, options.url));
  const answered = responseTo(request, course, label);
  request.end(body);
  try {
    const response = await answered;
    course.phase = 'reading';
    const secondsToHeaders = secondsSince();
    const address = response.socket.remoteAddress ?? '';
    const status = response.statusCode ?? 0;
    const bare = method === 'HEAD' || status === 204 || status === 304;
    const read = bare ? { body: Buffer.alloc(0), cut: false } : await readBody(response, maxBodyBytes, label);
    return { status, headers: joined(response), ...read, address, secondsToHeaders, seconds: secondsSince() };
  } finally {
    // What still arrives, a second answer or an error of the hanging up, is nobody's any more.
    request.destroy();
  }
}

function prepare(options: Exchange): ClientRequest {
  const { url, method = 'GET', host, addresses, stop, serverName, ca, label } = options;
  const settings: RequestOptions = {
    method,
    host,
    port: url.port || undefined,
    path: `${url.pathname}${url.search}`,
    headers: { ...headersOf(options), host: url.host },
    // Nothing is looked up again: a second answer of the name may be an address that nobody checked.
    lookup: pinnedLookup(addresses),
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    signal: stop,
  };
  try {
    if (url.protocol === 'http:') return plainRequest(settings);
    if (url.protocol !== 'https:')
      throw new HttpFailure('not-called', `${label} is no address of HTTP: ${url.protocol}`);
    const expected = serverName ?? host;
    const name = isIP(expected) ? expected : domainToASCII(expected) || expected;
    const secure: TlsRequestOptions & Pick<ConnectionOptions, 'ALPNProtocols' | 'secureContext'> = {
      ...settings,
      servername: isIP(name) ? '' : name,
      // Unasked, a server that speaks only HTTP/2 would take the connection and answer in frames.
      ALPNProtocols: ['http/1.1'],
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
      secureContext: secureContextFor(ca),
    };
    return tlsRequest(secure);
  } catch (thrown) {
    if (thrown instanceof HttpFailure) throw thrown;
    // Node names the header or the character and never repeats the value.
    throw new HttpFailure('not-called', `${label} was not called: ${printable(wordsOf(thrown))}`, { cause: thrown });
  }
}

function headersOf({ url, headers = {}, body }: HttpRequest): Record<string, string | number> {
  const lowered = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  // `unescape` takes what is wrongly escaped as it stands, where a decoder would throw it, secret and all.
  const credentials = `${unescape(url.username)}:${unescape(url.password)}`;
  return {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'fettle',
    ...(credentials !== ':' && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    ...lowered,
  };
}

function followSocket(socket: Socket, course: Course, { protocol }: URL): void {
  const isTls = protocol === 'https:';
  socket.once('connect', () => (course.phase = isTls ? 'shaking-hands' : 'waiting'));
  if (isTls) socket.once('secureConnect', () => (course.phase = 'waiting'));
}

function responseTo(request: ClientRequest, course: Course, label: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve);
  // Stays for the errors that come after the answer: the promise is settled then.
  request.on('error', (error) => {
    course.error ??= error;
    reject(error);
  });
  // An answer with 101, for one, ends without any of the two.
  request.once('close', () => reject(new HttpFailure('hung-up', `${label} ended the connection without an answer`)));
  return promise;
}

function joined({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value = '']) => [name, [value].flat().join(', ')] as const);
  return Object.fromEntries(entries);
}

// Reading the public roots takes longer than most exchanges; a container has a handful of bundles.
const secureContexts = new Map<string | undefined, SecureContext>();

function secureContextFor(ca: string | undefined): SecureContext {
  const known = secureContexts.get(ca);
  if (known) return known;
  const own = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca], allowPartialTrustChain: true };
  const context = createSecureContext(own);
  secureContexts.set(ca, context);
  return context;
}
