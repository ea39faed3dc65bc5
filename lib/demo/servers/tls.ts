import './_reflect.ts';
import { webcrypto } from 'node:crypto';
import { createServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import type { SecureVersion } from 'node:tls';
import type { Extension } from '@peculiar/x509';

// Loaded after ./_reflect.ts has run: a loader may evaluate a CommonJS package before any ES module of the graph.
const x509 = await import('@peculiar/x509');

const DAY_MILLISECONDS = 86_400_000;

const ALGORITHMS = {
  'ec-p256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'rsa-2048': rsa(2_048, 'SHA-256'),
  'rsa-1024': rsa(1_024, 'SHA-256'),
  'rsa-2048-sha1': rsa(2_048, 'SHA-1'),
} as const;

/** The key of a certificate; what is signed with `rsa-2048-sha1` has a SHA-1 signature. */
export type KeyKind = keyof typeof ALGORITHMS;

interface Validity {
  /** Yesterday by default. */
  readonly notBefore?: Date;
  /** 90 days after `notBefore` by default; ten years for an authority. */
  readonly notAfter?: Date;
  readonly key?: KeyKind;
}

/** A certificate authority that can issue: a root, or an intermediate of one. */
export interface Authority {
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  /** What a server serves after its own certificate, PEM: this authority's certificates towards the root, without it. */
  readonly chain: readonly string[];
  readonly keys: webcrypto.CryptoKeyPair;
}

/** A server's certificate with all that the server needs to use it, in PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly chain: readonly string[];
  readonly privateKey: string;
}

/** Makes a certificate authority with a key of its own; without a parent it is a root. */
export async function createAuthority(
  options: Validity & { readonly name: string; readonly parent?: Authority },
): Promise<Authority> {
  const { name, parent } = options;
  const keys = await generateKeys(options.key);
  const certificate = await sign({
    ...{ subject: name, issuer: parent?.name ?? name, keys, issuerKeys: parent?.keys ?? keys },
    ...validity(options, 3_650),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return { name, certificate, keys, chain: parent ? [certificate, ...parent.chain] : [] };
}

export interface IssueOptions extends Validity {
  /** Who signs; without one the certificate is self-signed. */
  readonly authority?: Authority;
  /** DNS names and IP addresses of the subject alternative name; without any the extension is left out. */
  readonly names: readonly string[];
  /** The first of the names by default. */
  readonly commonName?: string;
}

/** Makes a server certificate for the names. */
export async function issue(options: IssueOptions): Promise<IssuedCertificate> {
  const { authority, names, commonName = names[0] ?? 'unnamed' } = options;
  const keys = await generateKeys(options.key);
  const alternatives = names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name }));
  const certificate = await sign({
    ...{ subject: commonName, issuer: authority?.name ?? commonName, keys, issuerKeys: authority?.keys ?? keys },
    ...validity(options, 90),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
    ],
  });
  const exported = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const privateKey = x509.PemConverter.encode(exported, x509.PemConverter.PrivateKeyTag);
  return { certificate, chain: authority?.chain ?? [], privateKey };
}

/** The validity of a certificate that lives so many days in all and has so many left at `now`. */
export function lifetime(days: number, { leftDays, now }: { readonly leftDays: number; readonly now: Date }) {
  const notAfter = new Date(now.getTime() + leftDays * DAY_MILLISECONDS);
  return { notBefore: new Date(notAfter.getTime() - days * DAY_MILLISECONDS), notAfter };
}

function validity({ notBefore, notAfter }: Validity, days: number) {
  const from = notBefore ?? new Date(Date.now() - DAY_MILLISECONDS);
  return { notBefore: from, notAfter: notAfter ?? new Date(from.getTime() + days * DAY_MILLISECONDS) };
}

interface ToSign {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly issuerKeys: webcrypto.CryptoKeyPair;
  readonly extensions: Extension[];
}

async function sign({ subject, issuer, keys, issuerKeys, ...rest }: ToSign): Promise<string> {
  const { algorithm } = issuerKeys.privateKey;
  const certificate = await x509.X509CertificateGenerator.create({
    ...rest,
    // Names go in as parts, not as one text to parse: a demo may put commas, quotes and line breaks into them.
    subject: [{ CN: [subject] }],
    issuer: [{ CN: [issuer] }],
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    // An EC key does not fix its hash, an RSA key does.
    signingAlgorithm: algorithm.name === 'ECDSA' ? { name: 'ECDSA', hash: 'SHA-256' } : algorithm,
  });
  return certificate.toString('pem');
}

async function generateKeys(kind: KeyKind = 'ec-p256'): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHMS[kind], true, ['sign', 'verify']);
}

function rsa(modulusLength: number, hash: string) {
  return { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash };
}

/** A server that listens; `close` also ends the connections that are open. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

export interface TlsServer extends Listening {
  /** The server names that clients asked for, in order; an empty text where one asked for none. */
  readonly serverNames: readonly string[];
  /** Serves other certificates from the next connection on; throws where the key does not fit. */
  readonly serve: (served: Served) => void;
}

/** What a server shows its clients: certificates in this order, PEM, and the key of the first. */
export interface Served {
  readonly certificates: readonly string[];
  readonly privateKey: string;
}

export interface ListenOptions {
  /** `127.0.0.1` by default. */
  readonly host?: string;
  /** A free one by default. */
  readonly port?: number;
}

/** Starts an HTTPS server that serves exactly these certificates, in this order, and answers `200 OK` to everything. */
export async function startTlsServer(
  options: ListenOptions & Served & { readonly maxVersion?: SecureVersion },
): Promise<TlsServer> {
  const { maxVersion } = options;
  const settingsOf = ({ certificates, privateKey }: Served): ServerOptions => ({
    cert: certificates.join('\n'),
    key: privateKey,
    minVersion: 'TLSv1',
    ...(maxVersion && { maxVersion }),
    // OpenSSL would refuse to serve weak keys and old protocols, and a demo needs some to find.
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  const serverNames: string[] = [];
  const server = createServer(settingsOf(options), (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('OK\n');
  });
  server.on('secureConnection', ({ servername }: { readonly servername?: string | false }) =>
    serverNames.push(servername || ''),
  );
  return {
    ...(await listen(server, options)),
    serverNames,
    serve: (served) => server.setSecureContext(settingsOf(served)),
  };
}

/** Starts a server that accepts connections and never says anything. */
export async function startSilentPort(options: ListenOptions = {}): Promise<Listening> {
  return listen(createTcpServer(), options);
}

/** Starts a server that resets a connection when the first bytes arrive. */
export async function startResettingPort(options: ListenOptions = {}): Promise<Listening> {
  return listen(
    createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    options,
  );
}

/** Starts a server that greets in plain text, as SSH and mail servers do. */
export async function startPlainTextPort(
  options: ListenOptions & { readonly greeting?: string } = {},
): Promise<Listening> {
  const { greeting = 'SSH-2.0-OpenSSH_9.6\r\n' } = options;
  return listen(
    createTcpServer((socket) => socket.write(greeting)),
    options,
  );
}

async function listen(server: Server, { host = '127.0.0.1', port = 0 }: ListenOptions): Promise<Listening> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // A probe that hangs up at once is what these servers are for.
    socket.on('error', () => socket.destroy());
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  await promise;
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close((error) => (error ? closed.reject(error) : closed.resolve()));
      for (const socket of open) socket.destroy();
      await closed.promise;
    },
  };
}
