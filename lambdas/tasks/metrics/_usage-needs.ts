import { formatDuration } from '../../../core/duration.ts';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Need } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import type { NeedsContext } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { policyGrant } from '../../runtime/policy-grant.ts';
import { readCloudUsage, WATCHED_NAMES } from './_cloud-usage.ts';
import { type CloudWatch, CloudWatchDenied, connectCloudWatch, READING_METRICS } from './_cloudwatch.ts';
import { judgeContainers, readContainers } from './_containers.ts';
import { listed, nameOf } from './_groups.ts';
import { hasSamples, lookAtPrometheus, ofOneLook, type Seen, seenOrUnknown } from './_needs.ts';
import type { Prometheus } from './_prometheus.ts';
import { selector } from './_promql.ts';
import type { UsageInput } from './_usage-input.ts';

type Context = Pick<NeedsContext<'metrics', UsageInput>, 'input' | 'targets' | 'now' | 'signal' | 'allowAddresses'>;

/** What a check of resources needs: node metrics in a Prometheus, or the right to read metrics of CloudWatch. */
export function usageNeeds(context: Context): Promise<Need[]> {
  return eachNeed(context.targets, (target) =>
    target.url.reveal().startsWith('cloudwatch:')
      ? cloudNeeds(target, context)
      : lookAtPrometheus(target, context, (prometheus) => nodeNeeds(prometheus, context.input)),
  );
}

/** What every machine must tell to be judged. */
const TOLD = [
  'node_memory_MemTotal_bytes',
  'node_memory_MemAvailable_bytes',
  'node_cpu_seconds_total',
  'node_filesystem_size_bytes',
  'node_filesystem_avail_bytes',
] as const;

async function nodeNeeds(prometheus: Prometheus, input: UsageInput): Promise<Seen[]> {
  const { by, expectedHosts, forgetAfter, containers } = input;
  const names = by.join(', ');
  const answers = await Promise.all(
    TOLD.map((metric) => prometheus.instant(`count by (${names}) (${selector(metric, input)})`)),
  );
  const machinesOf = answers.map((samples) => new Set(samples.map(({ labels }) => nameOf(labels, by))));
  const machines = [...new Set(machinesOf.flatMap((known) => [...known]))].sort();
  const half = containers ? await containerNeeds(prometheus, input) : [];
  if (machines.length === 0) {
    const [first] = TOLD;
    const missing = selector(first, input);
    const query = `count by (job) (${missing})`;
    const similar = 'node_.+|windows_.+_bytes';
    const asked = { query, missing, similar, period: formatDuration(forgetAfter) };
    return [await hasSamples(prometheus, 'have node metrics', asked), ...half];
  }
  const untold = TOLD.flatMap((metric, place) => {
    const without = machines.filter((name) => !machinesOf[place]?.has(name));
    return without.length === 0 ? [] : [`${metric} of ${listed(without)}`];
  });
  const state = untold.length === 0 ? 'met' : prometheus.warnings().length > 0 ? 'unknown' : 'missing';
  const detail = untold.length === 0 ? `of ${machines.length} machines` : `it is without ${untold.join('; without ')}`;
  return [{ need: 'have node metrics', state, detail }, ...enough(machines.length, expectedHosts), ...half];
}

function enough(machines: number, expectedHosts: number | undefined): Seen[] {
  if (expectedHosts === undefined) return [];
  const detail = `${machines} machines have samples, ${expectedHosts} are expected`;
  return [{ need: 'have every machine', state: machines >= expectedHosts ? 'met' : 'missing', detail }];
}

/** Nothing where no containers are scraped at all: the check then leaves them out. */
async function containerNeeds(prometheus: Prometheus, input: UsageInput): Promise<readonly Seen[]> {
  const need = 'have containers with their limits';
  return seenOrUnknown(need, async () => {
    const seen = await readContainers(prometheus, input);
    const [half] = judgeContainers('', { ...seen, memory: [], cpu: [], throttled: [] }, input);
    if (half) return [{ need, state: 'missing', detail: half.summary }];
    return seen.measured > 0 ? [{ need, state: 'met', detail: `${seen.measured} containers are measured` }] : [];
  });
}

async function cloudNeeds({ url }: Target<'metrics'>, { input, now, signal }: Context): Promise<Seen[]> {
  const cloudWatch = connectCloudWatch(url.reveal(), ofOneLook(signal));
  const metric = { namespace: 'AWS/EC2', name: 'CPUUtilization', dimensions: {} };
  const period = { end: now, backSeconds: 3_600, periodSeconds: 900 };
  const rights = [
    await allows('cloudwatch:ListMetrics', cloudWatch, () => cloudWatch.list(metric.namespace, metric.name)),
    await allows('cloudwatch:GetMetricData', cloudWatch, () =>
      cloudWatch.get([{ metric, statistic: 'Average' }], period),
    ),
  ];
  if (rights.some(({ state }) => state !== 'met')) return rights;
  return [
    ...rights,
    ...(await seenOrUnknown('have metrics of machines or databases', () => cloudMetrics(cloudWatch, input, now))),
  ];
}

async function allows(action: string, { label }: CloudWatch, call: () => Promise<unknown>): Promise<Seen> {
  const need = `allow ${action}`;
  try {
    await call();
    return { need, state: 'met', detail: `${label} answered` };
  } catch (thrown) {
    if (thrown instanceof CloudWatchDenied) {
      return { need, state: 'missing', detail: thrown.message, grant: policyGrant(READING_METRICS, thrown) };
    }
    if (!(thrown instanceof Unavailable)) throw thrown;
    return { need, state: 'unknown', detail: messageOf(thrown) };
  }
}

async function cloudMetrics(cloudWatch: CloudWatch, input: UsageInput, now: Date): Promise<Seen[]> {
  const need = 'have metrics of machines or databases';
  const { machines, rooms } = await readCloudUsage(cloudWatch, { ...input, now });
  if (machines.length === 0) {
    const detail = `${cloudWatch.label} has no recent point of ${WATCHED_NAMES}`;
    return [{ need, state: 'missing', detail }, ...enough(0, input.expectedHosts)];
  }
  const detail = `of ${machines.length - rooms.length} machines and ${rooms.length} databases`;
  return [{ need, state: 'met', detail }, ...enough(machines.length, input.expectedHosts)];
}
