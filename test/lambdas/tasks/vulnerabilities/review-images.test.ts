import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ImagesDocument } from '../../../../lambdas/tasks/vulnerabilities/review-images/document.ts';
import { task } from '../../../../lambdas/tasks/vulnerabilities/review-images/index.ts';
import { folder, hoursAgo, summariesOf, trivy, wordsOf, type Folder } from './_reports.ts';

const SHOP = 'registry.example.com/shop:1.4';
const WELL = 'registry.example.com/well:2.0';
const FIXABLE = { id: 'CVE-2026-0001', severity: 'CRITICAL', fixed: '3.0.13' };
const OPEN = { id: 'CVE-2026-0002', severity: 'HIGH' };
const SMALL = { id: 'CVE-2026-0003', severity: 'LOW', fixed: '3.0.12' };

let reports: Folder;
beforeEach(async () => {
  reports = await folder();
});
afterEach(async () => {
  await reports[Symbol.asyncDispose]();
});

const review = (...rest: Parameters<Folder['review']> extends [unknown, ...infer Rest] ? Rest : never) =>
  reports.review(task, ...rest);
const documentOf = (result: { readonly document?: unknown }) => result.document as ImagesDocument;

test('names what can be mended first, then what cannot, and is silent of small things and of a healthy image', async () => {
  await reports.write('shop.json', trivy(SHOP, [SMALL, OPEN, FIXABLE]));
  await reports.write('well.json', trivy(WELL, [SMALL]));
  const result = await review();

  expect(wordsOf(result)).toEqual([
    `fixable ${SHOP} CVE-2026-0001 openssl`,
    `without-fix ${SHOP} CVE-2026-0002 openssl`,
  ]);
  expect(summariesOf(result, 'fixable')).toEqual([
    `${SHOP} has CVE-2026-0001 in openssl 3.0.11, critical, fixed in 3.0.13`,
  ]);
  expect(documentOf(result).summary).toMatchObject({
    reviewed: 2,
    current: 2,
    fixable: 1,
    without_fix: 1,
    below_limit: 2,
  });
  expect(documentOf(result).images.map(({ name, built_at }) => [name, built_at])).toEqual([
    [SHOP, '2026-02-20T10:00:00.000Z'],
    [WELL, '2026-02-20T10:00:00.000Z'],
  ]);
});

test('passes an image in which nothing is found, and measures it', async () => {
  await reports.write('well.json', trivy(WELL));
  const result = await review();

  expect(result.findings).toEqual([]);
  expect(result.measurements).toContainEqual({ name: 'reports', value: 1, unit: 'count', target: 'here' });
});

test('takes the newest report on an image, wherever it lies, and not the one that was written last', async () => {
  await reports.write(
    '2026/03/01/shop.json',
    trivy(SHOP, [FIXABLE], { CreatedAt: '2026-03-01T20:00:00Z' }),
    hoursAgo(0.1),
  );
  await reports.write('2026/03/02/shop.json', trivy(SHOP), hoursAgo(1));
  expect((await review()).findings).toEqual([]);
});

test('counts a vulnerability once for each package, in however many layers it is', async () => {
  const [first] = trivy(SHOP, [FIXABLE]).Results;
  const again = { ...first, Target: 'usr/lib/layer-2' };
  const other = trivy(SHOP, [{ ...FIXABLE, package: 'libssl3' }]).Results[0];
  await reports.write('shop.json', trivy(SHOP, [], { Results: [first, again, other] }));
  const result = await review();

  expect(wordsOf(result)).toEqual([`fixable ${SHOP} CVE-2026-0001 libssl3`, `fixable ${SHOP} CVE-2026-0001 openssl`]);
  expect(documentOf(result).images[0]?.vulnerabilities[1]?.places).toEqual([
    `${SHOP} (debian 12.9)`,
    'usr/lib/layer-2',
  ]);
});

test('does not pass a vulnerability that nobody has rated', async () => {
  await reports.write('shop.json', trivy(SHOP, [{ id: 'CVE-2026-0009', severity: 'UNKNOWN', fixed: '3.1' }]));
  expect(wordsOf(await review())).toEqual([`not-rated ${SHOP} CVE-2026-0009 openssl`]);
});

describe('a report that looks healthy says nothing', () => {
  test('where it is older than is allowed by its own date, however young the file is', async () => {
    await reports.write('shop.json', trivy(SHOP, [], { CreatedAt: '2026-02-20T04:00:00Z' }), hoursAgo(0.5));
    await reports.write('well.json', trivy(WELL));
    const result = await review();

    expect(wordsOf(result)).toEqual([`report-too-old ${SHOP}`]);
    expect(result.findings[0]).toMatchObject({
      value: 242,
      limit: 26,
      command: `trivy image --scanners vuln --format json --output shop.json ${SHOP}`,
    });
    expect(documentOf(result).images.map(({ is_current }) => is_current)).toEqual([false, true]);
  });

  test('where only its file is old, because it has no date of its own', async () => {
    await reports.write('shop.json', trivy(SHOP, [], { CreatedAt: undefined }), hoursAgo(30));
    expect(wordsOf(await review())).toEqual([`report-too-old ${SHOP}`]);
  });

  test('where it comes from the future', async () => {
    await reports.write('shop.json', trivy(SHOP, [], { CreatedAt: '2026-03-05T00:00:00Z' }), hoursAgo(-60));
    expect(summariesOf(await review(), 'report-too-old')[0]).toContain('is dated in the future');
  });

  test('where the distribution is past its end of life', async () => {
    const old = trivy(SHOP);
    await reports.write('shop.json', {
      ...old,
      Metadata: { ...old.Metadata, OS: { Family: 'debian', Name: '9.13', EOSL: true } },
    });
    const result = await review();

    expect(wordsOf(result)).toEqual([`end-of-life ${SHOP}`]);
    expect(documentOf(result).unknown).toHaveLength(1);
  });

  test.each([
    ['it has no results at all', undefined, 'no results'],
    ['its results are an empty list', [], 'no results'],
    ['only secrets were looked for', [{ Target: 'app', Class: 'secret' }], 'no search for vulnerabilities'],
    [
      'only the packages of programs were scanned',
      [{ Target: 'app/package-lock.json', Class: 'lang-pkgs', Type: 'npm' }],
      'packages of its debian were not scanned',
    ],
  ])('where %s', async (_why, Results, words) => {
    await reports.write('shop.json', trivy(SHOP, [], { Results }));
    const result = await review();

    expect(wordsOf(result)).toEqual([`not-scanned ${SHOP}`]);
    expect(summariesOf(result, 'not-scanned')[0]).toContain(words);
  });

  test.each([
    ['is empty', '', 'is empty'],
    ['is cut', JSON.stringify(trivy(SHOP)).slice(0, 400), 'is no JSON: it ends in the middle'],
    ['is of an audit of npm', { auditReportVersion: 2, vulnerabilities: {} }, 'SchemaVersion'],
    [
      'has a number for a severity',
      trivy(SHOP, [], {
        Results: [{ Target: 'a', Vulnerabilities: [{ VulnerabilityID: 'CVE-1', PkgName: 'a', Severity: 4 }] }],
      }),
      'Results.0.Vulnerabilities.0.Severity',
    ],
    ['is of a Trivy of old', [{ Target: 'x', Vulnerabilities: null }], 'before 0.20'],
  ])('where it %s', async (_why, body, words) => {
    await reports.write('shop.json', body);
    await reports.write('well.json', trivy(WELL));
    const result = await review();

    expect(wordsOf(result)).toEqual(['report-unreadable shop.json']);
    expect(summariesOf(result, 'report-unreadable')[0]).toContain(words);
    expect(documentOf(result).summary.current).toBe(1);
  });
});

test('an image that the profile asks for has a report, by name, tag or digest, or is missing', async () => {
  await reports.write('shop.json', trivy(SHOP));
  const digest = `registry.example.com/shop@sha256:${'ab'.repeat(32)}`;
  const other = `registry.example.com/shop@sha256:${'cd'.repeat(32)}`;

  expect((await review({ images: [SHOP, digest] })).findings).toEqual([]);
  const result = await review({ images: [SHOP, other] });
  expect(wordsOf(result)).toEqual([`report-missing ${other}`]);
});

test('an empty folder, and one whose names do not match, is no pass', async () => {
  const empty = await review();
  await reports.write('shop.sarif', trivy(SHOP));
  const strange = await review();

  expect([wordsOf(empty), wordsOf(strange)]).toEqual([['no-report'], ['no-report']]);
  expect([empty.measurements, strange.measurements]).toEqual([[], []]);
});

test('an old report of another image of the same day does not hide behind a young one', async () => {
  await reports.write('postgres-15.json', trivy('postgres:15', [], { CreatedAt: undefined }), hoursAgo(300));
  await reports.write('postgres-16.json', trivy('postgres:16'));
  expect(wordsOf(await review())).toEqual(['report-too-old postgres:15']);
});

test('the names of strangers steer neither a terminal nor a shell', async () => {
  const name = 'shop:1; touch "x" \u001b[2J';
  const old = { CreatedAt: '2026-02-01T00:00:00Z' };
  await reports.write('a.json', trivy(name, [], old));
  await reports.write("it's.json", trivy('shop:2; touch x', [], old));
  const result = await review();

  expect(JSON.stringify(result.findings)).not.toMatch(/\\u001b/);
  expect(result.findings.map(({ command }) => command)).toEqual([
    undefined,
    String.raw`trivy image --scanners vuln --format json --output 'it'\''s.json' 'shop:2; touch x'`,
  ]);
});
