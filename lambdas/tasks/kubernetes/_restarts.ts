import * as z from 'zod';
import type { Container, Pod } from './_pod.ts';

/** The restart counts of one moment; only containers that ever restarted are in it. */
export const RestartSample = z.object({
  at: z.iso.datetime(),
  restarts: z.record(z.string(), z.int().nonnegative()),
});
export type RestartSample = z.infer<typeof RestartSample>;

export interface RestartPeriod {
  readonly now: Date;
  readonly withinSeconds: number;
  /** An earlier sample to subtract; without one only young pods are counted exactly. */
  readonly reference?: RestartSample | undefined;
}

export interface Restarts {
  /** So many are proven to lie in the period. */
  readonly atLeast: number;
  /** More than so many cannot. */
  readonly atMost: number;
  readonly last: Date;
}

// A cluster in which more containers than this restart has other worries than an exact count.
const SAMPLED_CONTAINERS = 5_000;

// A daily run does not begin at the same second every day: a sample about one period old counts as exactly that.
const SLACK = 0.25;

/**
 * The restarts of a container within the period; undefined where there were none.
 *
 * The API only shows the number since the pod's creation, so a pod that is older than the period needs the sample
 * of an earlier run: without it, all that is known is that the last restart was recent.
 */
export function recentRestarts(pod: Pod, container: Container, period: RestartPeriod): Restarts | undefined {
  const last = lastRestart(container);
  if (container.restartCount === 0 || !last || !isWithin(last, period)) return undefined;
  const total = container.restartCount;
  const { reference } = period;
  if (pod.creationTimestamp && isWithin(pod.creationTimestamp, period)) return { atLeast: total, atMost: total, last };
  if (!reference) return { atLeast: 1, atMost: total, last };
  const sinceReference = Math.max(1, total - (reference.restarts[keyOf(pod, container)] ?? 0));
  const periods = (period.now.getTime() - Date.parse(reference.at)) / (period.withinSeconds * 1_000);
  if (periods < 1 - SLACK) return { atLeast: sinceReference, atMost: total, last };
  return { atLeast: periods > 1 + SLACK ? 1 : sinceReference, atMost: sinceReference, last };
}

/** True for a moment in the period; a clock that goes a little fast does not hide one. */
export function isWithin(moment: Date, { now, withinSeconds }: RestartPeriod): boolean {
  return moment.getTime() > now.getTime() - withinSeconds * 1_000;
}

/** The restart counts of now, for a later run to subtract. */
export function sampleOf(pods: readonly Pod[], now: Date): RestartSample {
  const counts = pods.flatMap((pod) =>
    pod.containers
      .filter(({ restartCount }) => restartCount > 0)
      .map((container): [string, number] => [keyOf(pod, container), container.restartCount]),
  );
  return { at: now.toISOString(), restarts: Object.fromEntries(counts.slice(0, SAMPLED_CONTAINERS)) };
}

/** The sample to subtract: the youngest that is older than the period, else the oldest there is. */
export function referenceOf(samples: readonly RestartSample[], period: RestartPeriod): RestartSample | undefined {
  return samples.findLast(({ at }) => !isWithin(new Date(at), period)) ?? samples[0];
}

/** The samples to keep: one older than the period and, a quarter of the period apart, those that will become it. */
export function nextSamples(
  samples: readonly RestartSample[],
  current: RestartSample,
  period: RestartPeriod,
): RestartSample[] {
  const reference = referenceOf(samples, period);
  const kept = reference ? samples.slice(samples.indexOf(reference)) : [];
  const youngest = kept.at(-1);
  const isSpaced = !youngest || Date.parse(current.at) - Date.parse(youngest.at) >= (period.withinSeconds * 1_000) / 4;
  return isSpaced ? [...kept, current] : kept;
}

function lastRestart({ state, lastState }: Container): Date | undefined {
  return [state.terminated?.finishedAt, lastState.terminated?.finishedAt, state.running?.startedAt]
    .filter((moment) => moment !== undefined)
    .sort((a, b) => b.getTime() - a.getTime())[0];
}

function keyOf({ uid }: Pod, { name }: Container): string {
  return `${uid}/${name}`;
}
