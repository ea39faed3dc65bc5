import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Need } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import type { NeedsContext } from '../../../core/task.ts';
import { addressNeeds } from '../../runtime/address-needs.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { HttpFailure, printable } from '../../runtime/http-failure.ts';
import { needsOfAnswer, needsOfFailure } from '../../runtime/http-needs.ts';
import { hostOf } from '../../runtime/http-request.ts';
import { listed } from './_groups.ts';
import { secondsText } from './_number-text.ts';
import { connectPrometheus, type Prometheus, type PrometheusContext } from './_prometheus.ts';
import { explainNoSeries, judgeServer } from './_reading.ts';

export type Seen = Omit<Need, 'target'>;
type Context = Pick<NeedsContext<'metrics', unknown>, 'targets' | 'now' | 'signal' | 'allowAddresses'>;

/** The longest look at one target; a little less than whoever asks for it gives. */
const LOOK_SECONDS = 25;

/** Ends with the time of a look, so that a target that is too slow is named with the reason. */
export function ofOneLook(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(LOOK_SECONDS * 1_000)]);
}

/** What a task needs of each Prometheus: to be reached and to answer, and what `look` finds in it. */
export function prometheusNeeds(
  context: Context,
  look: (prometheus: Prometheus) => Promise<readonly Seen[]>,
): Promise<Need[]> {
  return eachNeed(context.targets, (target) => lookAtPrometheus(target, context, look));
}

/** The same of one target. */
export async function lookAtPrometheus(
  target: Target<'metrics'>,
  { now, signal, allowAddresses }: Omit<Context, 'targets'>,
  look: (prometheus: Prometheus) => Promise<readonly Seen[]>,
): Promise<Seen[]> {
  const address = target.url.reveal();
  const stop = ofOneLook(signal);
  const isHttp = /^https?:/i.test(address) && URL.canParse(address);
  const host = isHttp ? hostOf(new URL(address)) : undefined;
  const placed =
    host === undefined
      ? { needs: [], isCallable: true }
      : await addressNeeds(host, { allowAddresses, timeoutSeconds: LOOK_SECONDS, signal: stop });
  if (!placed.isCallable) return [...placed.needs];
  const begun = performance.now();
  const clock = () => new Date(now.getTime() + performance.now() - begun);
  const context: PrometheusContext = { now, clock, signal: stop, allowAddresses };
  let prometheus: Prometheus;
  try {
    prometheus = await connectPrometheus(target, context);
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return [...placed.needs, ...refused(thrown, target)];
  }
  const way = needsOfAnswer(prometheus.label, { isTls: /^https:/i.test(address), ca: target.ca?.reveal() });
  const answers: Seen = { need: 'answer queries', state: 'met', detail: 'it told its time' };
  const found = await seenOrUnknown('answer queries', () => look(prometheus));
  return [...placed.needs, ...way, ...withoutDoubles([answers, ...found]), timeOf(prometheus)];
}

/** What a look found, or that this need could not be seen, with the reason. */
export async function seenOrUnknown(need: string, look: () => Promise<readonly Seen[]>): Promise<readonly Seen[]> {
  try {
    return await look();
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return [{ need, state: 'unknown', detail: messageOf(thrown) }];
  }
}

/** The answer to one query does not stand beside the reason why another one has none. */
function withoutDoubles(needs: readonly Seen[]): Seen[] {
  return needs.filter((one, place) => !needs.some((other, later) => later > place && other.need === one.need));
}

/** What the server itself refuses is missing; that it is overloaded, or gone, says nothing of what it would give. */
const BY_ITSELF = /answers (3\d\d|401|403|404)\b|does not answer as Prometheus does|is no whole JSON|is CloudWatch and/;

function refused(failure: Unavailable, target: Target<'metrics'>): Seen[] {
  const address = target.url.reveal();
  const label = URL.canParse(address) ? printable(new URL(address).host, 200) : target.name;
  if (failure instanceof HttpFailure) return needsOfFailure(failure, label);
  const detail = failure.message;
  if (!URL.canParse(address)) return [{ need: 'be reached', state: 'unknown', detail }];
  return [{ need: 'answer queries', state: BY_ITSELF.test(detail) ? 'missing' : 'unknown', detail }];
}

function timeOf(prometheus: Prometheus): Seen {
  const need = 'have the right time';
  // What it warns of is said by the needs that its answers are for.
  const [differs] = judgeServer('', { ...prometheus, warnings: () => [] });
  if (differs) return { need, state: 'missing', detail: differs.summary };
  const detail = `its clock and that of Fettle are ${secondsText(Math.abs(prometheus.clockAheadSeconds))} apart`;
  return { need, state: 'met', detail };
}

/** Whether there are samples of what a selector chooses; `similar` are the names to look for where there are none. */
export async function hasSamples(
  prometheus: Prometheus,
  need: string,
  { query, missing, similar, period }: { query: string; missing: string; similar: string; period: string },
): Promise<Seen> {
  const samples = await prometheus.instant(query);
  const warnings = prometheus.warnings();
  const series = samples.reduce((sum, { value }) => sum + value, 0);
  if (series > 0) {
    const jobs = samples.map(({ labels }) => printable(labels['job'] ?? '', 60)).filter((job) => job !== '');
    return { need, state: 'met', detail: `${series} series${jobs.length > 0 ? ` of ${listed(jobs.sort())}` : ''}` };
  }
  if (warnings.length > 0) return { need, state: 'unknown', detail: `its answer is not whole: ${warnings.join('; ')}` };
  const { summary } = await explainNoSeries('', prometheus, { missing, similar, period });
  return { need, state: 'missing', detail: summary };
}
