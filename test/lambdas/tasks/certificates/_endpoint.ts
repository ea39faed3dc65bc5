import type { Json } from '../../../../core/json.ts';
import {
  createAuthority,
  startTlsServer,
  type Authority,
  type IssuedCertificate,
} from '../../../../lib/demo/servers/tls.ts';
import { task } from '../../../../lambdas/tasks/certificates/check-endpoints.ts';
import { resultOf } from '../../../harness/perform-task.ts';

export interface Pki {
  readonly root: Authority;
  readonly intermediate: Authority;
}

export async function createPki(): Promise<Pki> {
  const root = await createAuthority({ name: 'Acme Root' });
  return { root, intermediate: await createAuthority({ name: 'Acme Issuing', parent: root }) };
}

/** The certificate with its whole chain, as a well-kept server serves it. */
export function fullChain({ certificate, chain }: IssuedCertificate): readonly string[] {
  return [certificate, ...chain];
}

export interface Checked {
  /** `kind`s in alphabetical order. */
  readonly kinds: readonly string[];
  /** The summaries of the findings by kind. */
  readonly summaries: Readonly<Record<string, string>>;
  readonly measurements: Readonly<Record<string, number>>;
}

/** Checks one endpoint, named `shop`, with the task. */
export async function check(
  settings: Readonly<Record<string, Json>>,
  options: {
    readonly now?: Date;
    readonly input?: Readonly<Record<string, Json>>;
    readonly timeoutSeconds?: number;
  } = {},
): Promise<Checked> {
  const { findings, measurements } = await resultOf({ task, targets: { shop: settings }, ...options });
  return {
    kinds: findings.map(({ kind }) => kind).sort(),
    summaries: Object.fromEntries(findings.map(({ kind, summary }) => [kind, summary])),
    measurements: Object.fromEntries(measurements.map(({ name, value }) => [name, value])),
  };
}

interface ServedCertificate {
  readonly issued: IssuedCertificate;
  /** What it serves; the full chain by default. */
  readonly certificates?: readonly string[];
  readonly ca?: string;
  readonly serverName?: string;
  readonly now?: Date;
  readonly input?: Readonly<Record<string, Json>>;
}

/** Serves a certificate on the loopback and checks it there. */
export async function checkServed(served: ServedCertificate): Promise<Checked> {
  const { issued, certificates = fullChain(issued), ca, serverName = 'shop.test', ...options } = served;
  const server = await startTlsServer({ certificates, privateKey: issued.privateKey });
  try {
    const url = `https://127.0.0.1:${server.port}`;
    return await check({ url, serverName, ...(ca !== undefined && { ca }) }, options);
  } finally {
    await server.close();
  }
}

/** Waits until something has become true; what never does runs into the time limit of the test. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}
