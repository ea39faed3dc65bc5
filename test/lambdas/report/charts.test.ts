import { expect, test } from '@jest/globals';
import type { Trend } from '../../../core/trends.ts';
import { chartsSection } from '../../../lambdas/report/charts.ts';

const trend = (subject: string, values: readonly number[]): Trend => ({
  task: 'postgres-vacuum',
  name: 'dead-rows',
  unit: 'rows',
  target: 'main',
  subject,
  points: values.map((value, day) => [new Date(Date.UTC(2026, 0, day + 1, 2)).toISOString(), value]),
});

test('what was measured once is no trend', () => {
  expect(chartsSection([trend('orders', [5])]).toString()).toBe('');
});

test('a measurement is one chart with a line for each place, and the last value beside its name', () => {
  const page = chartsSection([trend('orders', [5, 7]), trend('users', [1_200, 900])]).toString();

  expect(page.match(/<svg/g)).toHaveLength(1);
  expect(page.match(/<path[^>]*class="line-\d"/g)).toHaveLength(2);
  expect(page).toMatch(/users of main: 900 rows[\s\S]*orders of main: 7 rows/);
});

test('the line goes up where the value goes up, and a value that never changes is a level line', () => {
  const heights = (values: readonly number[]) => {
    const drawn = /class="line-0" d="([^"]+)"/.exec(chartsSection([trend('orders', values)]).toString())?.[1] ?? '';
    return drawn
      .split(/[ML]/)
      .slice(1)
      .map((point) => Number(point.split(',')[1]));
  };

  const [before = 0, after = 0] = heights([10, 90]);
  expect(after).toBeLessThan(before);
  expect(new Set(heights([0, 0, 0])).size).toBe(1);
  expect(heights([-5, 5]).every(Number.isFinite)).toBe(true);
});

test('more lines than an eye can tell apart are counted', () => {
  const page = chartsSection(Array.from({ length: 9 }, (_, place) => trend(`t${place}`, [place, place]))).toString();
  expect(page.match(/<path[^>]*class="line-\d"/g)).toHaveLength(6);
  expect(page).toContain('and 3 lower');
});

test('hostile names are shown and never executed', () => {
  const page = chartsSection([trend('"><script>alert(1)</script>', [1, 2])]).toString();
  expect(page).not.toContain('<script>');
  expect(page).toContain('&lt;script&gt;');
});
