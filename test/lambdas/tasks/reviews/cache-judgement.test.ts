import { describe, expect, test } from '@jest/globals';
import { judgeCache } from '../../../../lambdas/tasks/reviews/_cache.ts';
import { cache, hourly, REVIEW } from './_months.ts';

const judged = (...given: Parameters<typeof cache>) => judgeCache(cache(...given), REVIEW);

describe('a cache', () => {
  test('that fits its load is left alone', () => {
    const { recommendations, unknown, withheld } = judged({});

    expect({ recommendations, unknown, withheld }).toEqual({ recommendations: [], unknown: [], withheld: [] });
  });

  test('that was nearly full gets the next node type', () => {
    expect(judged({ memoryMaximum: hourly(90) }, { group: 'shop' }).recommendations).toMatchObject([
      {
        aim: 'performance',
        proposed: { nodeType: 'cache.r6g.2xlarge' },
        command: expect.stringContaining(
          'modify-replication-group --replication-group-id shop --cache-node-type cache.r6g.2xlarge',
        ),
        price: { usdPerMonthNow: 300.76, usdPerMonthProposed: 601.52 },
      },
    ]);
  });

  test('that evicts is too small, though its memory looks half empty', () => {
    const { recommendations } = judged({
      memoryMaximum: hourly(50),
      evictions: hourly((hour) => (hour === 5 ? 700 : 0)),
    });

    expect(recommendations).toMatchObject([{ aim: 'performance', why: expect.stringContaining('700 keys evicted') }]);
  });

  test('that is nearly empty gets a smaller node type, unless its CPU is busy', () => {
    const empty = { memoryMaximum: hourly(20) };

    expect(judged(empty)).toMatchObject({
      recommendations: [{ aim: 'cost', proposed: { nodeType: 'cache.r6g.large' } }],
      prediction: { expected: { memoryMaximumPercent: 40.275 } },
    });
    expect(judged({ ...empty, cpuP95: hourly(60), cpuMaximum: hourly(70) })).toMatchObject({
      recommendations: [],
      withheld: [expect.stringContaining('its CPU is at 60 %')],
    });
  });

  test.each([
    ['gaps', { memoryMaximum: hourly((hour) => (hour % 5 === 0 ? undefined : 20)) }, {}, 'below 90 %'],
    ['CPU credits', { memoryMaximum: hourly(10) }, { nodeType: 'cache.t4g.medium' }, 'credits'],
    ['another node type since the last review', { memoryMaximum: hourly(20) }, { isResized: true }, 'size changed'],
  ])('keeps its node type with %s, and says so', (_, load, changes, why) => {
    const { recommendations, withheld } = judged(load, changes);

    expect(recommendations).toEqual([]);
    expect(withheld.join()).toContain(why);
  });

  test.each([
    ['no data', { memoryMaximum: { points: [] } }, {}, 'no hour has a value'],
    ['unreadable evictions', { evictions: { unreadable: 'InternalError' } }, {}, 'InternalError'],
    ['an unknown node type', {}, { nodeType: 'cache.x9.huge' }, 'cannot size'],
  ])('with %s is unknown', (_, load, changes, why) => {
    const { recommendations, unknown } = judged(load, changes);

    expect(recommendations).toEqual([]);
    expect(unknown.join()).toContain(why);
  });
});
