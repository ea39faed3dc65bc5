import { isIP } from 'node:net';
import { checkServerIdentity, rootCertificates, type ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';

/** How TLS is used: not at all, with a verified chain, or with a verified chain and name. */
export type Encryption = 'none' | 'chain' | 'full';

/**
 * Reads `sslmode` as libpq does, except that nothing is ever downgraded.
 *
 * `allow` and `prefer` would go on in clear text, and `require` without looking at the certificate; here all three
 * verify. Without a mode only the loopback is spoken to in clear text.
 */
export function encryptionOf(sslmode: string | null, isLocal: boolean): Encryption | undefined {
  switch (sslmode) {
    case 'disable':
      return 'none';
    case null:
    case 'allow':
    case 'prefer':
      return isLocal ? 'none' : 'full';
    case 'verify-ca':
      return 'chain';
    case 'require':
    case 'verify-full':
      return 'full';
    default:
      return undefined;
  }
}

/** What a connection string says, for `pg`. Throws `Unavailable`, never repeating the string, which holds a password. */
export function connectionOf({ name, url, ca }: Target<'postgres'>): ClientConfig & { readonly address: string } {
  const text = url.reveal();
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol)) {
    throw new Unavailable(`postgres ${name}: its url is not of the form postgres://user:password@host:port/database`);
  }
  const parsed = new URL(text);
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  if (host === '') throw new Unavailable(`postgres ${name}: its url names no host`);
  const port = Number(parsed.port || 5432);
  const sslmode = parsed.searchParams.get('sslmode');
  const encryption = encryptionOf(sslmode, isLoopback(host));
  if (encryption === undefined) {
    throw new Unavailable(
      `postgres ${name}: sslmode=${String(sslmode)} is not supported; use verify-full, with ca where the certificate is private`,
    );
  }
  const user = decoded(parsed.username, name) || (parsed.searchParams.get('user') ?? '');
  const password = decoded(parsed.password, name) || (parsed.searchParams.get('password') ?? '');
  return {
    address: `${host}:${port}`,
    host,
    port,
    user,
    // Where there is none, `pg` would take one that is meant for another server: from PGPASSWORD, from ~/.pgpass.
    password: password || (() => ''),
    database: decoded(parsed.pathname.slice(1), name) || user,
    ssl: encryption === 'none' ? false : tlsOptions(encryption, host, ca?.reveal()),
  };
}

function tlsOptions(encryption: 'chain' | 'full', host: string, ca: string | undefined): ConnectionOptions {
  return {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    checkServerIdentity:
      encryption === 'chain' ? () => undefined : (_servername, certificate) => checkServerIdentity(host, certificate),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function decoded(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new Unavailable(`postgres ${name}: its url has a % that is not followed by two hexadecimal digits`);
  }
}
