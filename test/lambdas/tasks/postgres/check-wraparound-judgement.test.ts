import { describe, expect, test } from '@jest/globals';
import {
  judgeAges,
  judgeHolders,
  type Observed,
  stopAge,
} from '../../../../lambdas/tasks/postgres/_wraparound-judgement.ts';
import { rateOf, type Sample, withSample } from '../../../../lambdas/tasks/postgres/_wraparound-rate.ts';

const LIMITS = { overdueTimes: 1.25, warnAbove: 50, failAbove: 75, failWithin: 14 * 86_400, holderAgeAbove: 50 };
const NOW = Date.UTC(2026, 10, 21) / 1_000;
const OBSERVED: Observed = {
  server: { database: 'shop', role: 'fettle', version: 160_004, isInRecovery: false },
  cluster: {
    ...{ now: NOW, nextXid: 5_000_000_000, nextMxid: 10, vacuum_failsafe_age: 1_600_000_000 },
    ...{ autovacuum_freeze_max_age: 200_000_000, autovacuum_multixact_freeze_max_age: 400_000_000 },
  },
  ...{ databases: [], relations: [], overdue: 0, holders: [], hidden: 0, rate: undefined },
};

function judged(xid_age: number, more: Partial<Observed> = {}, mxid_age = 0) {
  const databases = [{ datname: 'shop', datallowconn: true, xid_age, mxid_age }];
  return judgeAges('main', { ...OBSERVED, databases, ...more }, LIMITS);
}

describe('an age is judged', () => {
  test('by the age at which autovacuum has to freeze, which a busy server reaches every day', () => {
    const busy = { rate: { xidsPerSecond: 10_000, mxidsPerSecond: 0, seconds: 86_400 } };

    expect(judged(200_000_000, busy)).toEqual([]);
    expect(judged(250_000_000, busy)).toEqual([]);
    expect(judged(250_000_001)).toMatchObject([{ kind: 'freeze-overdue', value: 250_000_001, limit: 250_000_000 }]);
  });

  test('by the date of its end once it is overdue', () => {
    const rate = (xidsPerSecond: number) => ({ rate: { xidsPerSecond, mxidsPerSecond: 0, seconds: 86_400 } });

    expect(judged(300_000_000, rate(10_000))).toMatchObject([{ kind: 'wraparound-near' }]);
    expect(judged(300_000_000, rate(1_000))[0]).toMatchObject({
      kind: 'freeze-overdue',
      summary: expect.stringContaining('on 2026-12-12 at 08:21 UTC at the present rate'),
    });
    expect(judged(300_000_000, rate(0.1))[0]?.summary).toContain('not within a hundred years');
    expect(judged(300_000_000, rate(0))[0]?.summary).toContain('of which none was used lately');
    expect(judged(300_000_000)[0]?.summary).toContain('at a date that the next run can tell');
  });

  test('by half of all ids where autovacuum was told to wait for longer', () => {
    const cluster = { ...OBSERVED.cluster, autovacuum_freeze_max_age: 2_000_000_000 };

    expect(judged(1_000_000_000, { cluster })).toEqual([]);
    expect(judged(1_100_000_000, { cluster })).toMatchObject([{ kind: 'freeze-overdue' }]);
    expect(judged(1_700_000_000, { cluster })).toMatchObject([{ kind: 'wraparound-near' }]);
  });

  test('of multixacts by their own rate', () => {
    const rate = { xidsPerSecond: 0, mxidsPerSecond: 2_000, seconds: 86_400 };

    expect(judged(0, {}, 500_000_000)).toEqual([]);
    expect(judged(0, {}, 500_000_001)).toMatchObject([{ kind: 'freeze-overdue', unit: 'count' }]);
    expect(judged(0, { rate }, 500_000_001)).toMatchObject([{ kind: 'wraparound-near' }]);
  });

  test('on a standby, without a command that it would refuse', () => {
    const [finding] = judged(300_000_000, { server: { ...OBSERVED.server, isInRecovery: true } });

    expect(finding?.summary).toMatch(/; this is a standby, so its primary has to be vacuumed$/);
    expect(finding?.command).toBeUndefined();
  });

  test('with twenty databases by name and a number for the others', () => {
    const databases = Array.from({ length: 25 }, (_, n) => ({
      ...{ datname: `it's ${n}`, datallowconn: true, xid_age: 300_000_000, mxid_age: 0 },
    }));

    const findings = judgeAges('main', { ...OBSERVED, databases }, LIMITS);

    expect(findings).toHaveLength(21);
    expect(findings[0]?.command).toBe(`vacuumdb --min-xid-age=250000000 --dbname='it'\\''s 0'`);
    expect(findings[20]?.summary).toBe('5 more databases are over a limit');
  });
});

test('the server keeps fewer ids back before version 14', () => {
  expect(stopAge('xid', 150_000)).toBe(2 ** 31 - 3_000_000);
  expect(stopAge('xid', 130_000)).toBe(2 ** 31 - 1_000_000);
  expect(stopAge('mxid', 130_000)).toBe(2 ** 31 - 100);
});

test('who holds is named only where it explains the age', () => {
  const holder = { ...{ kind: 'session' as const, id: '7', seconds: 60, application_name: 'report', state: 'active' } };
  const held = (age: number, database: string | null) =>
    judged(300_000_000, { holders: [{ ...holder, age, database }] })[0]?.summary.includes('held by');

  expect(held(290_000_000, 'shop')).toBe(true);
  expect(held(290_000_000, null)).toBe(true);
  expect(held(290_000_000, 'other')).toBe(false);
  expect(held(1_000, 'shop')).toBe(false);
});

test('a standby that holds has no statement that would end it here', () => {
  const standby = {
    kind: 'standby' as const,
    id: '10.0.0.7',
    seconds: null,
    application_name: 'replica',
    state: 'streaming',
  };
  const holders = [{ ...standby, age: 150_000_000, database: null }];

  const [finding] = judgeHolders('main', { ...OBSERVED, holders }, LIMITS);

  expect(finding?.summary).toContain('end it with hot_standby_feedback = off on the standby');
  expect(finding?.command).toBeUndefined();
});

describe('the rate', () => {
  const at = (takenAt: number, nextXid: number, nextMxid = 0): Sample => ({ takenAt, nextXid, nextMxid });
  const HOUR = 3_600;

  test('is that since the oldest moment that is remembered, over the wraparound of multixacts too', () => {
    const rate = rateOf([at(0, 1_000, 2 ** 32 - 50), at(HOUR, 2_000, 2 ** 32 - 40)], at(2 * HOUR, 73_000, 22));

    expect(rate).toEqual({ seconds: 7_200, xidsPerSecond: 10, mxidsPerSecond: 0.01 });
  });

  test('is not known from one moment, from two that are too close, or from another server', () => {
    expect(rateOf([], at(100, 1))).toBeUndefined();
    expect(rateOf([at(50, 1)], at(100, 2))).toBeUndefined();
    expect(rateOf([at(0, 5_000_000)], at(HOUR, 2))).toBeUndefined();
  });

  test('is remembered by a moment of every six hours, for eight days', () => {
    let samples: Sample[] = [];
    for (let hour = 0; hour < 24 * 30; hour += 1) samples = withSample(samples, at(hour * HOUR, hour));

    expect(samples).toHaveLength(32);
    expect(samples.at(-1)?.takenAt).toBeGreaterThan(24 * 30 * HOUR - 7 * HOUR);
    expect(samples[0]?.takenAt).toBeGreaterThanOrEqual(22 * 24 * HOUR - HOUR);
  });
});
