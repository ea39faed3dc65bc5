import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { ask } from '../_asking.ts';
import { acceptedOf, applyAcceptances, type Acceptance, type Applied } from './acceptances.ts';
import { securityClients } from './clients.ts';
import {
  acceptedSize,
  compareFlaws,
  isWorse,
  rememberFlaws,
  type Differences,
  type Remembered,
  type RememberedFlaw,
} from './differences.ts';
import { mergeFlaws, setAsideOf, type Flaw } from './flaw.ts';
import type { Limits } from './limits.ts';
import { look, type Look, type Place, type Reading } from './looking.ts';
import { readAccess, type AccessTable } from './read-access.ts';
import { readBuckets, type BucketTable } from './read-buckets.ts';
import { readGuardDuty, type GuardDutyTable } from './read-guardduty.ts';
import { readHosts, type HostTable } from './read-hosts.ts';
import { readImages, type Image } from './read-images.ts';
import { readInspector, type InspectorTable } from './read-inspector.ts';
import { readNetwork, type NetworkTable } from './read-network.ts';
import { readSecurityHub, type HubTable } from './read-security-hub.ts';
import { readShares, type Share } from './read-shares.ts';
import { readUsers, type UserTable } from './read-users.ts';
import type { Service } from './services.ts';

/** What is the same in every region. */
export interface AccountAudit {
  readonly flaws: readonly Flaw[];
  readonly looks: readonly Look[];
  readonly account: string | undefined;
  readonly users: UserTable;
  readonly access: AccessTable;
  readonly buckets: BucketTable;
}

/** What is of one region; undefined where the profile leaves the service out. */
export interface RegionAudit {
  readonly target: string;
  readonly region: string;
  readonly flaws: readonly Flaw[];
  readonly looks: readonly Look[];
  readonly network: NetworkTable;
  readonly shares: readonly Share[];
  readonly hub: HubTable | undefined;
  readonly guardduty: GuardDutyTable | undefined;
  readonly inspector: InspectorTable | undefined;
  readonly images: readonly Image[] | undefined;
  readonly hosts: HostTable;
}

/** What one audit found, held against the one before. */
export interface Audit {
  readonly now: Date;
  readonly limits: Limits;
  readonly services: readonly Service[];
  readonly targets: readonly string[];
  readonly account: AccountAudit | undefined;
  readonly regions: readonly RegionAudit[];
  readonly looks: readonly Look[];
  /** Every flaw once, worst first. */
  readonly flaws: readonly Flaw[];
  /** Those that somebody must act upon. */
  readonly open: readonly Flaw[];
  readonly accepted: ReadonlyMap<string, Acceptance>;
  readonly applied: readonly Applied[];
  readonly exceeded: readonly { readonly flaw: Flaw; readonly was: NonNullable<RememberedFlaw['acceptedAs']> }[];
  readonly differences: Differences;
  readonly remembered: Remembered;
}

/** Reads what is the same in every region, through one of the targets. */
export async function auditAccount(region: string | undefined, limits: Limits, place: Place): Promise<AccountAudit> {
  const { iam, s3, sts } = securityClients(region);
  const { target, signal: abortSignal } = place;
  const who = await look({ name: 'identity@global', target, part: 'which account this is' }, async () => {
    const { Account } = await ask('sts:GetCallerIdentity', () =>
      sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
    );
    return Account;
  });
  const [buckets, [users, access]] = await Promise.all([
    readBuckets(s3, who.value, place),
    readUsers(iam, limits, place).then(async (users) => {
      return [users, await readAccess(iam, users.table.users, limits, place)] as const;
    }),
  ]);
  return {
    flaws: [...users.flaws, ...access.flaws, ...buckets.flaws],
    looks: [who.look, ...users.looks, ...access.looks, ...buckets.looks],
    account: who.value,
    users: users.table,
    access: access.table,
    buckets: buckets.table,
  };
}

/** Reads what is of one region; each service stands or falls alone. */
export async function auditRegion(
  region: string | undefined,
  services: readonly Service[],
  limits: Limits,
  place: Place,
): Promise<RegionAudit> {
  const { ec2, ecr, guardduty, inspector, securityHub, ssm } = securityClients(region);
  const wanted = async <Table>(service: Service, read: () => Promise<Reading<Table>>) =>
    services.includes(service) ? read() : undefined;
  const [network, shares, hub, threats, inspected, images, hosts] = await Promise.all([
    readNetwork(ec2, limits, place),
    readShares(ec2, place),
    wanted('security-hub', () => readSecurityHub(securityHub, place)),
    wanted('guardduty', () => readGuardDuty(guardduty, place)),
    wanted('inspector', () => readInspector(inspector, place)),
    wanted('ecr', () => readImages(ecr, limits, place)),
    wanted('ssm', () => readHosts({ ec2, ssm }, limits, place)),
  ]);
  const all = [network, shares, hub, threats, inspected, images, hosts].filter((one) => one !== undefined);
  const leftOut = services.includes('inspector') && isBlind(inspected, hosts, place);
  return {
    target: place.target,
    region: place.region,
    flaws: all.flatMap(({ flaws }) => flaws),
    looks: [...all.flatMap(({ looks }) => looks), ...(leftOut ? [leftOut] : [])],
    network: network.table,
    shares: shares.table,
    hub: hub?.table,
    guardduty: threats?.table,
    inspector: inspected?.table,
    images: images?.table,
    hosts: hosts?.table,
  };
}

/** Inspector is on, machines run, and it does not look at machines. */
function isBlind(
  inspected: Reading<InspectorTable> | undefined,
  hosts: Reading<HostTable> | undefined,
  { target, region }: Place,
): Look | undefined {
  const scans = inspected?.table.scans;
  const machines = hosts?.table?.filter(({ id }) => id.startsWith('i-')).length ?? 0;
  if (scans === undefined || scans.includes('ec2') || machines === 0) return undefined;
  return {
    ...{ name: `inspector-ec2@${region}`, target, part: `Inspector of machines in ${region}` },
    outcome: 'not-enabled',
    why: `Inspector is on in ${region} and does not look at machines, of which ${machines} run`,
    command: `aws inspector2 enable --resource-types EC2 --region ${region}`,
  };
}

/** Joins what was read into one list of flaws, and holds it against acceptances and the last audit. */
export function joinAudits(
  { account, regions }: { readonly account: AccountAudit | undefined; readonly regions: readonly RegionAudit[] },
  context: {
    readonly now: Date;
    readonly limits: Limits;
    readonly services: readonly Service[];
    readonly targets: readonly string[];
    readonly acceptances: readonly Acceptance[];
    readonly earlier: Remembered | undefined;
  },
): Audit {
  const { now, acceptances, earlier, targets } = context;
  const parts = [...(account ? [account] : []), ...regions];
  const looks = parts.flatMap((one) => one.looks);
  const flaws = mergeFlaws(parts.flatMap((one) => one.flaws));
  const differences = compareFlaws(flaws, earlier, looks);
  const isAllSeen =
    account !== undefined && regions.length === targets.length && looks.every(({ outcome }) => outcome === 'read');
  const applied = applyAcceptances(flaws, acceptances, { now, isAllSeen });
  const meant = acceptedOf(applied);
  const exceeded = flaws.flatMap((flaw) => {
    const until = meant.get(flaw.id)?.until;
    const was = until === undefined ? undefined : acceptedSize(earlier?.flaws[flaw.id], until);
    return was !== undefined && isWorse(flaw, was) ? [{ flaw, was }] : [];
  });
  const accepted = new Map([...meant].filter(([id]) => !exceeded.some(({ flaw }) => flaw.id === id)));
  const acceptedUntil = new Map([...meant].map(([id, { until }]) => [id, until]));
  return {
    ...{ now, limits: context.limits, services: context.services, targets },
    account,
    regions,
    looks,
    flaws,
    open: flaws.filter((flaw) => setAsideOf(flaw) === undefined && !accepted.has(flaw.id)),
    accepted,
    applied,
    exceeded,
    differences,
    remembered: rememberFlaws(flaws, { earlier, differences, acceptedUntil, now }),
  };
}
