import { startProcess } from '../child.ts';
import type { Hosts, Port } from './_hosts-process.ts';

/** One host of many: each has an address of its own. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Undefined where nothing is ever said. */
  readonly served: Port | undefined;
}

export interface HostSet extends AsyncDisposable {
  readonly ca: string;
  readonly hosts: readonly Host[];
}

/** Starts so many hosts, every fiftieth of them silent; they are all of this machine. */
export async function startHosts(count: number): Promise<HostSet> {
  const process = await startProcess('_hosts-process.ts');
  const { ports, silentPort, ca } = process.ready as Hosts;
  const hosts = Array.from({ length: count }, (_, place): Host => {
    const served = place % 50 === 49 ? undefined : ports[place % ports.length];
    const address = `127.0.${1 + Math.floor(place / 200)}.${1 + (place % 200)}`;
    const name = `host-${String(place).padStart(3, '0')}`;
    return { name, address, port: served?.port ?? silentPort, served };
  });
  return { ca, hosts, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}

/** A host as a profile has it. */
export function targetOf({ address, port, served }: Host, ca: string) {
  return { url: `https://${address}:${port}`, ca, ...(served && { serverName: served.serverName }) };
}
