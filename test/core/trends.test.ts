import { expect, test } from '@jest/globals';
import type { ReportedMeasurement } from '../../core/finding.ts';
import { continueTrends, type Trend } from '../../core/trends.ts';

const measured = (value: number, subject?: string): ReportedMeasurement => ({
  task: 'postgres-vacuum',
  name: 'dead-rows',
  unit: 'rows',
  target: 'main',
  value,
  ...(subject !== undefined && { subject }),
});
const at = (day: number) => new Date(Date.UTC(2026, 0, day, 2)).toISOString();

function after(...runs: readonly (readonly ReportedMeasurement[])[]): Trend[] {
  return runs.reduce<Trend[]>((trends, measurements, day) => continueTrends(trends, measurements, at(day + 1)), []);
}

test('each run adds a point to the trend of the same place', () => {
  expect(after([measured(5, 'a'), measured(1, 'b')], [measured(7, 'a'), measured(2, 'b')])).toEqual([
    expect.objectContaining({
      subject: 'a',
      points: [
        [at(1), 5],
        [at(2), 7],
      ],
    }),
    expect.objectContaining({
      subject: 'b',
      points: [
        [at(1), 1],
        [at(2), 2],
      ],
    }),
  ]);
});

test('a run that did not measure leaves a gap and no zero', () => {
  expect(after([measured(5)], [], [measured(9)])).toEqual([
    expect.objectContaining({
      points: [
        [at(1), 5],
        [at(3), 9],
      ],
    }),
  ]);
});

test('a change of unit begins another trend', () => {
  const [first, second] = continueTrends(after([measured(5)]), [{ ...measured(3), unit: 'bytes' }], at(2));
  expect(first).toMatchObject({ unit: 'bytes', points: [[at(2), 3]] });
  expect(second).toMatchObject({ unit: 'rows', points: [[at(1), 5]] });
});

test('two months of points are kept, the oldest go first', () => {
  const [trend] = after(...Array.from({ length: 70 }, (_, day) => [measured(day)]));
  expect(trend?.points).toHaveLength(60);
  expect(trend?.points.at(0)).toEqual([at(11), 10]);
  expect(trend?.points.at(-1)).toEqual([at(70), 69]);
});

test('what is measured now has its place before what is not', () => {
  const many = Array.from({ length: 1_000 }, (_, place) => measured(place, `t${place}`));
  const trends = continueTrends(after(many), [measured(1, 'fresh')], at(2));
  expect(trends).toHaveLength(1_000);
  expect(trends[0]).toMatchObject({ subject: 'fresh' });
});
