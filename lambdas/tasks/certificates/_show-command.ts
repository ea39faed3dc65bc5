import { isIP } from 'node:net';
import type { Endpoint } from './_endpoint.ts';

/** Shows what an address serves, as its clients see it. Host and name are what `parseEndpoint` let through. */
export function showCommand({ port, serverName }: Pick<Endpoint, 'port' | 'serverName'>, address: string): string {
  const where = isIP(address) === 6 ? `'[${address}]:${port}'` : `${address}:${port}`;
  // An address in place of a name is not sent as SNI.
  const name = isIP(serverName) ? '-noservername' : `-servername '${serverName.replaceAll("'", '')}'`;
  return `echo | openssl s_client -connect ${where} ${name} -showcerts`;
}
