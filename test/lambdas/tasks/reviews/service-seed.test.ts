import { describe, expect, test } from '@jest/globals';
import { judgeServiceBySeed } from '../../../../lambdas/tasks/reviews/_service-seed.ts';
import type { Review } from '../../../../lambdas/tasks/reviews/_service-judgement.ts';
import { daily, hourly, REVIEW, service } from './_months.ts';

const judged = (...given: Parameters<typeof service>) => judgeServiceBySeed(service(...given), REVIEW);
const said = (...given: Parameters<typeof service>) => judged(...given).recommendations.map(({ action }) => action);
const calm = { cpu: hourly(50), memory: hourly(50) };

describe('by the plain thresholds', () => {
  test.each([
    [70, 60, []],
    [70.1, 60, ['raise-cpu']],
    [30, 60, []],
    [29.9, 60, ['lower-cpu']],
    [50, 80, []],
    [50, 80.1, ['raise-memory']],
    [50, 40, []],
    [50, 39.9, ['lower-memory']],
    [29, 39, ['lower-cpu', 'lower-memory']],
  ])('a service of %d %% CPU and %d %% memory on average gets %j', (cpuAverage, memoryAverage, actions) => {
    expect(said({ ...calm, cpuAverage, memoryAverage })).toEqual(actions);
  });

  test.each([
    [90, 95, []],
    [90.1, 95, ['add-autoscaling']],
    [90, 95.1, ['add-autoscaling']],
  ])('a highest minute of %d %% CPU and %d %% memory gets %j', (cpu, memory, actions) => {
    expect(said({ cpu: hourly(cpu), memory: hourly(memory) })).toEqual(actions);
  });

  test('a service that has autoscaling is not told to get it', () => {
    const { recommendations, withheld } = judged(
      { cpu: hourly(95), memory: hourly(50) },
      { bounds: { min: 1, max: 4, tracked: [] } },
    );

    expect(recommendations).toEqual([]);
    expect(withheld.join()).toContain('auto-scaling');
  });

  test('nobody is told to reduce what the highest minute of the same month needed', () => {
    const { recommendations, withheld } = judged({
      cpu: hourly(95),
      memory: hourly(60),
      cpuAverage: 20,
      memoryAverage: 20,
    });

    expect(recommendations.map(({ action }) => action)).toEqual(['add-autoscaling']);
    expect(withheld).toEqual([
      expect.stringMatching(/^Consider reducing CPU allocation.*95 %/),
      expect.stringMatching(/^Consider reducing memory allocation.*60 %/),
    ]);
  });

  test('the next size of Fargate is proposed, with prices and last month', () => {
    const [first] = judged({ ...calm, cpuAverage: 75 }).recommendations;

    expect(first).toMatchObject({
      text: 'Consider increasing CPU allocation or scaling out',
      proposed: { cpuUnits: 2_048, memoryMiB: 4_096 },
      price: { usdPerMonthNow: 72.08, usdPerMonthProposed: 144.16 },
      lastMonth: { proposed: { cpuMaximumPercent: 25 } },
    });
  });

  test('no data is unknown: neither an error nor low', () => {
    expect(judged({ cpu: { points: [] }, memory: { points: [] } })).toMatchObject({
      recommendations: [],
      unknown: ['no hour has a value'],
    });
  });

  describe('by days', () => {
    const byDay: Review = { ...REVIEW, interval: { ...REVIEW.interval, step: 'day' } };
    const minutes = (value: number | ((day: number) => number)) => ({
      points: daily(0).points.map(({ at }, day) => ({ at, value: typeof value === 'number' ? value : value(day) })),
    });
    const seen = (samples: ReturnType<typeof minutes>, cpuAverage = 20) =>
      judgeServiceBySeed(
        service({ cpu: daily(25), memory: daily(50), usual: { points: [] }, cpuAverage, tasks: samples }),
        byDay,
      );

    test('days that were seen whole are enough to be told to reduce', () => {
      expect(seen(minutes(2_880)).recommendations.map(({ action }) => action)).toEqual(['lower-cpu']);
    });

    test('days of which only an hour was seen are unknown, however low they look', () => {
      expect(seen(minutes(60))).toMatchObject({ recommendations: [], unknown: ['no day has a value'] });
    });

    test('a fifth of the days unseen leaves nobody smaller, and says why', () => {
      const { recommendations, unknown, withheld } = seen(minutes((day) => (day % 5 === 0 ? 30 : 1_440)));

      expect(recommendations).toEqual([]);
      expect(unknown).toEqual(['24 of 30 days have a value, below 90 %']);
      expect(withheld.join()).toContain('24 of 30 days');
    });

    test('the tasks that ran on average are counted from the minutes of a day', () => {
      const [first] = seen(minutes(4_320), 75).recommendations;

      expect(first).toMatchObject({ price: { usdPerMonthNow: 108.12 }, evidence: { step: 'day', samples: 30 } });
    });
  });
});
