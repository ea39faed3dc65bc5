import { describe, expect, test } from '@jest/globals';
import { podOf } from '../../../../lambdas/tasks/kubernetes/_pod.ts';
import {
  nextSamples,
  recentRestarts,
  referenceOf,
  sampleOf,
  type RestartSample,
} from '../../../../lambdas/tasks/kubernetes/_restarts.ts';
import { judgePods } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';

const now = new Date('2026-03-02T02:00:00Z');
const period = { now, withinSeconds: 86_400 };
const old = { workload: 'web', now, ageSeconds: 30 * 86_400 };

function hoursAgo(hours: number): Date {
  return new Date(now.getTime() - hours * 3_600_000);
}

function sample(hours: number, restarts: number): RestartSample {
  return sampleOf([podOf(demo.restartingPod(old, restarts))], hoursAgo(hours));
}

function restartsOf(restartCount: number, reference?: RestartSample) {
  const pod = podOf(demo.restartingPod(old, restartCount));
  const [container] = pod.containers;
  return container && recentRestarts(pod, container, { ...period, reference });
}

test('counts the restarts of a pod younger than the period exactly', () => {
  const pod = podOf(demo.restartingPod({ ...old, ageSeconds: 80_000 }, 7));
  const [container] = pod.containers;

  expect(container && recentRestarts(pod, container, period)).toMatchObject({ atLeast: 7, atMost: 7 });
});

test('without an earlier sample knows of an old pod only that its last restart was recent', () => {
  expect(restartsOf(40)).toMatchObject({ atLeast: 1, atMost: 40 });
});

test.each([
  ['a day', 24, { atLeast: 3, atMost: 3 }],
  ['an hour', 1, { atLeast: 3, atMost: 40 }],
  ['a week', 168, { atLeast: 1, atMost: 3 }],
])('subtracts the sample of %s ago', (_age, hours, expected) => {
  expect(restartsOf(40, sample(hours, 37))).toMatchObject(expected);
});

test('counts from nothing when the sample does not know the pod', () => {
  expect(restartsOf(4, { at: hoursAgo(24).toISOString(), restarts: {} })).toMatchObject({ atLeast: 4, atMost: 4 });
});

describe('with the sample of yesterday', () => {
  function kinds(restartsYesterday: number): string[] {
    const limits = { ...period, notReadyForSeconds: 900, restartsAbove: 5, reference: sample(24, restartsYesterday) };
    return judgePods('cluster', [podOf(demo.restartingPod(old, 40))], limits).map(({ kind }) => kind);
  }

  test('one restart more of a pod that had many is no finding', () => {
    expect(kinds(39)).toEqual([]);
  });

  test('six restarts more are one', () => {
    expect(kinds(34)).toEqual(['restarting']);
  });
});

describe('samples', () => {
  test('are kept a quarter of the period apart', () => {
    const first = nextSamples([], sample(0, 1), period);

    expect(nextSamples([sample(5, 1)], sample(0, 1), period)).toHaveLength(1);
    expect(nextSamples([sample(6, 1)], sample(0, 1), period)).toHaveLength(2);
    expect(first).toHaveLength(1);
  });

  test('are let go when a younger one is older than the period', () => {
    const samples = [sample(72, 1), sample(30, 2), sample(6, 3)];

    expect(referenceOf(samples, period)).toBe(samples[1]);
    expect(nextSamples(samples, sample(0, 4), period).map(({ at }) => at)).toEqual(
      [30, 6, 0].map((hours) => hoursAgo(hours).toISOString()),
    );
  });

  test('never grow in number, however often the task runs', () => {
    let samples: RestartSample[] = [];
    for (let minutes = 0; minutes < 5 * 1_440; minutes += 5) {
      const at = new Date(now.getTime() + minutes * 60_000);
      samples = nextSamples(samples, { at: at.toISOString(), restarts: {} }, { ...period, now: at });
    }

    expect(samples.length).toBeLessThanOrEqual(6);
  });
});
