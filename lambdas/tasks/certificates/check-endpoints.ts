import * as z from 'zod';
import { Percent } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { ENDPOINT_FINDINGS } from './_endpoint-findings.ts';
import { parseEndpoint, type Endpoint } from './_endpoint.ts';
import { judgeServed, rounded, timeLeft, type Kind, type Limits, type Served } from './_judgement.ts';
import { certificateNeeds } from './_needs.ts';
import { showCommand } from './_show-command.ts';
import { surveyEndpoint, type Sight } from './_survey.ts';
import { createTrustStore, type TrustStore } from './_trust.ts';

const CONCURRENCY = 32;

const Input = z
  .strictObject({
    warnBelow: Percent.prefault('25%').describe('Warn when this share of the lifetime, or less, is left'),
    failBelow: Percent.prefault('12%').describe('Fail when this share of the lifetime, or less, is left'),
    failBelowDays: z
      .number()
      .min(0)
      .default(3)
      .describe('Of the certificates that warn, fail those that have so many days left, or fewer'),
    families: z
      .array(z.enum(['ipv4', 'ipv6']))
      .min(1)
      .default(['ipv4', 'ipv6'])
      .describe('Which addresses of a name to look at; [ipv4] where Fettle runs without an IPv6 route'),
    probeTimeoutSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(10)
      .describe('How long the look-up of a name, and then each of its addresses, may take'),
  })
  .refine(({ warnBelow, failBelow }) => failBelow <= warnBelow, 'failBelow must not be above warnBelow');

type ServedSight = Extract<Sight, { readonly status: 'served' }>;

interface Judged {
  readonly findings: readonly Finding<Kind>[];
  readonly measurements: readonly Measurement[];
}

/** Judges what the addresses of one endpoint showed. Addresses that serve the same are one; others speak for themselves. */
export function judgeEndpoint(
  target: string,
  endpoint: Pick<Endpoint, 'label' | 'port' | 'serverName'>,
  sights: readonly Sight[],
  { limits, now }: { readonly limits: Limits; readonly now: Date },
): Judged {
  const { label } = endpoint;
  const served = sights.filter((sight) => sight.status === 'served');
  const alike = new Set(served.map((sight) => identityOf(sight.served))).size === 1;
  const many = sights.length > 1;
  const findings: Finding<Kind>[] = differences(target, label, served);
  const measurements: Measurement[] = [];
  for (const sight of sights) {
    if (sight.status !== 'served') {
      const summary = `${label}${many ? ` at ${sight.address}` : ''} ${sight.reason}`;
      const command = showCommand(endpoint, sight.address);
      findings.push({ kind: sight.status, target, ...(many && { subject: sight.address }), summary, command });
    }
  }
  for (const { address, served: certificate } of alike ? served.slice(0, 1) : served) {
    const subject = alike ? {} : { subject: address };
    const where = alike ? label : `${label} at ${address}`;
    for (const { summary, ...observation } of judgeServed(certificate, limits, now)) {
      const command = showCommand(endpoint, address);
      findings.push({ ...observation, target, ...subject, summary: `${where} ${summary}`, command });
    }
    const { days, percent } = timeLeft(certificate, now);
    measurements.push(
      { name: 'certificate-days-left', value: rounded(days), unit: 'days', target, ...subject },
      { name: 'certificate-lifetime-left', value: rounded(percent), unit: 'percent', target, ...subject },
    );
  }
  return { findings, measurements };
}

function differences(target: string, label: string, served: readonly ServedSight[]): Finding<Kind>[] {
  const certificates = Map.groupBy(served, (sight) => sight.served.certificate.fingerprint);
  if (certificates.size < 2) return [];
  const list = served.map(({ address, served: { certificate } }) => {
    return `${address} has ${certificate.name} until ${certificate.notAfter.toISOString().slice(0, 10)}`;
  });
  return [
    {
      kind: 'different-certificates',
      target,
      summary: `${label} serves ${certificates.size} certificates, 1 is expected: ${list.join('; ')}`,
      value: certificates.size,
      limit: 1,
      unit: 'count',
    },
  ];
}

// The protocol belongs to it: one of two machines with the same certificate may be the old one.
function identityOf({ certificate, issuers, protocol }: Served): string {
  return [protocol, ...[certificate, ...issuers].map(({ fingerprint }) => fingerprint)].join(' ');
}

export const task = defineTask({
  name: 'certificates-check-endpoints',
  summary:
    'Checks the certificates that every address of an endpoint serves: lifetime, chain, trust, name and strength',
  effect: 'read-only',
  target: 'endpoints',
  input: Input,
  examples: [{}, { warnBelow: '33%' }, { families: ['ipv4'], probeTimeoutSeconds: 5 }],
  findings: ENDPOINT_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'endpoints'),
  needs: ({ input, targets, allowAddresses, signal }) =>
    eachNeed(targets, (target) =>
      certificateNeeds(target, {
        allowAddresses,
        families: input.families,
        timeoutSeconds: input.probeTimeoutSeconds,
        signal,
      }),
    ),
  timeoutSeconds: 600,
  run: async ({ input, targets, now, signal, allowAddresses }) => {
    const { families, probeTimeoutSeconds: timeoutSeconds, ...limits } = input;
    // Five hundred endpoints of one private authority need its roots once.
    const trustStores = new Map<string | undefined, TrustStore>();
    return eachTarget<Kind, (typeof targets)[number]>(
      targets,
      async ({ name, url, serverName, ca }) => {
        const endpoint = parseEndpoint(url.reveal(), serverName);
        if (endpoint.scheme === 'http') {
          const summary = `${endpoint.label} speaks plain HTTP: there is no certificate, and none was checked`;
          return { findings: [{ kind: 'no-tls', target: name, summary }], measurements: [] };
        }
        const bundle = ca?.reveal();
        const trustStore = trustStores.get(bundle) ?? createTrustStore(bundle);
        trustStores.set(bundle, trustStore);
        const options = { trustStore, allowAddresses, families, timeoutSeconds, signal };
        return judgeEndpoint(name, endpoint, await surveyEndpoint(endpoint, options), { limits, now });
      },
      { concurrency: CONCURRENCY },
    );
  },
});
