import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeInstanceInformationCommand,
  DescribeInstancePatchStatesCommand,
  type InstancePatchState,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { allPages, pieces } from '../_asking.ts';
import type { Flaw } from './flaw.ts';
import { judgeHost, type Host, type JudgedHost } from './hosts.ts';
import type { Limits } from './limits.ts';
import { look, unseen, type Look, type Place, type Reading } from './looking.ts';

const PAGE_OF_INSTANCES = 1_000;
const PAGE = 50;
const IDS_A_CALL = 50;

/** Undefined where the machines or their patches could not be read. */
export type HostTable = readonly JudgedHost[] | undefined;

/** Reads which machines run, and what the last look of Patch Manager found on each. */
export async function readHosts(
  { ec2, ssm }: { readonly ec2: EC2Client; readonly ssm: SSMClient },
  { patchScanDays }: Limits,
  place: Place,
): Promise<Reading<HostTable>> {
  const { target, region, now, signal: abortSignal } = place;
  const root = `hosts@${region}`;
  const running = await look({ name: `instances@${region}`, target, part: `instances of ${region}` }, async () => {
    const Filters = [{ Name: 'instance-state-name', Values: ['running'] }];
    const pages = await allPages(
      'ec2:DescribeInstances',
      (NextToken) =>
        ec2.send(new DescribeInstancesCommand({ Filters, NextToken, MaxResults: PAGE_OF_INSTANCES }), { abortSignal }),
      ({ NextToken }) => NextToken,
    );
    return pages.flatMap(({ Reservations = [] }) => Reservations).flatMap(({ Instances = [] }) => Instances);
  });
  const managed = await look({ name: root, target, part: `machines and patches of ${region} in SSM` }, async () => {
    const pages = await allPages(
      'ssm:DescribeInstanceInformation',
      (NextToken) => ssm.send(new DescribeInstanceInformationCommand({ NextToken, MaxResults: PAGE }), { abortSignal }),
      ({ NextToken }) => NextToken,
    );
    const known = pages.flatMap(({ InstanceInformationList = [] }) => InstanceInformationList);
    const states = new Map<string, InstancePatchState>();
    for (const InstanceIds of pieces(
      known.flatMap(({ InstanceId }) => InstanceId ?? []),
      IDS_A_CALL,
    )) {
      const answers = await allPages(
        'ssm:DescribeInstancePatchStates',
        (NextToken) =>
          ssm.send(new DescribeInstancePatchStatesCommand({ InstanceIds, NextToken, MaxResults: PAGE }), {
            abortSignal,
          }),
        ({ NextToken }) => NextToken,
      );
      for (const state of answers.flatMap(({ InstancePatchStates = [] }) => InstancePatchStates)) {
        states.set(state.InstanceId ?? '', state);
      }
    }
    return { known, states };
  });
  const looks: Look[] = [running.look, managed.look];
  if (managed.value === undefined) return { flaws: [], looks, table: undefined };

  const { known, states } = managed.value;
  const names = new Map(
    (running.value ?? []).map(({ InstanceId = '', Tags = [] }) => [
      InstanceId,
      Tags.find(({ Key }) => Key === 'Name')?.Value ?? InstanceId,
    ]),
  );
  const hosts = new Map<string, Host>(
    [...names].map(([id, name]) => [id, { id, name, isManaged: false, patches: undefined }]),
  );
  for (const { InstanceId: id = '', ComputerName, PingStatus } of known) {
    // Of an instance that does not run SSM goes on to tell; a machine outside of EC2 only SSM knows.
    const isStopped = running.value !== undefined && id.startsWith('i-') && !names.has(id);
    if (isStopped || (running.value === undefined && PingStatus !== 'Online')) continue;
    hosts.set(id, {
      id,
      name: names.get(id) ?? ComputerName ?? id,
      isManaged: true,
      patches: patchesOf(states.get(id)),
    });
  }
  const judged = [...hosts.values()].map((host) => judgeHost(host, patchScanDays, now));
  const flaws = judged.flatMap((host): Flaw[] => {
    if (host.unknown !== undefined) {
      looks.push(unseen({ name: `${root}/${host.id}`, target, part: `patches of ${host.name}` }, host.unknown));
    }
    return host.flaw ? [missingPatches(host, host.flaw, root, place)] : [];
  });
  return { flaws, looks, table: running.value === undefined ? undefined : judged };
}

function missingPatches(
  { id }: Host,
  { title, isSecurity, count }: NonNullable<JudgedHost['flaw']>,
  root: string,
  { target, region }: Place,
): Flaw {
  const level = isSecurity ? 'high' : 'low';
  return {
    id: `missing-patches ${id}`,
    topic: 'missing-patches',
    resource: id,
    region,
    level,
    title,
    sources: [{ name: 'ssm', id, severity: level }],
    targets: [target],
    looks: [`${root}/${id}`],
    extent: count,
  };
}

function patchesOf(state: InstancePatchState | undefined): Host['patches'] {
  return (
    state && {
      scannedAt: state.OperationEndTime,
      missing: state.MissingCount,
      failed: state.FailedCount,
      pendingReboot: state.InstalledPendingRebootCount,
      security: state.SecurityNonCompliantCount,
      critical: state.CriticalNonCompliantCount,
    }
  );
}
