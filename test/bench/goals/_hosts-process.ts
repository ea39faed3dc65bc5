/** Serves certificates on eight ports of every loopback address, and nothing on a ninth, in a process of its own. */
import { createAuthority, issue, lifetime, startSilentPort, startTlsServer } from '../../../lib/demo/servers/tls.ts';

/** What a host of this port has, and what is to be found of it. */
export interface Port {
  readonly port: number;
  readonly serverName: string;
  /** The kinds of finding; none of a healthy one. */
  readonly kinds: readonly string[];
  /** The end of the certificate, as milliseconds since 1970. */
  readonly notAfter: number;
}

export interface Hosts {
  readonly ports: readonly Port[];
  /** Accepts connections and says nothing. */
  readonly silentPort: number;
  /** PEM of the root. */
  readonly ca: string;
}

const HOST = '0.0.0.0';
const NAME = 'shop.test';

async function serve(): Promise<Hosts> {
  const now = new Date();
  const root = await createAuthority({ name: 'Bench Root' });
  const authority = await createAuthority({ name: 'Bench Issuing', parent: root });
  const [healthy, due, gone] = [60, 15, -3].map((leftDays) => lifetime(90, { leftDays, now }));
  const wanted = [
    { names: [NAME], authority: root, key: 'ec-p256', ...healthy, kinds: [] },
    { names: [NAME], authority: root, key: 'rsa-2048', ...healthy, kinds: [] },
    { names: [NAME], authority, key: 'ec-p256', ...healthy, kinds: [] },
    { names: [NAME], authority, key: 'rsa-2048', ...healthy, kinds: [] },
    { names: [NAME], authority, key: 'ec-p256', ...gone, kinds: ['expired'] },
    { names: ['other.test'], authority, key: 'rsa-2048', ...healthy, kinds: ['wrong-name'] },
    { names: [NAME], authority, key: 'ec-p256', ...healthy, isShort: true, kinds: ['incomplete-chain'] },
    { names: [NAME], authority, key: 'rsa-2048', ...due, kinds: ['renewal-due'] },
  ] as const;
  const ports: Port[] = [];
  for (const { kinds, ...options } of wanted) {
    const { certificate, chain, privateKey } = await issue(options);
    const certificates = 'isShort' in options ? [certificate] : [certificate, ...chain];
    const { port } = await startTlsServer({ certificates, privateKey, host: HOST });
    const notAfter = 'notAfter' in options && options.notAfter ? options.notAfter.getTime() : 0;
    ports.push({ port, serverName: NAME, kinds, notAfter });
  }
  const { port: silentPort } = await startSilentPort({ host: HOST });
  return { ports, silentPort, ca: root.certificate };
}

process.on('disconnect', () => process.exit());
const hosts = await serve();
process.send?.(hosts);
