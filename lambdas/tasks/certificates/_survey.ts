import { isIP } from 'node:net';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { resolveAddresses, type CheckedAddress, type LookupAll } from '../../runtime/address-guard.ts';
import { nameProblem, readCertificate } from './_certificate.ts';
import type { Endpoint } from './_endpoint.ts';
import type { Served } from './_judgement.ts';
import { probeAddress, type Probe } from './_tls-probe.ts';
import { judgeTrust, type TrustStore } from './_trust.ts';

export type Family = 'ipv4' | 'ipv6';

/** What was seen at one address of an endpoint. */
export type Sight = { readonly address: string } & (
  | { readonly status: 'served'; readonly served: Served }
  | { readonly status: 'key-mismatch' | 'not-probed'; readonly reason: string }
);

export interface SurveyOptions {
  readonly trustStore: TrustStore;
  readonly allowAddresses: readonly string[];
  readonly families: readonly Family[];
  /** For the look-up, and again for each address. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly lookupAll?: LookupAll;
}

/** How the reason begins where the profile does not let an address be called. */
export const NOT_CALLED = 'was not called';

// A name with more is an attack or a mistake, and 32 endpoints at once must stay below the 1,024 open files of a function.
const MAX_ADDRESSES = 16;

/** Looks at every address of an endpoint side by side; throws `Unavailable` where it has none. */
export async function surveyEndpoint(endpoint: Endpoint, options: SurveyOptions): Promise<readonly Sight[]> {
  const { families } = options;
  const found = await resolveAddresses(endpoint.host, options);
  const wanted = found.filter(({ address }) => families.includes(isIP(address) === 6 ? 'ipv6' : 'ipv4'));
  if (wanted.length === 0) throw new Unavailable(`${endpoint.host} has no ${families.join(' or ')} address`);
  const looked = wanted.slice(0, MAX_ADDRESSES).map((checked) => lookAt(checked, endpoint, options));
  const left = wanted.slice(MAX_ADDRESSES).map(({ address }) => ({
    address,
    status: 'not-probed' as const,
    reason: `was not tried: ${wanted.length} addresses, at most ${MAX_ADDRESSES} are looked at`,
  }));
  return [...(await Promise.all(looked)), ...left];
}

async function lookAt(
  { address, refusal }: CheckedAddress,
  endpoint: Endpoint,
  options: SurveyOptions,
): Promise<Sight> {
  if (refusal !== undefined) return { address, status: 'not-probed', reason: `${NOT_CALLED}: it ${refusal}` };
  const { port, serverName } = endpoint;
  const { trustStore, timeoutSeconds, signal } = options;
  const probe = await probeAddress({
    ...{ address, port, serverName, timeoutSeconds, signal },
    context: trustStore.context,
  });
  if (probe.status !== 'served') return { address, ...probe };
  try {
    return { address, status: 'served', served: read(probe, serverName, trustStore) };
  } catch (thrown) {
    // One address with a certificate that nobody can read must not hide what the others serve.
    return { address, status: 'not-probed', reason: `serves a certificate that cannot be read: ${messageOf(thrown)}` };
  }
}

function read(probe: Probe & { status: 'served' }, serverName: string, trustStore: TrustStore): Served {
  const { certificates, verifyError, protocol } = probe;
  const [own, ...others] = certificates;
  const certificate = readCertificate(own);
  const trust = judgeTrust(certificates, trustStore, verifyError);
  const root = trust.status === 'trusted' ? [trust.root] : [];
  const issuers = [...others.map(readCertificate), ...root].filter(
    ({ fingerprint }, place, all) =>
      fingerprint !== certificate.fingerprint && all.findIndex((other) => other.fingerprint === fingerprint) === place,
  );
  return { certificate, issuers, trust, serverName, nameProblem: nameProblem(own, serverName), protocol };
}
