import {
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  GetManagedPrefixListEntriesCommand,
  type EC2Client,
  type IpPermission,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import { allPages } from '../_asking.ts';
import { awsCommand } from '../_recommendation.ts';
import type { Flaw } from './flaw.ts';
import type { Limits } from './limits.ts';
import { look, unseen, type Look, type Place, type Reading } from './looking.ts';
import {
  judgeGroup,
  portsOf,
  revocation,
  type Attachment,
  type InboundRule,
  type JudgedGroup,
  type SecurityGroup,
} from './security-groups.ts';

const PAGE = 1_000;
const PAGE_OF_LIST = 100;

export interface OpenGroup {
  readonly group: SecurityGroup;
  readonly judged: JudgedGroup;
}

export interface NetworkTable {
  /** Undefined where they could not be read. */
  readonly groups: number | undefined;
  readonly open: readonly OpenGroup[];
}

/** Reads what the security groups of a region let in from the world, and what they are on. */
export async function readNetwork(ec2: EC2Client, limits: Limits, place: Place): Promise<Reading<NetworkTable>> {
  const { target, region, signal: abortSignal } = place;
  const root = `security-groups@${region}`;
  const listed = await look({ name: root, target, part: `security groups of ${region}` }, async () => {
    const pages = await allPages(
      'ec2:DescribeSecurityGroups',
      (NextToken) => ec2.send(new DescribeSecurityGroupsCommand({ NextToken, MaxResults: PAGE }), { abortSignal }),
      ({ NextToken }) => NextToken,
    );
    return pages.flatMap(({ SecurityGroups = [] }) => SecurityGroups);
  });
  if (listed.value === undefined) return { flaws: [], looks: [listed.look], table: { groups: undefined, open: [] } };

  const on = `network interfaces of ${region}`;
  const interfaces = await look({ name: `network-interfaces@${region}`, target, part: on }, async () => {
    const pages = await allPages(
      'ec2:DescribeNetworkInterfaces',
      (NextToken) => ec2.send(new DescribeNetworkInterfacesCommand({ NextToken, MaxResults: PAGE }), { abortSignal }),
      ({ NextToken }) => NextToken,
    );
    return attachmentsOf(pages.flatMap(({ NetworkInterfaces = [] }) => NetworkInterfaces));
  });
  const lists = await readLists(
    ec2,
    listed.value.flatMap(({ IpPermissions = [] }) => IpPermissions),
    place,
  );

  const looks: Look[] = [listed.look, interfaces.look, ...lists.looks];
  const open: OpenGroup[] = [];
  for (const { GroupId: id = '', GroupName: name = '', IpPermissions = [] } of listed.value) {
    const attachments = interfaces.value && (interfaces.value.get(id) ?? []);
    const group: SecurityGroup = {
      id,
      name,
      attachments,
      rules: IpPermissions.flatMap((one) => rulesOf(one, lists.ranges)),
    };
    const judged = judgeGroup(group, limits.publicPorts);
    if (judged) open.push({ group, judged });
    const unknown = IpPermissions.flatMap(listsIn).filter((list) => lists.ranges.get(list) === undefined);
    if (unknown.length > 0) {
      const about = { name: `${root}/${id}`, target, part: `what ${id} lets in` };
      looks.push(unseen(about, `what ${[...new Set(unknown)].join(', ')} holds could not be read`));
    }
  }
  const flaws = open.map(({ group, judged }) => openToWorld(group, judged, root, place));
  return { flaws, looks, table: { groups: listed.value.length, open } };
}

function openToWorld(group: SecurityGroup, judged: JudgedGroup, root: string, { target, region }: Place): Flaw {
  return {
    id: `open-to-world ${group.id}`,
    topic: 'open-to-world',
    resource: group.id,
    region,
    level: judged.level,
    title: judged.title,
    sources: [{ name: 'ec2', id: group.id, severity: judged.level }],
    targets: [target],
    looks: [`${root}/${group.id}`],
    extent: portsOf(judged.openings),
    command: awsCommand(
      region,
      ...['ec2', 'revoke-security-group-ingress', '--group-id', group.id],
      ...['--ip-permissions', revocation(judged.openings)],
    ),
  };
}

/** Lists of ranges may hold the world as well as a rule may. */
async function readLists(ec2: EC2Client, permissions: readonly IpPermission[], { target, region, signal }: Place) {
  const ranges = new Map<string, readonly string[]>();
  const looks: Look[] = [];
  for (const PrefixListId of new Set(permissions.flatMap(listsIn))) {
    const name = `prefix-lists@${region}`;
    const read = await look({ name, target, part: `prefix list ${PrefixListId}` }, async () => {
      const pages = await allPages(
        'ec2:GetManagedPrefixListEntries',
        (NextToken) =>
          ec2.send(new GetManagedPrefixListEntriesCommand({ PrefixListId, NextToken, MaxResults: PAGE_OF_LIST }), {
            abortSignal: signal,
          }),
        ({ NextToken }) => NextToken,
      );
      return pages.flatMap(({ Entries = [] }) => Entries).flatMap(({ Cidr }) => Cidr ?? []);
    });
    looks.push(read.look);
    if (read.value) ranges.set(PrefixListId, read.value);
  }
  return { ranges, looks };
}

function listsIn({ PrefixListIds = [] }: IpPermission): string[] {
  return PrefixListIds.flatMap(({ PrefixListId }) => PrefixListId ?? []);
}

/** One rule for what it names itself, and one for each list. */
function rulesOf(permission: IpPermission, lists: ReadonlyMap<string, readonly string[]>): InboundRule[] {
  const { IpProtocol = '-1', FromPort, ToPort, IpRanges = [], Ipv6Ranges = [] } = permission;
  const door = { protocol: IpProtocol, fromPort: FromPort, toPort: ToPort };
  const own = [
    ...IpRanges.flatMap(({ CidrIp }) => CidrIp ?? []),
    ...Ipv6Ranges.flatMap(({ CidrIpv6 }) => CidrIpv6 ?? []),
  ];
  const named = listsIn(permission).map((list): InboundRule => ({ ...door, ranges: lists.get(list) ?? [], list }));
  return own.length > 0 ? [{ ...door, ranges: own }, ...named] : named;
}

/** By security group. */
function attachmentsOf(interfaces: readonly NetworkInterface[]): ReadonlyMap<string, Attachment[]> {
  const attachments = new Map<string, Attachment[]>();
  for (const { NetworkInterfaceId: id = '', Groups = [], Association, PrivateIpAddresses = [], ...one } of interfaces) {
    const attachment: Attachment = {
      id,
      hasPublicV4: [{ Association }, ...PrivateIpAddresses].some(
        (address) => address.Association?.PublicIp !== undefined,
      ),
      hasPublicV6: (one.Ipv6Addresses ?? []).length > 0,
      description: one.Description || one.Attachment?.InstanceId || (one.InterfaceType ?? ''),
    };
    for (const { GroupId = '' } of Groups) attachments.set(GroupId, [...(attachments.get(GroupId) ?? []), attachment]);
  }
  return attachments;
}
