import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { Unavailable } from '../../../core/errors.ts';

/** Where to connect, and the name that the certificate must have. */
export interface Endpoint {
  readonly scheme: 'http' | 'tls';
  /** A name in ASCII without the final dot, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  /** For people: `host:port`. */
  readonly label: string;
}

/** Reads the address of an endpoint; throws `Unavailable` where it is none, without repeating it: it may be a secret. */
export function parseEndpoint(url: string, serverName?: string): Endpoint {
  // URL knows the rules of host names only for the schemes of the web: of tls:// it would leave `münchen.example` and
  // `0x7f.1` as they are.
  const text = url.trim().replace(/^tls:/i, 'https:');
  if (!URL.canParse(text)) throw new Unavailable('the address of the endpoint is not a URL');
  const { protocol, hostname, port } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw new Unavailable(`the address of the endpoint begins with ${protocol}, not with https:, http: or tls:`);
  }
  const host = plainHost(hostname);
  const expected = serverName === undefined ? host : plainHost(isIP(serverName) ? serverName : asciiName(serverName));
  const number = Number(port || (protocol === 'http:' ? 80 : 443));
  return {
    scheme: protocol === 'http:' ? 'http' : 'tls',
    host,
    port: number,
    serverName: expected,
    label: `${isIP(host) === 6 ? `[${host}]` : host}:${number}`,
  };
}

function asciiName(name: string): string {
  const ascii = domainToASCII(name);
  if (!ascii) throw new Unavailable(`serverName "${name}" is not a host name`);
  return ascii;
}

function plainHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}
