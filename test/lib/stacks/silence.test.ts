import { expect, test } from '@jest/globals';
import type { Procedure } from '../../../core/platform.ts';
import { silentAfterHours } from '../../../lib/constructs/silence.ts';

function procedure(schedule: string | undefined, timezone = 'UTC'): Procedure {
  const common = { name: 'some', timezone, budgetSeconds: 1_800, planOnly: false, steps: [] };
  return schedule === undefined ? common : { ...common, schedule };
}

test.each`
  schedule                       | hours
  ${'cron(0 2 * * ? *)'}         | ${26}
  ${'cron(0 2 ? * MON-FRI *)'}   | ${74}
  ${'cron(* * * * ? *)'}         | ${3}
  ${'rate(5 minutes)'}           | ${3}
  ${'rate(12 hours)'}            | ${14}
  ${'cron(0 2 ? * SUN *)'}       | ${undefined}
  ${'cron(0 2 1 * ? *)'}         | ${undefined}
  ${'cron(*/5 8-18 ? 1-6 * *)'}  | ${undefined}
  ${'cron(0 2 * * ? 2030-2031)'} | ${26}
  ${undefined}                   | ${undefined}
`('$schedule is silent after $hours hours', ({ schedule, hours }: { schedule?: string; hours?: number }) => {
  expect(silentAfterHours(procedure(schedule))).toBe(hours);
});

test('the night that is an hour longer does not ring the alarm', () => {
  expect(silentAfterHours(procedure('cron(0 2 * * ? *)', 'Europe/Berlin'))).toBeGreaterThanOrEqual(27);
});
