import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { InvalidInput, messageOf, Unavailable } from '../../core/errors.ts';
import { abortAfter } from './time-limit.ts';

type Ip = ReturnType<typeof ipaddr.parse>;

/** The services that clouds offer to their own machines: an answer of theirs holds credentials, so nothing allows them. */
const NEVER = [
  { cidr: '169.254.0.0/16', means: 'a link-local address, where clouds keep their metadata' },
  { cidr: 'fe80::/10', means: 'a link-local address' },
  { cidr: 'fd00:ec2::/32', means: 'a metadata address of AWS' },
  { cidr: 'fd20:ce::254/128', means: 'a metadata address of Google Cloud' },
  { cidr: '168.63.129.16/32', means: 'a metadata address of Azure' },
].map(({ cidr, means }) => ({ range: ipaddr.parseCIDR(cidr), means }));

const MEANINGS: Readonly<Record<string, string>> = {
  private: 'a private address',
  uniqueLocal: 'a private address',
  loopback: 'a loopback address',
  carrierGradeNat: 'a carrier-grade NAT address',
  unspecified: 'an unspecified address',
  ipv4Mapped: 'an IPv4-mapped address',
};

// All that is assigned as global unicast; whatever IPv6 has elsewhere is not the public internet.
const IPV6_GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/**
 * Says why an address must not be called, or undefined where it may be.
 *
 * Public addresses may be called; others only when a range of the profile's `allowAddresses` covers them; the
 * metadata services of clouds never. An IPv4 address inside of an IPv6 one counts as that IPv4 address.
 */
export function refusalOf(address: string, allowAddresses: readonly string[]): string | undefined {
  // Only what needs no interpretation: `0177.0.0.1` is one address to one parser and another to the next.
  if (!isIP(address)) return 'is not an IP address';
  const ip = ipaddr.parse(address);
  const forms = [ip, ...embeddedIpv4(ip)];
  const never = NEVER.find(({ range }) => forms.some((form) => covers(range, form)));
  if (never) return `is ${never.means}, which is never called`;
  if (allowAddresses.map(parsedRange).some((range) => forms.some((form) => covers(range, form)))) return undefined;
  if (isPublic(ip)) return undefined;
  const meaning = MEANINGS[ip.range()] ?? 'a special-purpose address';
  return `is ${meaning} that allowAddresses does not cover`;
}

/** Finds every address of a name; `lookupAll` asks the system. */
export type LookupAll = (hostname: string) => Promise<readonly string[]>;

export interface CheckedAddress {
  readonly address: string;
  /** Why it must not be called; undefined where it may be. */
  readonly refusal: string | undefined;
}

interface ResolveOptions {
  readonly allowAddresses: readonly string[];
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
  readonly lookupAll?: LookupAll;
}

/**
 * Resolves a host, a name or an IP address, to all of its addresses, each checked.
 *
 * Connect to the address itself, or with `pinnedLookup`: a second look-up may give another answer, and that one is
 * not checked. Every redirection is a host of its own. Throws `Unavailable` where the host has no address.
 */
export async function resolveAddresses(host: string, options: ResolveOptions): Promise<readonly CheckedAddress[]> {
  const addresses = isIP(host) ? [host] : await lookUp(host, options);
  const unique = [...new Set(addresses)];
  return unique.map((address) => ({ address, refusal: refusalOf(address, options.allowAddresses) }));
}

/** The addresses of a host that may be called; throws `Unavailable` with the reasons where there is none. */
export async function callableAddresses(host: string, options: ResolveOptions): Promise<readonly string[]> {
  return requireCallable(host, await resolveAddresses(host, options));
}

/** Those of the addresses of a host that may be called; throws `Unavailable` with the reasons where there is none. */
export function requireCallable(host: string, checked: readonly CheckedAddress[]): readonly string[] {
  const callable = checked.filter(({ refusal }) => refusal === undefined).map(({ address }) => address);
  if (callable.length > 0) return callable;
  const reasons = checked.map(({ address, refusal }) => (address === host ? refusal : `${address} ${refusal}`));
  throw new Unavailable(`${host} is not called: ${reasons.join('; ')}`);
}

/** A `lookup` for `node:net`, `node:http` and `node:tls` that knows these addresses only and asks nobody. */
export function pinnedLookup(addresses: readonly string[]): LookupFunction {
  return (hostname, options, callback) => {
    const entries = addresses.map((address) => ({ address, family: isIP(address) }));
    const fitting = entries.filter(({ family }) => !options.family || Number(options.family) === family);
    const [first] = fitting;
    if (!first) return callback(new Unavailable(`${hostname} has no checked address of this family`), '', 0);
    if (options.all) return callback(null, fitting);
    callback(null, first.address, first.family);
  };
}

/** Every address that the system knows for a name; throws as it does, with its code. */
export async function systemLookup(hostname: string): Promise<readonly string[]> {
  // In the order of the answer: no family is preferred, for every address is looked at.
  const found = await lookup(hostname, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
}

async function lookUp(host: string, { timeoutSeconds, signal, lookupAll = systemLookup }: ResolveOptions) {
  const timeout = abortAfter(timeoutSeconds);
  const stop = signal ? AbortSignal.any([timeout, signal]) : timeout;
  // The system's look-up cannot be stopped; it is left alone with its answer.
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const onStop = () => {
    const when = timeout.aborted ? `within ${timeoutSeconds} s` : 'before the deadline';
    reject(new Unavailable(`the address of ${host} was not found ${when}`));
  };
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop, { once: true });
  try {
    const addresses = await Promise.race([stopped, lookupAll(host)]);
    if (addresses.length > 0) return addresses;
    throw new Unavailable(`${host} has no address`);
  } catch (thrown) {
    if (thrown instanceof Unavailable) throw thrown;
    throw new Unavailable(`the address of ${host} was not found: ${messageOf(thrown)}`);
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}

function isPublic(ip: Ip): boolean {
  // NAT64 is how a network without IPv4 writes an IPv4 address.
  if (ip.range() === 'rfc6052') return embeddedIpv4(ip).every(isPublic);
  return ip.range() === 'unicast' && (ip.kind() === 'ipv4' || covers(IPV6_GLOBAL_UNICAST, ip));
}

function embeddedIpv4(ip: Ip): Ip[] {
  const bytes = ip.toByteArray();
  switch (ip.range()) {
    case 'ipv4Mapped':
    case 'rfc6145':
    case 'rfc6052':
      return [ipaddr.fromByteArray(bytes.slice(12))];
    case '6to4':
      return [ipaddr.fromByteArray(bytes.slice(2, 6))];
    default:
      return [];
  }
}

function covers([network, bits]: [Ip, number], ip: Ip): boolean {
  return network.kind() === ip.kind() && ip.match(network, bits);
}

function parsedRange(cidr: string): [Ip, number] {
  if (ipaddr.isValidCIDR(cidr)) return ipaddr.parseCIDR(cidr);
  throw new InvalidInput('CIDR_SYNTAX', `allowAddresses has "${cidr}", which is not a range; write it as 10.0.0.0/8`);
}
