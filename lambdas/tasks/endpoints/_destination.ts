import { isIP } from 'node:net';
import { Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { hostOf, labelOf } from '../../runtime/http-request.ts';

/** Where a target is called. */
export interface Destination {
  readonly scheme: 'http' | 'https' | 'tls';
  /** Of `tls:`, an https: address with the same host and port. */
  readonly url: URL;
  /** A name in ASCII without the final dot, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  /** For people: `host:port`. */
  readonly label: string;
  readonly ca: string | undefined;
  readonly serverName: string | undefined;
  readonly authorization: string | undefined;
}

/** Reads the address of a target, with another path where one is given; throws `Unavailable` and never repeats it: it may be a secret. */
export function destinationOf(target: Target<'endpoints'>, path?: string): Destination {
  const text = target.url.reveal().trim();
  // URL knows the rules of host names only for the schemes of the web.
  const isTls = /^tls:/i.test(text);
  const address = isTls ? text.replace(/^tls:/i, 'https:') : text;
  if (!URL.canParse(address)) throw new Unavailable('the address of the endpoint is not a URL');
  const base = new URL(address);
  const scheme = isTls ? 'tls' : base.protocol === 'https:' ? 'https' : base.protocol === 'http:' ? 'http' : undefined;
  if (scheme === undefined) {
    throw new Unavailable(`the address of the endpoint begins with ${base.protocol}, not with https:, http: or tls:`);
  }
  const url = path === undefined ? base : samePlace(base, path);
  const host = hostOf(url);
  return {
    ...{ scheme, url, host },
    port: Number(url.port || (url.protocol === 'http:' ? 80 : 443)),
    label: labelOf(url, host),
    ca: target.ca?.reveal(),
    serverName: target.serverName,
    authorization: target.authorization?.reveal(),
  };
}

/** A path with its query on the same server; throws `Unavailable` where it would lead to another one. */
export function samePlace(base: URL, path: string): URL {
  const url = new URL(path, base);
  if (url.origin !== base.origin) throw new Unavailable(`the path ${path} leads away from ${labelOf(base)}`);
  url.username = base.username;
  url.password = base.password;
  return url;
}

/**
 * The same request for a terminal, made of the same address; undefined where it could not be made without a secret.
 */
export function curlCommand(
  { url, host, port, ca, serverName, authorization, scheme }: Destination,
  address: string | undefined,
  withinSeconds: number,
): string | undefined {
  // The query of an address may hold a key.
  if (authorization !== undefined || url.username || url.password || url.search || scheme === 'tls') return undefined;
  const options = ['curl', '-sS', '-i', `--max-time ${withinSeconds}`];
  if (isIP(host) === 0 && address !== undefined) {
    options.push(`--resolve '${host}:${port}:${isIP(address) === 6 ? `[${address}]` : address}'`);
  }
  // The trust is judged by certificates-check-endpoints; here the answer is looked at.
  if (ca !== undefined || serverName !== undefined) options.push('-k');
  return [...options, `'${url.href.replaceAll("'", '%27')}'`].join(' ');
}
