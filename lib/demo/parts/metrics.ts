import { join } from 'node:path';
import { histogramSeries, openMetrics, requestSeries, samplesOf, type PlantedSeries } from '../metrics-data.ts';
import { hostSeries, HOST_SPAN_SECONDS } from '../metrics-hosts.ts';
import type { DemoPart, MissingPart, PartOptions } from '../part.ts';
import { obtain } from '../programs.ts';
import { startPrometheus } from '../servers/prometheus.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** Nothing is scraped: the samples of the next hours are there already, so that a run finds them fresh. */
const AHEAD_SECONDS = 4 * HOUR;
/** Below the five minutes that Prometheus looks back. */
const EVERY_SECONDS = 240;

const QUICK = { '0.1': 0.9, '0.25': 0.1 };

/** A real Prometheus with the samples of a shop: one slow service, one that fails, three machines in trouble. */
export async function startMetrics({ folder, now, say }: PartOptions): Promise<DemoPart | MissingPart> {
  if (!(await obtain({ name: 'prometheus', debianPackage: 'prometheus' }, say))) return { missing: 'metrics' };
  const requests = { now, spanSeconds: 2 * HOUR, aheadSeconds: AHEAD_SECONDS };
  const machines = { ...requests, spanSeconds: HOST_SPAN_SECONDS, everySeconds: EVERY_SECONDS };
  const server = await startPrometheus({
    folder: join(folder, 'prometheus'),
    openMetrics: openMetrics(samplesOf(services(), requests), samplesOf(hosts(), machines)),
  });
  return {
    addresses: { prometheus: server.url },
    places: { prometheus: server.url },
    hints: [`xdg-open '${server.url}/graph?g0.expr=up&g0.tab=1'   # ask it yourself`],
    findings: [
      'metrics-check-latency slow-mean prometheus shop/checkout',
      'metrics-check-error-rate error-rate-critical prometheus shop/payments',
      'metrics-check-resource-usage disk-filling prometheus db-1:9100 /var/lib/postgresql',
      'metrics-check-resource-usage memory-high prometheus worker-1:9100',
      'metrics-check-resource-usage host-vanished prometheus worker-2:9100',
    ],
    actions: [],
    plantedAnew: false,
    stop: () => server.stop(),
  };
}

function services(): PlantedSeries[] {
  const names = ['tickets', 'events', 'search', 'accounts', 'checkout', 'payments'];
  return names.flatMap((service) => {
    const labels = { job: 'shop', instance: '10.0.0.1:8080', service };
    const failing: Readonly<Record<string, number>> = service === 'payments' ? { 500: 0.4 } : { 500: 0.002 };
    return [
      ...histogramSeries({ labels, perSecond: 4, shares: service === 'checkout' ? { '2.5': 0.4, '5': 0.6 } : QUICK }),
      ...requestSeries(labels, { 200: 4, 404: 0.1, ...failing }),
    ];
  });
}

function hosts(): PlantedSeries[] {
  const root = { freeGib: () => 60 };
  const data = { mountpoint: '/var/lib/postgresql', device: '/dev/vdb', sizeGib: 200 };
  return [
    { instance: 'web-1:9100', disks: [root] },
    { instance: 'web-2:9100', disks: [root] },
    { instance: 'db-1:9100', disks: [root, { ...data, freeGib: (ago: number) => 60 + (15 * ago) / DAY }] },
    { instance: 'worker-1:9100', disks: [root], memoryAvailable: 0.1 },
    { instance: 'worker-2:9100', disks: [root], endedSecondsAgo: 3 * HOUR },
  ].flatMap(hostSeries);
}
