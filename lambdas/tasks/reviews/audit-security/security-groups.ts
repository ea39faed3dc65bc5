import { byGravest, type Level } from './levels.ts';

/** One rule of a security group that lets traffic in. */
export interface InboundRule {
  /** `tcp`, `udp`, `icmp`, `-1` for all, or a number. */
  readonly protocol: string;
  /** Undefined where the protocol has none, or all are meant. */
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  readonly ranges: readonly string[];
  /** The list that has the ranges; a rule with ranges of its own has none. */
  readonly list?: string;
}

/** A network interface that a security group is on. */
export interface Attachment {
  readonly id: string;
  /** An address of the Internet, of that family. */
  readonly hasPublicV4: boolean;
  readonly hasPublicV6: boolean;
  /** Whose it is: a load balancer, an instance, a function. */
  readonly description: string;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly rules: readonly InboundRule[];
  /** Undefined where it could not be read. */
  readonly attachments: readonly Attachment[] | undefined;
}

/** A door to ports that are not meant for the world. */
export interface Opening {
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** From where: only what is the world, or nearly. */
  readonly ranges: readonly string[];
  readonly rule: InboundRule;
}

export interface JudgedGroup {
  readonly openings: readonly Opening[];
  readonly level: Level;
  readonly title: string;
  readonly isAttached: boolean;
}

// Ways to log in, databases, caches and the doors of clusters.
const ADMIN_PORTS = [
  21, 22, 23, 135, 445, 1433, 1521, 2375, 2376, 2379, 3306, 3389, 5432, 5601, 5900, 5985, 6379, 6443, 8500, 9092, 9200,
  9300, 10250, 11211, 27017,
];
const LAST_PORT = 65_535;
// A range as large is nobody's office: halves and quarters of the world are written to get past a look for /0.
const LARGEST_V4_PREFIX = 7;
const LARGEST_V6_PREFIX = 15;
const PROTOCOLS: Readonly<Record<string, string>> = {
  '-1': 'all',
  '6': 'tcp',
  '17': 'udp',
  '1': 'icmp',
  '58': 'icmpv6',
};

/** True for a range that is the world, or so much of it that it comes to the same. */
export function isWorld(range: string): boolean {
  const [address = '', prefix = ''] = range.split('/');
  return prefix !== '' && Number(prefix) <= (address.includes(':') ? LARGEST_V6_PREFIX : LARGEST_V4_PREFIX);
}

/** What a group lets in from the world besides the ports that are meant for it; undefined where that is nothing. */
export function judgeGroup(group: SecurityGroup, publicPorts: readonly number[]): JudgedGroup | undefined {
  const openings = group.rules.flatMap((rule) => openingOf(rule, publicPorts) ?? []);
  if (openings.length === 0) return undefined;
  const { attachments } = group;
  const ranges = openings.flatMap((one) => one.ranges);
  const isV6 = ranges.some((range) => range.includes(':'));
  const isV4 = ranges.some((range) => !range.includes(':'));
  const isPublic =
    attachments?.some(({ hasPublicV4, hasPublicV6 }) => (isV4 && hasPublicV4) || (isV6 && hasPublicV6)) ?? true;
  const isAttached = attachments === undefined || attachments.length > 0;
  const levels = openings.map((opening): Level => {
    if (!isAttached) return 'low';
    if (isAdmin(opening)) return isPublic ? 'critical' : 'high';
    return isPublic ? 'high' : 'medium';
  });
  const where =
    attachments === undefined
      ? 'what it is on is not known'
      : attachments.length === 0
        ? 'it is on nothing'
        : `it is on ${attachments.length} interface${attachments.length > 1 ? 's' : ''}, ${isPublic ? 'with' : 'none with'} a public address`;
  const doors = openings.map(doorText).join('; ');
  return {
    openings,
    level: levels.toSorted(byGravest)[0] ?? 'low',
    title: `${group.id} (${group.name}) lets the world in to ${doors}; ${where}`,
    isAttached,
  };
}

function openingOf(rule: InboundRule, publicPorts: readonly number[]): Opening | undefined {
  const ranges = rule.ranges.filter(isWorld);
  const protocol = PROTOCOLS[rule.protocol] ?? rule.protocol;
  // An echo is no door.
  if (ranges.length === 0 || protocol.startsWith('icmp')) return undefined;
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  const fromPort = hasPorts ? Math.max(0, rule.fromPort ?? 0) : 0;
  const toPort = hasPorts && rule.toPort !== undefined && rule.toPort >= 0 ? rule.toPort : LAST_PORT;
  if (hasPorts && isMeant(fromPort, toPort, publicPorts)) return undefined;
  return { protocol, fromPort, toPort, ranges, rule };
}

function isMeant(fromPort: number, toPort: number, publicPorts: readonly number[]): boolean {
  if (toPort - fromPort >= publicPorts.length) return false;
  for (let port = fromPort; port <= toPort; port += 1) if (!publicPorts.includes(port)) return false;
  return true;
}

function isAdmin({ protocol, fromPort, toPort }: Opening): boolean {
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  return protocol === 'all' || (hasPorts && ADMIN_PORTS.some((port) => port >= fromPort && port <= toPort));
}

export function doorText({ protocol, fromPort, toPort, ranges, rule }: Opening): string {
  const whole = fromPort === 0 && toPort === LAST_PORT;
  const ports = fromPort === toPort ? `port ${fromPort}` : `ports ${fromPort}-${toPort}`;
  const named = /^\d+$/.test(protocol) ? `protocol ${protocol}` : `${protocol} ${whole ? 'all ports' : ports}`;
  const door = protocol === 'all' ? 'everything' : named;
  const list = rule.list === undefined ? '' : ` (${rule.list})`;
  return `${door} from ${ranges.join(' and ')}${list}`;
}

/** The rules as EC2 takes them, to close exactly these doors. */
export function revocation(openings: readonly Opening[]): string {
  const rules = openings.map(({ ranges, rule: { protocol, fromPort, toPort, list } }) => {
    const v4 = ranges.filter((range) => !range.includes(':')).map((CidrIp) => ({ CidrIp }));
    const v6 = ranges.filter((range) => range.includes(':')).map((CidrIpv6) => ({ CidrIpv6 }));
    return {
      IpProtocol: protocol,
      ...(fromPort !== undefined && { FromPort: fromPort }),
      ...(toPort !== undefined && { ToPort: toPort }),
      ...(list === undefined && v4.length > 0 && { IpRanges: v4 }),
      ...(list === undefined && v6.length > 0 && { Ipv6Ranges: v6 }),
      ...(list !== undefined && { PrefixListIds: [{ PrefixListId: list }] }),
    };
  });
  return JSON.stringify(rules);
}

/** How many ports the doors have. */
export function portsOf(openings: readonly Opening[]): number {
  return openings.reduce((sum, { fromPort, toPort }) => sum + toPort - fromPort + 1, 0);
}
