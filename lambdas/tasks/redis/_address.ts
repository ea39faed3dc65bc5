import { rootCertificates } from 'node:tls';
import { isIP } from 'node:net';
import { Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';

/** Where a Redis is and who we are there. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  /** For people: `host:port`. */
  readonly label: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Undefined where the address is spoken to in clear text. */
  readonly tls: RedisTls | undefined;
}

export interface RedisTls {
  readonly ca: string[];
  readonly minVersion: 'TLSv1.2';
  readonly rejectUnauthorized: true;
  /** The name that the certificate must have; an IP address is not sent, as the protocol demands. */
  readonly servername?: string;
}

/**
 * Reads `redis://` and `rediss://` addresses. A database number in the path says nothing here: all are looked at.
 *
 * Throws `Unavailable`, never repeating the text, which holds a password.
 */
export function addressOf({ name, url, ca }: Target<'redis'>): RedisAddress {
  const text = url.reveal();
  if (!URL.canParse(text) || !/^rediss?:$/.test(new URL(text).protocol)) {
    throw new Unavailable(`redis ${name}: its url is not of the form redis://user:password@host:port`);
  }
  const parsed = new URL(text);
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  if (host === '') throw new Unavailable(`redis ${name}: its url names no host`);
  const port = Number(parsed.port || 6379);
  const trusted = ca === undefined ? [...rootCertificates] : [...rootCertificates, ca.reveal()];
  return {
    host,
    port,
    label: isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`,
    user: decoded(parsed.username, name) || undefined,
    password: decoded(parsed.password, name) || undefined,
    tls:
      parsed.protocol === 'rediss:'
        ? {
            ca: trusted,
            minVersion: 'TLSv1.2',
            rejectUnauthorized: true,
            ...(!isIP(host) && { servername: host }),
          }
        : undefined,
  };
}

function decoded(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new Unavailable(`redis ${name}: its url has a % that is not followed by two hexadecimal digits`);
  }
}
