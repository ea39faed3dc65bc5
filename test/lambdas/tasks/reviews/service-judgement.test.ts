import { describe, expect, test } from '@jest/globals';
import { judgeService } from '../../../../lambdas/tasks/reviews/_service-judgement.ts';
import { hourly, HOURS, REVIEW, service, TO } from './_months.ts';

const judged = (...given: Parameters<typeof service>) => judgeService(service(...given), REVIEW);
/** High on Mondays from nine to five, low else. */
const mondays = (busy: number, quiet: number) =>
  hourly((_, at) => (at.getUTCDay() === 1 && at.getUTCHours() >= 9 && at.getUTCHours() < 17 ? busy : quiet));
const UNREADABLE = { unreadable: 'InternalError' };

describe('a service that fits its load', () => {
  test('is left alone', () => {
    const { recommendations, unknown, withheld } = judged({ cpu: hourly(70), memory: hourly(70) });

    expect({ recommendations, unknown, withheld }).toEqual({ recommendations: [], unknown: [], withheld: [] });
  });

  test('is left alone by one spike in a month', () => {
    const spike = hourly((hour) => (hour === 300 ? 100 : 65));

    expect(judged({ cpu: spike, usual: hourly(60), memory: hourly(70) }).recommendations).toEqual([]);
  });

  test('is left alone when it is told to run no task', () => {
    const { recommendations, unknown } = judged({ cpu: { points: [] }, memory: { points: [] } }, { desired: 0 });

    expect({ recommendations, unknown }).toEqual({ recommendations: [], unknown: [] });
  });
});

describe('a service that is too small', () => {
  test('gets the CPU of its busiest weekday, though its average is low', () => {
    const { recommendations } = judged({
      cpu: mondays(95, 10),
      usual: mondays(92, 8),
      memory: hourly(60),
      cpuAverage: 12,
    });

    expect(recommendations).toMatchObject([
      {
        action: 'resize-tasks',
        aim: 'performance',
        now: { cpuUnits: 1_024, memoryMiB: 2_048 },
        proposed: { cpuUnits: 2_048, memoryMiB: 4_096 },
        confidence: 'high',
        evidence: { samples: HOURS, expected: HOURS, coverage: 1 },
      },
    ]);
    expect(recommendations[0]?.why).toContain('busiest weekday, Monday, p95 92 %');
  });

  test('is told what last month would have looked like, and what both cost', () => {
    const full = hourly((hour) => (hour < 10 ? 100 : 85));
    const [first] = judged({ cpu: full, usual: hourly(85), memory: hourly(90) }).recommendations;

    expect(first?.lastMonth).toEqual({
      now: { hoursWithFullCpu: 10, hoursOutOfMemory: 0, cpuMaximumPercent: 100, memoryMaximumPercent: 90 },
      proposed: { hoursWithFullCpu: 0, hoursOutOfMemory: 0, cpuMaximumPercent: 50, memoryMaximumPercent: 45 },
    });
    // Two tasks, 730 hours: 1 vCPU and 2 GiB, then 2 vCPU and 4 GiB.
    expect(first?.price).toEqual({ usdPerMonthNow: 72.08, usdPerMonthProposed: 144.16 });
  });

  test('gets memory for its highest minute, and more where containers were killed', () => {
    const calm = { cpu: hourly(70), memory: hourly(95) };

    expect(judged(calm).recommendations).toMatchObject([{ proposed: { cpuUnits: 1_024, memoryMiB: 3_072 } }]);
    expect(judged({ ...calm, memory: hourly(60) }, { outOfMemory: 2 }).recommendations).toMatchObject([
      { aim: 'performance', proposed: { memoryMiB: 3_072 }, why: expect.stringContaining('2 containers killed') },
    ]);
  });

  test('is told to have more tasks where autoscaling is held at its maximum', () => {
    const bounds = { min: 2, max: 4, tracked: [{ metric: 'ECSServiceAverageCPUUtilization', target: 60 }] };
    const busy = (busiest: number, quiet: number) => hourly((hour) => (hour % 5 === 0 ? busiest : quiet));
    const load = { cpu: busy(90, 50), memory: hourly(70), tasks: busy(240, 120) };

    expect(judged(load, { bounds }).recommendations).toMatchObject([
      {
        action: 'raise-maximum',
        now: { minimumTasks: 2, maximumTasks: 4 },
        proposed: { minimumTasks: 2, maximumTasks: 6 },
        command:
          'aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id service/prod/web ' +
          '--scalable-dimension ecs:service:DesiredCount --max-capacity 6 --region us-east-1',
        lastMonth: { now: { hoursHeldAtMaximum: 144 }, proposed: { hoursHeldAtMaximum: 0 } },
      },
    ]);
    // At its maximum and not busy it is where it belongs.
    expect(judged({ ...load, cpu: hourly(50) }, { bounds }).recommendations).toEqual([]);
  });

  test('keeps its CPU where autoscaling follows the CPU', () => {
    const bounds = { min: 2, max: 20, tracked: [{ metric: 'ECSServiceAverageCPUUtilization', target: 90 }] };

    expect(judged({ cpu: hourly(95), memory: hourly(70) }, { bounds }).recommendations).toEqual([]);
    expect(judged({ cpu: hourly(5), memory: hourly(70) }, { bounds }).recommendations).toEqual([]);
  });
});

describe('a service that is too large', () => {
  const idle = { cpu: hourly(12), memory: hourly(30) };

  test('is told the smallest size that would have held the month', () => {
    const { recommendations, prediction } = judged(idle);

    expect(recommendations).toMatchObject([
      { aim: 'cost', proposed: { cpuUnits: 256, memoryMiB: 1_024 }, reversible: expect.stringMatching(/^yes/) },
    ]);
    expect(prediction?.expected).toEqual({ cpuPeakPercent: 48, memoryMaximumPercent: 60 });
  });

  test('keeps its size where its memory once was full, though the average is low', () => {
    const memory = hourly((hour) => (hour === 100 ? 97 : 20));

    expect(judged({ cpu: hourly(70), memory, memoryAverage: 20 }).recommendations).toMatchObject([
      { aim: 'performance', proposed: { memoryMiB: 3_072 } },
    ]);
  });

  test.each([
    ['gaps in its metrics', { ...idle, memory: hourly((hour) => (hour % 5 === 0 ? undefined : 30)) }, {}, 'below 90 %'],
    ['less than a week of data', idle, { createdAt: new Date(TO.getTime() - 120 * 3_600_000) }, 'not every weekday'],
    ['unknown bounds of autoscaling', idle, { bounds: 'unknown' as const }, 'autoscaling are not known'],
    ['unknown kills', idle, { outOfMemory: undefined }, 'killed for lack of memory is not known'],
    ['another size since the last review', idle, { isResized: true }, 'its size changed'],
  ])('keeps its size with %s, and says so', (_, load, changes, why) => {
    const { recommendations, withheld } = judged(load, changes);

    expect(recommendations).toEqual([]);
    expect(withheld.join()).toContain(why);
  });

  test('keeps its memory while kills are not known, also where its CPU stays', () => {
    const size = { cpuUnits: 1_024, memoryMiB: 4_096 };
    const load = { cpu: hourly(70), memory: hourly(30) };

    expect(judged(load, { size }).recommendations).toMatchObject([{ proposed: { memoryMiB: 2_048 } }]);
    expect(judged(load, { size, outOfMemory: undefined }).recommendations).toEqual([]);
  });

  test('is judged by what it did since its present size was deployed', () => {
    const deployedAt = new Date(TO.getTime() - 20 * 24 * 3_600_000);
    const cpu = hourly((_, at) => (at < deployedAt ? 100 : 12));

    expect(judged({ ...idle, cpu }, { isResized: true, deployedAt }).recommendations).toMatchObject([
      { aim: 'cost', confidence: 'medium', evidence: { samples: 480, expected: 480 } },
    ]);
  });
});

describe('a month that is not known', () => {
  test.each([
    ['no data at all', { points: [] }, 'no hour has a value'],
    ['fewer than half of the hours', hourly((hour) => (hour % 3 === 0 ? 5 : undefined)), 'fewer than half'],
    ['an unreadable metric', UNREADABLE, 'InternalError'],
  ])('with %s is unknown and never zero', (_, cpu, why) => {
    const { recommendations, unknown, figures } = judged({ cpu, memory: hourly(30) });

    expect(recommendations).toEqual([]);
    expect(unknown.join()).toContain(why);
    expect(figures).toEqual({});
  });

  test('is unknown where the size of a task is', () => {
    expect(judged({ cpu: hourly(5), memory: hourly(5) }, { size: undefined })).toMatchObject({
      recommendations: [],
      unknown: [expect.stringContaining('task definition')],
    });
  });

  test('with gaps still says that it is too small, with low confidence, and that there are gaps', () => {
    const gaps = (value: number) => hourly((hour) => (hour % 5 === 0 ? undefined : value));
    const { recommendations, unknown } = judged({ cpu: gaps(99), memory: gaps(60) });

    expect(recommendations).toMatchObject([{ aim: 'performance', confidence: 'low' }]);
    expect(unknown).toEqual(['576 of 720 hours have a value, below 90 %']);
  });

  test('without percentiles is judged by its maxima, and is less sure', () => {
    const { recommendations } = judged({ cpu: hourly(95), usual: { points: [] }, memory: hourly(70) });

    expect(recommendations).toMatchObject([{ confidence: 'medium', why: expect.stringContaining('no percentiles') }]);
  });
});

test('a service on machines of its own has sizes of its own and no price', () => {
  const { recommendations } = judged({ cpu: hourly(40), memory: hourly(40) }, { isFargate: false });

  expect(recommendations).toMatchObject([
    {
      proposed: { cpuUnits: 512, memoryMiB: 960 },
      price: { unknown: expect.stringContaining('machines of your own') },
    },
  ]);
});
