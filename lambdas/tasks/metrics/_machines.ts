import { nameOf } from './_groups.ts';
import type { Presence } from './_presence.ts';
import type { Prometheus } from './_prometheus.ts';
import type { Sample } from './_prometheus-answer.ts';
import { selector, type Matchers } from './_promql.ts';
import type { Load, Machine } from './_usage.ts';

export interface MachineQuery extends Matchers {
  readonly by: readonly string[];
  /** Seconds over which rates and means are taken. */
  readonly within: number;
  /** Seconds after which a machine without samples is forgotten. */
  readonly forgetAfter: number;
}

export interface Machines {
  readonly machines: readonly Machine[];
  readonly presence: Presence;
}

/** Reads memory, CPU and pressure of every machine of node_exporter, and which machines there should be. */
export async function readMachines(
  prometheus: Prometheus,
  query: MachineQuery,
  withFilesystems: ReadonlySet<string>,
): Promise<Machines> {
  const { by, within, forgetAfter } = query;
  const names = by.join(', ');
  const m = (name: string) => selector(name, query);
  const rate = (name: string) => `rate(${m(name)}[${within}s])`;
  const worst = (expression: string) => prometheus.instant(`max by (${names}) (${expression})`);
  const [total, available, cpu, load, memoryStalled, ioStalled, swapIn] = await Promise.all([
    worst(m('node_memory_MemTotal_bytes')),
    prometheus.instant(`min by (${names}) (avg_over_time(${m('node_memory_MemAvailable_bytes')}[${within}s]))`),
    prometheus.instant(`sum by (${[...by, 'mode'].join(', ')}) (${rate('node_cpu_seconds_total')})`),
    prometheus.instant(`max by (${names}) (${m('node_load15')}) / ${coresOf(query)}`),
    worst(`100 * ${rate('node_pressure_memory_stalled_seconds_total')}`),
    worst(`100 * ${rate('node_pressure_io_stalled_seconds_total')}`),
    worst(rate('node_vmstat_pswpin')),
  ]);
  const job = `count by (job) (last_over_time(${m('node_memory_MemTotal_bytes')}[${forgetAfter}s]))`;
  const [oomKills, descriptors, failing, seen, down] = await Promise.all([
    worst(`increase(${m('node_vmstat_oom_kill')}[1d])`),
    worst(`100 * ${m('node_filefd_allocated')} / ${m('node_filefd_maximum')}`),
    prometheus.instant(
      `max by (${[...by, 'collector'].join(', ')}) (${selector('node_scrape_collector_success', query, 'collector=~"cpu|filesystem|meminfo"')} == 0)`,
    ),
    worst(`max_over_time(timestamp(${m('node_memory_MemTotal_bytes')})[${forgetAfter}s:5m])`),
    worst(`(${m('up')} == 0) and on (job) ${job}`),
  ]);
  const of = (samples: readonly Sample[]) => new Map(samples.map(({ labels, value }) => [nameOf(labels, by), value]));
  const modes = Map.groupBy(cpu, ({ labels }) => nameOf(labels, by));
  const collectors = Map.groupBy(failing, ({ labels }) => nameOf(labels, by));
  const [totals, availables, loads] = [of(total), of(available), of(load)];
  const [stalls, ioStalls, swaps, kills, fds] = [
    of(memoryStalled),
    of(ioStalled),
    of(swapIn),
    of(oomKills),
    of(descriptors),
  ];
  const seenAt = of(seen);
  // A rate reaches back: only what is there now says that the machine is.
  const present = [...new Set([...totals.keys(), ...loads.keys(), ...withFilesystems])].sort();

  const machines = present.map((name): Machine => {
    const shares = sharesOf(modes.get(name) ?? []);
    const memoryTotal = totals.get(name);
    const memoryAvailable = availables.get(name);
    const told = memoryTotal !== undefined && memoryAvailable !== undefined;
    const failed = (collectors.get(name) ?? []).map(({ labels }) => `the collector ${labels['collector'] ?? ''} fails`);
    const untold = [
      ...(withFilesystems.has(name) ? [] : ['filesystems']),
      ...(told ? [] : ['available memory']),
      ...(shares === undefined ? ['CPU time'] : []),
    ];
    return {
      name,
      untold: untold.length === 0 ? [] : [...untold, ...failed],
      memoryPercent: told ? 100 * (1 - memoryAvailable / memoryTotal) : undefined,
      ...shares,
      loadPerCore: loads.get(name),
      memoryStalledPercent: stalls.get(name),
      ioStalledPercent: ioStalls.get(name),
      swapInPagesPerSecond: swaps.get(name),
      // `increase` extrapolates, and processes are killed as a whole.
      oomKills: kills.has(name) ? Math.round(kills.get(name) ?? 0) : undefined,
      fileDescriptorsPercent: fds.get(name),
    };
  });
  return { machines, presence: { present, seen: seenAt, down: [...of(down).keys()].sort() } };
}

function coresOf({ by, ...matchers }: MachineQuery): string {
  return `count by (${by.join(', ')}) (${selector('node_cpu_seconds_total', matchers, 'mode="idle"')})`;
}

/** Shares of all CPU time: whatever the number of cores is, its modes add up to all of it. */
function sharesOf(modes: readonly Sample[]): Pick<Load, 'cpuPercent' | 'ioWaitPercent' | 'stealPercent'> | undefined {
  const seconds = new Map(modes.map(({ labels, value }) => [labels['mode'] ?? '', value]));
  const all = [...seconds.values()].reduce((sum, value) => sum + value, 0);
  const idle = seconds.get('idle');
  if (idle === undefined || !(all > 0)) return undefined;
  const share = (mode: string) => (100 * (seconds.get(mode) ?? 0)) / all;
  return {
    cpuPercent: 100 - share('idle') - share('iowait'),
    ioWaitPercent: share('iowait'),
    stealPercent: share('steal'),
  };
}
