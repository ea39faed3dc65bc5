import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Flaw } from '../../../../lambdas/tasks/vulnerabilities/_flaw.ts';
import { daysLeft, isInForce, standingOf } from '../../../../lambdas/tasks/vulnerabilities/_acceptance.ts';
import { chosen, isCalled, withoutStamp } from '../../../../lambdas/tasks/vulnerabilities/_read-reports.ts';
import {
  leavesDevelopmentOut,
  projectOf,
  readAudit,
} from '../../../../lambdas/tasks/vulnerabilities/review-dependencies/project.ts';
import { readTrivy } from '../../../../lambdas/tasks/vulnerabilities/review-images/trivy.ts';
import { hoursAgo, NOW, trivy, written } from './_reports.ts';

test.each([
  ['shop/npm-audit.json', 'shop'],
  ['shop/2026-03-01.json', 'shop'],
  ['web/backend/npm-audit-20260301T0200.json', 'web/backend'],
  ['shop-npm-audit.json', 'shop'],
  ['shop-pip-audit-1772416800.json', 'shop'],
  ['shop/npm-audit-omit-dev.json', 'shop'],
  ['2026/03/01/shop.json', 'shop'],
  ['npm-audit.json', 'npm-audit'],
  ['reporting/npm-audit.json', 'reporting'],
])('the report %s is on the project %s', (path, project) => {
  expect(projectOf(path)).toBe(project);
});

test('only the name of the report, not that of its folder, says that development was left out', () => {
  expect(
    ['a/npm-audit-omit-dev.json', 'a/npm-audit.production.json', 'production/npm-audit.json'].map(leavesDevelopmentOut),
  ).toEqual([true, true, false]);
});

describe('the files to read', () => {
  const file = (path: string, hours: number) => ({ path, sizeBytes: 1, lastModified: hoursAgo(hours) });

  test('are the newest of each series and all that are young', () => {
    const files = [
      file('a-2026-02-01.json', 700),
      file('a-2026-03-01.json', 20),
      file('a-2026-03-02.json', 2),
      file('b-20260201.json', 700),
      file('b-20260202.json', 690),
      file('postgres-15.json', 700),
      file('postgres-16.json', 701),
    ];
    expect(chosen(files, hoursAgo(26)).map(({ path }) => path)).toEqual([
      'a-2026-03-02.json',
      'a-2026-03-01.json',
      'b-20260202.json',
      'postgres-15.json',
      'postgres-16.json',
    ]);
  });

  test.each([
    ['2026/03/01/shop.json', '/shop.json'],
    ['shop-20260301T020000Z.json', 'shop-.json'],
    ['shop-2026-03-01_02-00.json', 'shop-.json'],
    ['shop-1.4.2.json', 'shop-1.4.2.json'],
  ])('%s without its time is %s', (path, series) => {
    expect(withoutStamp(path)).toBe(series);
  });

  test.each([
    ['shop.json', '*.json', true],
    ['shop.json.gz', '*.json', false],
    ['trivy-shop.json', 'trivy-*.json', true],
    ['trivy-a', 'trivy-?', true],
    ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', 'a*a*a*a*a*a*a*a*c', false],
    ['', '*', true],
  ])('%j is called %j: %s', (name, pattern, expected) => {
    expect(isCalled(name, pattern)).toBe(expected);
  });
});

test.each([
  ['2026-03-01', false, -1],
  ['2026-03-02', true, 0],
  ['2026-03-03', true, 1],
])('what is accepted until %s is in force: %s', (until, expected, days) => {
  expect([isInForce({ until }, NOW), daysLeft({ until }, NOW)]).toEqual([expected, days]);
});

test.each([
  ['high', '1.1', true, 'fixable'],
  ['high', undefined, true, 'without-fix'],
  ['medium', '1.1', true, 'below-limit'],
  [undefined, '1.1', true, 'not-rated'],
  [undefined, '1.1', false, 'fixable'],
  [undefined, undefined, false, 'without-fix'],
] as const)(
  'a rating of %s with the fix %s, of a scanner that rates (%s), is %s',
  (rating, fixedIn, isRated, standing) => {
    const one = { id: 'CVE-1', aliases: [], package: 'a', versions: [], places: [] };
    const vulnerability = { ...one, ...(rating && { rating }), ...(fixedIn && { fixedIn }) };
    expect(standingOf(vulnerability, 'high', isRated)).toBe(standing);
  },
);

/** True where a reader takes a text or says what is wrong with it, and does nothing else. */
function isReadOrRefused(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (thrown) {
    return thrown instanceof Flaw && !thrown.message.includes('undefined');
  }
}

test('a report of any JSON, and a real one with any part of it replaced, is read or refused in words', async () => {
  const real = [
    JSON.stringify(trivy('shop:1', [{ id: 'CVE-1', fixed: '2' }])),
    await written('npm-audit.json'),
    await written('pip-audit.json'),
  ];
  const replaced = fc
    .tuple(fc.constantFrom(...real), fc.nat(), fc.jsonValue({ maxDepth: 2 }))
    .map(([text, place, value]) => {
      let seen = 0;
      const count = { parts: 0 };
      JSON.parse(text, (_key, inner: unknown) => ((count.parts += 1), inner));
      const changed: unknown = JSON.parse(text, (_key, inner: unknown) =>
        seen++ === place % count.parts ? value : inner,
      );
      return JSON.stringify(changed) ?? '';
    });
  fc.assert(
    fc.property(fc.oneof(fc.json(), replaced), (text) => {
      expect(isReadOrRefused(() => readTrivy(text))).toBe(true);
      expect(isReadOrRefused(() => readAudit(text, 'shop/audit.json'))).toBe(true);
    }),
    { numRuns: 500 },
  );
});
