import { describe, expect, test } from '@jest/globals';
import { connectionsAllowed } from '../../../../lambdas/tasks/reviews/_database.ts';
import { judgeDatabase, type Policy } from '../../../../lambdas/tasks/reviews/_database-judgement.ts';
import { daily, database, hourly, REVIEW } from './_months.ts';

const GIB = 1_024 ** 3;
const judged = (
  load: Parameters<typeof database>[0],
  changes: Parameters<typeof database>[1] = {},
  policy: Policy = 'percentile',
) => judgeDatabase(database(load, changes), REVIEW, policy);

describe('a database', () => {
  test('that fits its load is left alone, by both policies', () => {
    for (const policy of ['percentile', 'seed'] as const) {
      const { recommendations, unknown, withheld } = judged({}, {}, policy);

      expect({ recommendations, unknown, withheld }).toEqual({ recommendations: [], unknown: [], withheld: [] });
    }
  });

  test('that is short of CPU gets the class that holds its busiest weekday', () => {
    const { recommendations, prediction } = judged({ cpuMaximum: hourly(99), cpuP95: hourly(95) });

    expect(recommendations).toMatchObject([
      {
        action: 'change-class',
        aim: 'performance',
        now: { class: 'db.r5.large' },
        proposed: { class: 'db.r5.xlarge' },
        lastMonth: {
          now: { hoursWithFullCpu: 0, cpuPeakPercent: 95 },
          proposed: { cpuPeakPercent: 47.5, leastFreeMemoryGiB: 21 },
        },
        // With a standby two machines are paid for.
        price: { usdPerMonthNow: 365, usdPerMonthProposed: 730 },
        confidence: 'high',
        command:
          'aws rds modify-db-instance --db-instance-identifier main --db-instance-class db.r5.xlarge --region us-east-1',
      },
    ]);
    expect(prediction?.expected).toEqual({ cpuPeakPercent: 47.5 });
  });

  test('that runs out of memory gets a larger class, though its CPU rests', () => {
    expect(
      judged({ freeMemoryMinimum: hourly(0.5 * GIB), cpuP95: hourly(5), cpuMaximum: hourly(9) }).recommendations,
    ).toMatchObject([{ proposed: { class: 'db.r5.xlarge' } }]);
  });

  test('that rests on a large class gets the next smaller one, one step at a time', () => {
    const resting = {
      cpuMaximum: hourly(6),
      cpuP95: hourly(4),
      freeMemoryMinimum: hourly(120 * GIB),
      connectionsMaximum: hourly(40),
    };

    expect(judged(resting, { class: 'db.r5.4xlarge' }).recommendations).toMatchObject([
      { aim: 'cost', proposed: { class: 'db.r5.2xlarge' } },
    ]);
  });

  test('keeps its class where a smaller one would not take its connections', () => {
    const resting = {
      cpuMaximum: hourly(6),
      cpuP95: hourly(4),
      freeMemoryMinimum: hourly(28 * GIB),
      connectionsMaximum: hourly(1_900),
    };

    expect(judged(resting, { class: 'db.r5.xlarge' }).recommendations).toEqual([]);
    expect(
      judged({ ...resting, connectionsMaximum: hourly(900) }, { class: 'db.r5.xlarge' }).recommendations,
    ).toHaveLength(1);
  });

  test.each([
    ['gaps', { connectionsMaximum: hourly((hour) => (hour % 5 === 0 ? undefined : 40)) }, {}, 'below 90 %'],
    ['an unknown max_connections', {}, { maxConnections: undefined }, 'connections it allows is not known'],
    ['CPU credits', { freeMemoryMinimum: hourly(30 * GIB) }, { class: 'db.t3.2xlarge' }, 'credits'],
    ['another class since the last review', {}, { isResized: true }, 'size changed'],
  ])('keeps its class with %s, and says so', (_, load, changes, why) => {
    const resting = {
      cpuMaximum: hourly(6),
      cpuP95: hourly(4),
      freeMemoryMinimum: hourly(28 * GIB),
      connectionsMaximum: hourly(40),
    };
    const { recommendations, withheld } = judged({ ...resting, ...load }, { class: 'db.r5.xlarge', ...changes });

    expect(recommendations).toEqual([]);
    expect(withheld.join()).toContain(why);
  });

  test.each([
    ['no connections to see', { connectionsMaximum: { points: [] } }, {}, 'no hour has a value'],
    [
      'an unreadable metric',
      { readLatency: { unreadable: 'Throttling' } },
      {},
      'readLatency cannot be read: Throttling',
    ],
    ['a class without a size', {}, { class: 'db.serverless' }, 'db.serverless is a class'],
  ])('with %s is unknown', (_, load, changes, why) => {
    const { recommendations, unknown } = judged(load, changes);

    expect(recommendations).toEqual([]);
    expect(unknown.join()).toContain(why);
  });
});

describe('connections', () => {
  test('are judged as a share of what this instance allows, not by their number', () => {
    // 16 GiB allow 1,802.
    expect(judged({ connectionsMaximum: hourly(1_441) }).recommendations).toEqual([]);
    expect(judged({ connectionsMaximum: hourly(1_442) }, {}, 'seed').recommendations).toMatchObject([
      {
        action: 'pool-connections',
        now: { connections: 1_442, maxConnections: 1_802 },
        why: expect.stringContaining('80 %'),
      },
    ]);
    expect(judged({ connectionsMaximum: hourly(85) }, { maxConnections: '100' }).recommendations).toHaveLength(1);
  });

  test.each([
    ['LEAST({DBInstanceClassMemory/9531392},5000)', 16, 1_802],
    ['LEAST({DBInstanceClassMemory/9531392},5000)', 128, 5_000],
    ['GREATEST({DBInstanceClassMemory/31457280},100)', 1, 100],
    ['{DBInstanceClassMemory/12582880}', 8, 682],
    ['300', 8, 300],
    ['LEAST({DBInstanceVCPU*50},5000)', 8, undefined],
    ['', 8, undefined],
  ])('%j on %d GiB is %j', (parameter, memoryGiB, allowed) => {
    expect(connectionsAllowed(parameter, memoryGiB)).toBe(allowed);
  });
});

test('by the plain thresholds a database is too small above 70 % CPU on average', () => {
  const actions = (cpu: number) => judged({ cpuAverage: daily(cpu) }, {}, 'seed').recommendations;

  expect(actions(70)).toEqual([]);
  expect(actions(70.1)).toMatchObject([
    { text: 'Consider upgrading to a larger instance class', proposed: { class: 'db.r5.xlarge' } },
  ]);
});

test.each<[Policy, number, number]>([
  ['seed', 0.2, 0.201],
  ['percentile', 0.02, 0.021],
])('reads are slow for %s above %d s on average', (policy, fine, slow) => {
  expect(judged({ readLatency: daily(fine) }, {}, policy).recommendations).toEqual([]);
  expect(judged({ readLatency: daily(slow) }, {}, policy).recommendations).toMatchObject([{ action: 'quicken-reads' }]);
});

test('an engine without prices in the table has none, and says so', () => {
  const { recommendations } = judged({ cpuMaximum: hourly(99), cpuP95: hourly(95) }, { engine: 'aurora-postgresql' });

  expect(recommendations).toMatchObject([{ price: { unknown: 'the table has no prices of aurora-postgresql' } }]);
});
