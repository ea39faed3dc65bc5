import type { Finding } from '../../../core/finding.ts';
import type { Certificate } from './_certificate.ts';
import type { ENDPOINT_FINDINGS } from './_endpoint-findings.ts';
import type { Trust } from './_trust.ts';

const DAY_MILLISECONDS = 86_400_000;
// What the public authorities have had to demand since 2014, and what current clients refuse to go below.
const MIN_BITS: Readonly<Record<string, number>> = { rsa: 2_048, 'rsa-pss': 2_048, dsa: 2_048, ec: 256 };
const BROKEN_HASH = /sha-?1(?!\d)|md[245]/i;
const OLD_PROTOCOLS = new Set(['SSLv3', 'TLSv1', 'TLSv1.1']);

export type Kind = keyof typeof ENDPOINT_FINDINGS;

/** A finding before it is known where it was made. */
export type Observation = Omit<Finding<Kind>, 'target' | 'subject'>;

/** What one address serves. */
export interface Served {
  readonly certificate: Certificate;
  /** The other certificates that it serves, and the root that they lead to. */
  readonly issuers: readonly Certificate[];
  readonly trust: Trust;
  readonly serverName: string;
  readonly nameProblem: string | undefined;
  readonly protocol: string;
}

export interface Limits {
  readonly warnBelow: number;
  readonly failBelow: number;
  readonly failBelowDays: number;
}

export interface TimeLeft {
  readonly days: number;
  /** Of the lifetime of the endpoint's own certificate, to the same end. */
  readonly percent: number;
  readonly lifetimeDays: number;
}

/** What is left until the first certificate of the chain ends; negative once it has. */
export function timeLeft({ certificate, issuers }: Pick<Served, 'certificate' | 'issuers'>, now: Date): TimeLeft {
  const end = Math.min(...[certificate, ...issuers].map(({ notAfter }) => notAfter.getTime()));
  const left = end - now.getTime();
  // Up to the end that counts: of a certificate until 9999, whose issuer lives ten years, ten years are the whole.
  const lifetime = end - certificate.notBefore.getTime();
  return {
    days: left / DAY_MILLISECONDS,
    // A validity that ends before it begins has nothing left to share.
    percent: lifetime > 0 ? (100 * left) / lifetime : 0,
    lifetimeDays: lifetime / DAY_MILLISECONDS,
  };
}

/** Every fact about what was served, each on its own: one that is wrong hides no other. */
export function judgeServed(served: Served, limits: Limits, now: Date): Observation[] {
  return [
    ...judgeValidity(served, limits, now),
    ...judgeIssuers(served, now),
    ...judgeTrust(served),
    ...(served.nameProblem ? [wrongName(served, served.nameProblem)] : []),
    ...judgeStrength(served),
  ];
}

function judgeValidity(served: Served, limits: Limits, now: Date): Observation[] {
  const { certificate } = served;
  if (certificate.notAfter <= now) {
    return [{ kind: 'expired', summary: `expired ${dayOf(certificate.notAfter)}` }];
  }
  if (certificate.notBefore > now) {
    return [{ kind: 'not-yet-valid', summary: `is valid from ${certificate.notBefore.toISOString()}` }];
  }
  const left = timeLeft(served, now);
  // An issuer that has ended is a finding of its own.
  if (left.days <= 0) return [];
  return judgeTimeLeft(left, limits);
}

/** A failure is a warning that grew old: a 6-day certificate is not overdue for having 3 days left. */
function judgeTimeLeft({ days, percent, lifetimeDays }: TimeLeft, limits: Limits): Observation[] {
  const { warnBelow, failBelow, failBelowDays } = limits;
  const share = `${rounded(percent)} % of its ${rounded(lifetimeDays)} days (${rounded(days)} days) left`;
  if (percent <= failBelow) {
    const summary = `has ${share}, fails at ${failBelow} %`;
    return [{ kind: 'renewal-overdue', summary, value: rounded(percent), limit: failBelow, unit: 'percent' }];
  }
  if (percent > warnBelow) return [];
  if (days <= failBelowDays) {
    const summary = `has ${share}, fails at ${failBelowDays} days`;
    return [{ kind: 'renewal-overdue', summary, value: rounded(days), limit: failBelowDays, unit: 'days' }];
  }
  const summary = `has ${share}, warns at ${warnBelow} %`;
  return [{ kind: 'renewal-due', summary, value: rounded(percent), limit: warnBelow, unit: 'percent' }];
}

function judgeIssuers({ certificate, issuers }: Served, now: Date): Observation[] {
  return issuers.flatMap(({ name, notBefore, notAfter }): Observation[] => {
    if (notAfter <= now) return [{ kind: 'chain-expired', summary: `${name} of its chain expired ${dayOf(notAfter)}` }];
    if (notBefore > now) {
      return [{ kind: 'chain-expired', summary: `${name} of its chain is valid from ${dayOf(notBefore)}` }];
    }
    if (notAfter >= certificate.notAfter) return [];
    const summary = `${name} of its chain ends ${dayOf(notAfter)}, the certificate ${dayOf(certificate.notAfter)}`;
    return [{ kind: 'chain-ends-first', summary }];
  });
}

function judgeTrust({ trust }: Served): Observation[] {
  switch (trust.status) {
    case 'trusted':
      return [];
    case 'self-signed':
      return [{ kind: 'untrusted', summary: 'is self-signed' }];
    case 'unknown-root':
      return [{ kind: 'untrusted', summary: `leads to ${trust.root}, which is not a trusted root` }];
    case 'refused':
      return [{ kind: 'untrusted', summary: `leads to a trusted root and is refused: ${trust.code}` }];
    case 'issuer-missing':
      // A server that serves intermediates has at least been told of them: more likely its authority is unknown.
      return trust.length > 1
        ? [{ kind: 'untrusted', summary: `its chain ends at ${trust.issuer}, which is neither served nor trusted` }]
        : [{ kind: 'incomplete-chain', summary: `its issuer ${trust.issuer} is neither served nor a trusted root` }];
  }
}

function wrongName({ serverName }: Served, problem: string): Observation {
  return { kind: 'wrong-name', summary: `${problem}, not for ${serverName}` };
}

function judgeStrength({ certificate, issuers, protocol }: Served): Observation[] {
  const observations: Observation[] = [];
  for (const element of [certificate, ...issuers]) {
    const { name, keyType, keyBits, signatureAlgorithm } = element;
    const min = MIN_BITS[keyType];
    if (min !== undefined && keyBits !== undefined && keyBits < min) {
      const summary = `${name} has a ${keyType.toUpperCase()} key of ${keyBits} bits, at least ${min} are expected`;
      observations.push({ kind: 'weak-key', summary, value: keyBits, limit: min, unit: 'count' });
    }
    // Nobody relies on the signature of a root: it is trusted because it is in the list.
    const isRoot = element.selfIssued && element !== certificate;
    if (!isRoot && BROKEN_HASH.test(signatureAlgorithm)) {
      observations.push({
        kind: 'weak-signature',
        summary: `${name} is signed with ${shownAlgorithm(signatureAlgorithm)}`,
      });
    }
  }
  if (OLD_PROTOCOLS.has(protocol)) {
    observations.push({ kind: 'old-protocol', summary: `speaks ${protocol} at most, TLSv1.2 is expected` });
  }
  return observations;
}

function shownAlgorithm(name: string): string {
  return name.replace(/^sha1With/i, 'SHA-1 with ');
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** To one decimal: what a person reads. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
