import ipaddr from 'ipaddr.js';
import type { ProblemCode } from './problem.ts';

/** What targets of the environment `local` may stand at: loopback and the private ranges. */
export const LOCAL_RANGES = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
] as const;

// The addresses at which clouds hand credentials to whoever asks.
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'] as const;
// The widest private ranges that exist: 10.0.0.0/8 and fc00::/7.
const WIDEST = { ipv4: 8, ipv6: 7 } as const;

/** What is wrong with a range of addresses that may be probed; undefined where nothing is. */
export function addressRangeProblem(
  text: string,
): { readonly code: ProblemCode; readonly message: string } | undefined {
  if (!/^[0-9a-fA-F.:]+\/\d{1,3}$/.test(text) || !ipaddr.isValidCIDR(text)) {
    return { code: 'CIDR_SYNTAX', message: 'is not a range of addresses; write it as 10.0.0.0/8 or fd00::/8' };
  }
  const [address, bits] = ipaddr.parseCIDR(text);
  // The library also reads addresses of fewer parts, which other programs read differently.
  if (address.kind() === 'ipv4' && !/^\d+\.\d+\.\d+\.\d+\//.test(text)) {
    return { code: 'CIDR_SYNTAX', message: 'is not written with four numbers; write it as 10.0.0.0/8' };
  }
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) {
    return { code: 'CIDR_SYNTAX', message: 'is an IPv4 range in the guise of IPv6; write it as 10.0.0.0/8' };
  }
  const network = networkOf(text, address.kind());
  if (network !== address.toString()) {
    return { code: 'CIDR_SYNTAX', message: `has bits of a host; did you mean ${network}/${bits}` };
  }
  if (bits < WIDEST[address.kind()]) {
    return {
      code: 'CIDR_TOO_WIDE',
      message: `is wider than any private range; allowed: /${WIDEST[address.kind()]} and up`,
    };
  }
  if (LINK_LOCAL.some((range) => overlaps(address, bits, range))) {
    return { code: 'CIDR_PROTECTED', message: 'holds link-local addresses, which are never probed' };
  }
  return undefined;
}

function networkOf(text: string, kind: 'ipv4' | 'ipv6'): string {
  const network = kind === 'ipv4' ? ipaddr.IPv4.networkAddressFromCIDR(text) : ipaddr.IPv6.networkAddressFromCIDR(text);
  return network.toString();
}

function overlaps(address: ipaddr.IPv4 | ipaddr.IPv6, bits: number, range: string): boolean {
  const [other, otherBits] = ipaddr.parseCIDR(range);
  if (other.kind() !== address.kind()) return false;
  const shared = Math.min(bits, otherBits);
  return address.match(other, shared);
}
