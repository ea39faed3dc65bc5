import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/metrics/check-resource-usage.ts';
import { openMetrics, samplesOf, type PlantedSeries } from '../../../../lib/demo/metrics-data.ts';
import {
  hostSeries,
  HOST_SPAN_SECONDS,
  type PlantedDisk,
  type PlantedHost,
} from '../../../../lib/demo/metrics-hosts.ts';
import { missingPrometheus, startPrometheus, type PrometheusServer } from '../../../../lib/demo/servers/prometheus.ts';
import { resultOf } from '../../../harness/perform-task.ts';

const missing = await missingPrometheus();
if (missing !== undefined) process.stderr.write(`skipped: machines on a real Prometheus, because ${missing}\n`);
const onPrometheus = missing === undefined ? describe : describe.skip;

const now = new Date();
const HOUR = 3_600;
const DAY = 24 * HOUR;
const STEADY: PlantedDisk = { freeGib: () => 60 };

/** Free space that shrinks by so much a day and has so much left now. */
function shrinking(leftGib: number, perDay: number) {
  return (secondsAgo: number) => leftGib + (perDay * secondsAgo) / DAY;
}

const HOSTS: PlantedHost[] = [
  ...Array.from({ length: 8 }, (_, i) => ({ instance: `fine-${i}:9100`, disks: [STEADY] })),
  { instance: 'full:9100', disks: [STEADY, { mountpoint: '/var/lib/data', device: '/dev/vdb', freeGib: () => 3 }] },
  { instance: 'high:9100', disks: [{ freeGib: () => 12 }] },
  { instance: 'filling:9100', disks: [{ freeGib: shrinking(30, 10) }] },
  { instance: 'many-files:9100', disks: [{ ...STEADY, inodesUsed: 0.9 }] },
  { instance: 'stalled:9100', disks: [STEADY], ioStalled: 0.3 },
  { instance: 'inodes:9100', disks: [{ ...STEADY, inodesUsed: 0.97 }] },
  // Began this morning: in the mean of the week it is nothing.
  { instance: 'runaway:9100', disks: [{ freeGib: (ago) => Math.min(80, 20 + (10 * ago) / HOUR) }] },
  { instance: 'broken-disk:9100', disks: [{ ...STEADY, readOnly: (ago) => (ago < 6 * HOUR ? 1 : 0) }] },
  { instance: 'leaking:9100', disks: [STEADY], memoryAvailable: 0.03 },
  { instance: 'tight:9100', disks: [STEADY], memoryAvailable: 0.12 },
  { instance: 'old-kernel:9100', disks: [STEADY], memoryAvailable: 'not-told' },
  { instance: 'busy:9100', disks: [STEADY], cpuBusy: 0.93, loadPerCore: 6 },
  { instance: 'stolen:9100', disks: [STEADY], cpuBusy: 0.5, steal: 0.25 },
  { instance: 'waiting:9100', disks: [STEADY], ioWait: 0.5 },
  { instance: 'swapping:9100', disks: [STEADY], swapInPages: 5_000, memoryStalled: 0.3, oomKills: 2 },
  { instance: 'leaky-files:9100', disks: [STEADY], fileDescriptors: 0.9 },
  { instance: 'diskless:9100', disks: [{ fstype: 'overlay', freeGib: () => 1 }] },
  { instance: 'vanished:9100', disks: [STEADY], endedSecondsAgo: 2 * HOUR },
  { instance: 'long-gone:9100', disks: [STEADY], endedSecondsAgo: 3 * DAY },
  // Healthy, and each looks like one of the above.
  { instance: 'one-jump:9100', disks: [{ freeGib: (ago) => (ago < 3 * DAY ? 20 : 60) }] },
  { instance: 'sawtooth:9100', disks: [{ freeGib: (ago) => 20 + ((ago % DAY) / DAY) * 40 }] },
  { instance: 'purged-weekly:9100', disks: [{ freeGib: (ago) => (ago > DAY / 2 ? 20 + (ago / DAY) * 8 : 70) }] },
  { instance: 'grown:9100', disks: [{ freeGib: (ago) => (ago > DAY ? 30 + ago / DAY : 90 + ago / DAY) }] },
  {
    instance: 'images:9100',
    disks: [
      STEADY,
      { mountpoint: '/snap/core/1', device: '/dev/loop0', fstype: 'squashfs', freeGib: () => 0, readOnly: () => 1 },
      { mountpoint: '/media/dvd', device: '/dev/sr0', fstype: 'iso9660', freeGib: () => 0, readOnly: () => 1 },
      { mountpoint: '/usr', device: '/dev/vdc', freeGib: () => 1, readOnly: () => 1 },
      { mountpoint: '/run', device: 'tmpfs', fstype: 'tmpfs', freeGib: () => 0 },
    ],
  },
];

function planted(): string {
  const scraped = (instance: string, up: number): PlantedSeries => ({
    name: 'up',
    labels: { job: 'node', instance },
    value: () => up,
  });
  const bindMounts = hostSeries({
    instance: 'bind:9100',
    disks: [
      { mountpoint: '/srv/data', device: '/dev/vdb', freeGib: () => 9 },
      { mountpoint: '/var/www/shop/data', device: '/dev/vdb', freeGib: () => 9 },
    ],
  });
  const nfs = ['a', 'b'].flatMap((name) =>
    hostSeries({
      instance: `nfs-${name}:9100`,
      disks: [STEADY, { mountpoint: '/mnt', device: 'nas:/export', fstype: 'nfs4', freeGib: () => 2 }],
    }),
  );
  const series = [
    ...HOSTS.flatMap((host) => hostSeries(host)),
    ...bindMounts,
    ...nfs,
    // Its exporter has been down for longer than anything remembers.
    scraped('never-up:9100', 0),
    {
      name: 'node_filesystem_device_error',
      labels: { job: 'node', instance: 'fine-0:9100', mountpoint: '/mnt/nas', device: 'nas:/old', fstype: 'nfs' },
      value: () => 1,
    },
  ];
  return openMetrics(samplesOf(series, { now, spanSeconds: HOST_SPAN_SECONDS, aheadSeconds: 600, everySeconds: 240 }));
}

onPrometheus('on a real Prometheus', () => {
  let folder: string;
  let server: PrometheusServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fettle-usage-'));
    server = await startPrometheus({ folder, openMetrics: planted() });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const found = (input: Record<string, Json> = {}, baseline?: unknown) =>
    resultOf({ task, targets: { nodes: { url: server.url } }, input, now, baseline });

  test('each fault is named once, and no healthy machine is accused', async () => {
    const { findings } = await found();

    expect(findings.map(({ kind, subject = '' }) => `${kind} ${subject}`).sort()).toEqual([
      'cpu-high busy:9100',
      'disk-filling filling:9100 /',
      'disk-full full:9100 /var/lib/data',
      'disk-full nfs-a:9100 /mnt',
      'disk-full-soon runaway:9100 /',
      'disk-high bind:9100 /srv/data',
      'disk-high high:9100 /',
      'file-descriptors-high leaky-files:9100',
      'filesystem-not-readable fine-0:9100 /mnt/nas',
      'host-incomplete diskless:9100',
      'host-incomplete old-kernel:9100',
      'host-vanished never-up:9100',
      'host-vanished vanished:9100',
      'inodes-exhausted inodes:9100 /',
      'inodes-high many-files:9100 /',
      'io-pressure stalled:9100',
      'io-wait-high waiting:9100',
      'load-high busy:9100',
      'memory-exhausted leaking:9100',
      'memory-high tight:9100',
      'memory-pressure swapping:9100',
      'oom-killed swapping:9100',
      'steal-high stolen:9100',
      'swapping swapping:9100',
      'turned-read-only broken-disk:9100 /',
    ]);
  });

  test('the forecast says the day, and the commands are ready to be pasted', async () => {
    const { findings } = await found();
    const of = (kind: string) => findings.find((finding) => finding.kind === kind);

    expect(of('disk-filling')).toMatchObject({ value: expect.closeTo(3, 1), limit: 7, unit: 'days' });
    const day = new Date(now.getTime() + 3 * DAY * 1_000).toISOString().slice(0, 10);
    expect(of('disk-filling')?.summary).toBe(
      `filling:9100 / will be full in 3 days, on ${day}, at its pace; at least 7d is expected; now 70 % full (30 GiB left)`,
    );
    expect(of('disk-full-soon')?.summary).toMatch(/^runaway:9100 \/ will be full in 2 hours, on \S+ at \d\d:\d\d/);
    expect(findings.find(({ subject }) => subject?.startsWith('full:9100'))?.command).toBe(
      'du -xh --max-depth=1 -- /var/lib/data | sort -rh | head -20',
    );
    expect(of('host-vanished')?.summary).toContain('its exporter does not answer');
  });

  test('machines that are well pass, with their numbers', async () => {
    const { findings, measurements } = await found({
      only: { instance: '(fine-[1-9]|one-jump|sawtooth|purged-weekly|grown|images).*' },
    });

    expect(findings).toEqual([]);
    expect(measurements).toContainEqual({ name: 'machines', value: 12, unit: 'count', target: 'nodes' });
    const memory = measurements.filter(({ name }) => name === 'memory-used').map(({ value }) => value);
    expect(new Set(memory)).toEqual(new Set([40]));
  });

  test('a machine that an earlier run knew and Prometheus has forgotten is unknown, until its time is over', async () => {
    const only = { instance: 'fine-[1-9].*' };
    const ago = (hours: number) => new Date(now.getTime() - hours * HOUR * 1_000).toISOString();
    const hosts = [
      { name: 'lost:9100', lastSeen: ago(5) },
      { name: 'replaced:9100', lastSeen: ago(30) },
    ];

    const { findings, baseline } = await found({ only }, { targets: { nodes: { by: 'instance', hosts } } });

    expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([['host-vanished', 'lost:9100']]);
    expect(findings[0]?.summary).toContain('last sample 5h ago');
    const kept = (baseline as { targets: { nodes: { hosts: { name: string }[] } } }).targets.nodes.hosts;
    expect(kept.map(({ name }) => name)).toContain('lost:9100');
    expect(kept.map(({ name }) => name)).not.toContain('replaced:9100');
  });

  test('where enough machines are there, one that autoscaling took away is only mentioned', async () => {
    const only = { instance: '(fine-[1-9]|vanished).*' };

    expect((await found({ only, expectedHosts: 7 })).findings.map(({ kind }) => kind)).toEqual(['host-gone']);
    expect((await found({ only, expectedHosts: 9 })).findings.map(({ kind }) => kind).sort()).toEqual([
      'host-vanished',
      'hosts-missing',
    ]);
    expect((await found({ only, forgetAfter: '1h' })).findings).toEqual([]);
  });

  test('no machine at all is unknown, with what there is instead', async () => {
    const { findings, measurements } = await found({ only: { instance: 'nobody' } });

    expect(findings.map(({ kind }) => kind)).toEqual(['no-series']);
    expect(findings[0]?.summary).toMatch(
      /no sample of node_memory_MemTotal_bytes.*it scrapes \d+ targets and has node_/,
    );
    expect(measurements).toEqual([]);
  });

  test('the same limits for all need not hold for every filesystem', async () => {
    const only = { instance: 'full.*' };

    expect((await found({ only, exceptFilesystems: { mountpoint: '/var/lib/.*' } })).findings).toEqual([]);
    expect((await found({ only, diskFailAbove: '99%' })).findings.map(({ kind }) => kind)).toEqual(['disk-high']);
  });
});

test('limits that contradict each other are refused', () => {
  expect(task.input.safeParse({ diskAbove: '99%' }).success).toBe(false);
  expect(task.input.safeParse({ fullFailWithin: '30d' }).success).toBe(false);
  expect(task.input.safeParse({ memoryFailAbove: '50%' }).success).toBe(false);
});
