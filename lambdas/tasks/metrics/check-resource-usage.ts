import * as z from 'zod';
import { formatDuration } from '../../../core/duration.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { defineTask } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { readCloudUsage, WATCHED_NAMES } from './_cloud-usage.ts';
import { cloudWatchPermissions, connectCloudWatch } from './_cloudwatch.ts';
import { judgeContainers, readContainers } from './_containers.ts';
import { readMachines } from './_machines.ts';
import { judgePresence, KnownHost, nextHosts } from './_presence.ts';
import { connectPrometheus, type PrometheusContext } from './_prometheus.ts';
import { selector } from './_promql.ts';
import { explainNoSeries, judgeServer } from './_reading.ts';
import { USAGE_FINDINGS, type Kind } from './_usage-findings.ts';
import { UsageInput } from './_usage-input.ts';
import { judgeMachine, judgeRoom, judgeVolume, measureUsage } from './_usage-judgement.ts';
import { usageNeeds } from './_usage-needs.ts';
import { readVolumes } from './_volumes.ts';
import { ofFirstSubjects, worstFirst } from '../../runtime/worst-first.ts';

const MOST_SUBJECTS = 300;

/** By target, and by the labels that name a machine: with others the names are of another kind. */
const Baseline = z.object({ targets: z.record(z.string(), z.object({ by: z.string(), hosts: z.array(KnownHost) })) });
type Known = z.output<typeof Baseline>['targets'];

interface Examined {
  readonly findings: Finding<Kind>[];
  readonly measurements: Measurement[];
  readonly hosts: readonly KnownHost[];
}

interface Examination {
  readonly input: UsageInput;
  readonly context: PrometheusContext;
  readonly earlier: readonly KnownHost[];
}

async function examinePrometheus(
  target: Target<'metrics'>,
  { input, context, earlier }: Examination,
): Promise<Examined> {
  const { now } = context;
  const { expectedHosts, forgetAfter } = input;
  const prometheus = await connectPrometheus(target, context);
  const { volumes, unreadable, machines: withFilesystems } = await readVolumes(prometheus, input);
  const { machines, presence } = await readMachines(prometheus, input, withFilesystems);
  const hosts = nextHosts(earlier, presence, { now, forgetAfter });
  const containers = input.containers ? await readContainers(prometheus, input) : undefined;
  const findings: Finding<Kind>[] = [
    ...volumes.flatMap((volume) => judgeVolume(target.name, volume, input, now)),
    ...machines.flatMap((machine) => judgeMachine(target.name, machine, input)),
    ...unreadable.map((subject): Finding<Kind> => {
      return {
        kind: 'filesystem-not-readable',
        target: target.name,
        subject,
        summary: `${subject} does not tell its size`,
      };
    }),
    ...(containers ? judgeContainers(target.name, containers, input) : []),
    ...judgePresence(target.name, presence, hosts, { now, expectedHosts, forgetAfter }),
    ...judgeServer(target.name, prometheus),
  ];
  if (machines.length === 0 && presence.down.length + hosts.length === 0) {
    const missing = selector('node_memory_MemTotal_bytes', input);
    const absence = { missing, similar: 'node_.+|windows_.+_bytes', period: formatDuration(forgetAfter) };
    findings.push(await explainNoSeries(target.name, prometheus, absence));
  }
  // No machine is nothing measured: a count of none must not pass for a measurement.
  const measurements = machines.length === 0 ? [] : measureUsage(target.name, volumes, machines);
  return { findings, measurements, hosts };
}

async function examineCloudWatch({ name, url }: Target<'metrics'>, examination: Examination): Promise<Examined> {
  const { input, context, earlier } = examination;
  const { now, signal } = context;
  const { expectedHosts, forgetAfter } = input;
  const cloudWatch = connectCloudWatch(url.reveal(), signal);
  const { volumes, machines, rooms, presence, unreadable } = await readCloudUsage(cloudWatch, { ...input, now });
  const hosts = nextHosts(earlier, presence, { now, forgetAfter });
  const findings: Finding<Kind>[] = [
    ...volumes.flatMap((volume) => judgeVolume(name, volume, input, now)),
    ...rooms.flatMap((room) => judgeRoom(name, room, input, now)),
    ...machines.flatMap((machine) => judgeMachine(name, machine, input)),
    ...unreadable.map(({ subject, reason }): Finding<Kind> => {
      return { kind: 'metric-not-readable', target: name, subject, summary: reason };
    }),
    ...judgePresence(name, presence, hosts, { now, expectedHosts, forgetAfter }),
    ...judgeServer(name, { ...cloudWatch, clockAheadSeconds: 0 }),
  ];
  if (machines.length === 0 && findings.length === 0) {
    const summary = `${cloudWatch.label} has no point of ${WATCHED_NAMES} in the last ${formatDuration(forgetAfter)}`;
    findings.push({ kind: 'no-series', target: name, summary });
  }
  const measurements = machines.length === 0 ? [] : measureUsage(name, volumes, machines);
  return { findings, measurements, hosts };
}

export const task = defineTask({
  name: 'metrics-check-resource-usage',
  summary: 'Judges disks, inodes, memory and CPU of machines and containers, and says when a disk is full',
  effect: 'read-only',
  target: 'metrics',
  input: UsageInput,
  examples: [
    {},
    { diskAbove: '80%', diskFailAbove: '90%', exceptFilesystems: { mountpoint: '/boot.*' }, expectedHosts: 3 },
    { by: ['cluster', 'instance'], only: { job: 'node' }, forgetAfter: '2h' },
  ],
  findings: USAGE_FINDINGS,
  permissions: (platform) => [...secretPermissions(platform, 'metrics'), ...cloudWatchPermissions(platform)],
  needs: (context) => usageNeeds(context),
  timeoutSeconds: 300,
  baseline: { version: 1, schema: Baseline },
  run: async ({ input, targets, baseline, ...context }) => {
    const known: Known = { ...baseline?.targets };
    const by = input.by.join(',');
    const examined = await eachTarget<Kind, (typeof targets)[number]>(
      targets,
      async (target) => {
        const before = known[target.name];
        const earlier = before?.by === by ? before.hosts : [];
        const examine = target.url.reveal().startsWith('cloudwatch:') ? examineCloudWatch : examinePrometheus;
        const { findings, measurements, hosts } = await examine(target, { input, context, earlier });
        known[target.name] = { by, hosts: [...hosts] };
        return { findings: worstFirst(findings), measurements: ofFirstSubjects(measurements, MOST_SUBJECTS) };
      },
      { concurrency: 4 },
    );
    return { ...examined, baseline: { targets: known } };
  },
});
