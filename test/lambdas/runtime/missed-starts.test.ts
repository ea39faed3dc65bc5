import { describe, expect, test } from '@jest/globals';
import { createRecord } from '../../../lambdas/runtime/records.ts';
import { begunStarts, lookedUntil, missedStarts, scheduleOf } from '../../../lambdas/runtime/missed-starts.ts';
import { temporaryStore } from '../../harness/run-records.ts';

const at = (time: string) => new Date(`2026-11-21T${time}Z`);
const times = (starts: readonly Date[]) => starts.map((start) => start.toISOString().slice(11, 16));

function scheduled(schedule: string) {
  const parsed = scheduleOf({ schedule });
  if (!parsed) throw new Error(`${schedule} is no schedule`);
  return parsed;
}

describe('of a schedule by the clock', () => {
  const hourly = scheduled('cron(0 * * * ? *)');
  const span = { after: at('02:00:00'), until: at('05:00:00') };

  test.each<[missed: string[], begun: Date[]]>([
    [[], [at('03:00:00'), at('04:00:00'), at('05:00:00')]],
    [['04:00'], [at('03:00:00'), at('05:00:00')]],
    [['03:00', '04:00', '05:00'], []],
    [
      ['03:00', '04:00', '05:00'],
      [at('02:00:00'), at('03:00:01')],
    ],
  ])('of what was due after 2 and up to 5 %j were missed', (missed, begun) => {
    expect(times(missedStarts(hourly, 'UTC', span, begun))).toEqual(missed);
  });

  test('it is due in the zone of its procedure, and not at all in the hour that the clocks leave out', () => {
    const night = scheduled('cron(30 2 * * ? *)');
    const march = { after: new Date('2026-03-28T12:00:00Z'), until: new Date('2026-03-30T12:00:00Z') };

    const missed = missedStarts(night, 'Europe/Berlin', march, []);

    expect(missed.map((start) => start.toISOString())).toEqual(['2026-03-30T00:30:00.000Z']);
  });

  test('the next look goes on where this one ended, and never goes back', () => {
    expect(lookedUntil(hourly, span, [])).toEqual(span.until);
    expect(lookedUntil(hourly, { after: span.until, until: span.after }, [])).toEqual(span.until);
  });
});

describe('of a rate, whose moments only EventBridge knows', () => {
  const everyTen = scheduled('rate(10 minutes)');
  const span = { after: at('02:03:00'), until: at('03:00:00') };
  const every = (minutes: number, from: number, to: number) =>
    Array.from(
      { length: Math.floor((to - from) / minutes) + 1 },
      (_, place) => new Date(at('02:00:00').getTime() + (from + place * minutes) * 60_000),
    );

  test.each<[missed: string[], begun: Date[]]>([
    [[], every(10, 13, 63)],
    [['02:43'], [...every(10, 13, 33), at('02:53:00')]],
    [['02:43', '02:53'], every(10, 13, 33)],
    [['02:13', '02:23', '02:33', '02:43', '02:53'], []],
    [[], [...every(10, 13, 33), ...every(10, 52, 62)]],
    [[], [...every(10, 13, 43), at('03:02:00')]],
    [['02:53'], [...every(10, 13, 43), at('03:03:00')]],
  ])('what is a whole period too far apart was missed: %j', (missed, begun) => {
    expect(times(missedStarts(everyTen, 'UTC', span, begun))).toEqual(missed);
  });

  test('the next look counts from the last start that is accounted for, and not from one that is too young to tell', () => {
    expect(lookedUntil(everyTen, span, [at('02:43:00'), at('02:33:00'), at('03:01:00')])).toEqual(at('02:43:00'));
    expect(lookedUntil(everyTen, span, [])).toEqual(span.after);
  });
});

describe('the runs that began', () => {
  const procedure = { name: 'daily', timezone: 'UTC' };
  const keys = [
    'runs/daily/daily-20261121T020000Z/started.json',
    'runs/daily/daily-20261121T023000Z/profile.json',
    'runs/daily/daily-20261121T025959Z/started.json',
    'runs/daily/daily-20261121T040000Z/started.json',
    'runs/daily/daily-manual-20261121T020500123Z/started.json',
    'runs/daily/daily-20261121T029900Z/started.json',
    'runs/daily-2/daily-2-20261121T021000Z/started.json',
  ];
  const span = { after: at('01:50:00'), until: at('02:40:00'), now: at('03:00:00') };

  test.each(['cron(0/5 * * * ? *)', 'rate(1 minute)', 'rate(1 day)', 'rate(30 days)'])(
    'by %s are those whose claim is there, and no one else’s',
    async (schedule) => {
      const store = await temporaryStore();
      for (const key of keys) await createRecord(store, key, {});

      const begun = await begunStarts(store, procedure, scheduled(schedule), span);

      // Those of other hours may be among them, where days or months are listed.
      expect(times(begun)).toEqual(expect.arrayContaining(['02:00', '02:59']) as unknown as string[]);
      expect(times(begun).filter((time) => time !== '04:00')).toEqual(['02:00', '02:59']);
    },
  );

  test('of a schedule that was not due nothing is listed', async () => {
    const listed: string[] = [];
    const store = await temporaryStore();
    const watched = {
      list: (prefix: string) => {
        listed.push(prefix);
        return store.list(prefix);
      },
    };

    await begunStarts(watched, procedure, scheduled('cron(0 2 * * ? *)'), { ...span, after: at('02:10:00') });
    expect(listed).toEqual([]);
    await begunStarts(watched, procedure, scheduled('cron(0 2 * * ? *)'), span);
    expect(listed).toEqual(['runs/daily/daily-20261121T02']);
  });
});
