import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ImagesDocument } from '../../../../lambdas/tasks/vulnerabilities/review-images/document.ts';
import { task } from '../../../../lambdas/tasks/vulnerabilities/review-images/index.ts';
import { folder, hoursAgo, summariesOf, trivy, wordsOf, type Folder } from './_reports.ts';

const SHOP = 'shop:1.4';
const OLD = { id: 'CVE-2026-0001', severity: 'CRITICAL', fixed: '3.0.13' };
const GROWN = { id: 'CVE-2026-0002', severity: 'HIGH', fixed: '1.1', package: 'zlib' };
const FRESH = { id: 'CVE-2026-0003', severity: 'HIGH', fixed: '8.1', package: 'curl' };
const ACCEPTED = {
  id: 'CVE-2026-0001',
  package: 'openssl',
  until: '2026-03-02',
  reason: 'the weak part is never called by this program',
  owner: 'Ada',
};

let reports: Folder;
beforeEach(async () => {
  reports = await folder();
});
afterEach(async () => {
  await reports[Symbol.asyncDispose]();
});

const documentOf = (result: { readonly document?: unknown }) => result.document as ImagesDocument;

test('says first what is new and what is worse than at the last review, and what is fixed', async () => {
  const gone = { id: 'CVE-2026-0004', severity: 'HIGH', fixed: '2', package: 'bash' };
  await reports.write('shop.json', trivy(SHOP, [OLD, { ...GROWN, severity: 'LOW' }, gone]));
  const first = await reports.review(task);
  await reports.write('shop.json', trivy(SHOP, [OLD, GROWN, FRESH]));
  const second = await reports.review(task, {}, first.baseline);

  expect(documentOf(first).differences).toMatchObject({ has_earlier_review: false, new: [] });
  expect(summariesOf(second, 'fixable').map((summary) => summary.split(' has ')[0])).toEqual([
    `new: ${SHOP}`,
    `worse: ${SHOP}`,
    SHOP,
  ]);
  expect(documentOf(second).differences).toEqual({
    has_earlier_review: true,
    new: [{ of: SHOP, id: 'CVE-2026-0003', package: 'curl' }],
    worse: [{ of: SHOP, id: 'CVE-2026-0002', package: 'zlib' }],
    fixed: [{ of: SHOP, vulnerability: 'CVE-2026-0004 bash' }],
  });
});

test('calls nothing fixed that was only not seen, and remembers it', async () => {
  await reports.write('shop.json', trivy(SHOP, [OLD]));
  const first = await reports.review(task);
  await reports.write('shop.json', trivy(SHOP, [], { Results: [] }));
  const blind = await reports.review(task, {}, first.baseline);
  await reports.write('shop.json', '{"cut');
  const cut = await reports.review(task, {}, blind.baseline);
  await reports.write('shop.json', trivy(SHOP, [OLD]));
  const again = await reports.review(task, {}, cut.baseline);

  expect([documentOf(blind), documentOf(cut)].map(({ differences }) => differences.fixed)).toEqual([[], []]);
  expect(documentOf(again).differences.new).toEqual([]);
  expect(wordsOf(cut)).toEqual(['report-unreadable shop.json']);
});

test('says once that an image of the last review has no report any more', async () => {
  await reports.write('shop.json', trivy(SHOP, [OLD]));
  await reports.write('well.json', trivy('well:1'));
  const both = await reports.review(task);
  await reports.write('shop.json', trivy('well:1'));
  const one = await reports.review(task, {}, both.baseline);
  const later = await reports.review(task, {}, one.baseline);

  expect(wordsOf(one)).toEqual([`report-missing ${SHOP}`]);
  expect(later.findings).toEqual([]);
});

test('does not accuse what somebody has accepted, up to the last day, and lists it with its owner', async () => {
  await reports.write('shop.json', trivy(SHOP, [OLD]));
  const result = await reports.review(task, { accepted: [ACCEPTED] });

  expect(result.findings).toEqual([]);
  expect(documentOf(result).acceptances).toEqual([
    expect.objectContaining({ owner: 'Ada', days_left: 0, state: 'in-force' }),
  ]);
  expect(documentOf(result).images[0]?.vulnerabilities[0]).toMatchObject({
    standing: 'accepted',
    accepted: { owner: 'Ada' },
  });
});

test('accuses it again when its time is over, and says whom to ask', async () => {
  await reports.write('shop.json', trivy(SHOP, [OLD]));
  const result = await reports.review(task, { accepted: [{ ...ACCEPTED, until: '2026-03-01' }] });

  expect(wordsOf(result)).toEqual([`fixable ${SHOP} CVE-2026-0001 openssl`, 'acceptance-over CVE-2026-0001 openssl']);
  expect(summariesOf(result, 'acceptance-over')[0]).toContain('accepted by Ada until 2026-03-01');
});

test.each([
  ['the package is another one', { package: 'libressl' }],
  ['the image is another one', { of: 'shop:1.5' }],
  ['the number is written wrong', { id: 'CVE-2026-00001' }],
])('an acceptance that matches nothing is an error: %s', async (_why, change) => {
  await reports.write('shop.json', trivy(SHOP, [OLD]));
  const result = await reports.review(task, { accepted: [{ ...ACCEPTED, ...change }] });

  expect(result.findings.map(({ kind }) => kind)).toEqual(['fixable', 'acceptance-matches-nothing']);
});

test('no acceptance is called wrong where a report could not be read that may have it', async () => {
  await reports.write('well.json', trivy('well:1'));
  await reports.write('shop.json', '{"cut');
  const result = await reports.review(task, { accepted: [ACCEPTED] });

  expect(wordsOf(result)).toEqual(['report-unreadable shop.json']);
  expect(documentOf(result).acceptances[0]?.state).toBe('not-known');
});

test('reads hundreds of old reports of one image only as far as the newest', async () => {
  for (let day = 1; day <= 28; day += 1) {
    const date = `2026-02-${String(day).padStart(2, '0')}`;
    await reports.write(`shop-${date}.json`, '{"unreadable', hoursAgo(24 * (30 - day)));
  }
  await reports.write('shop-2026-03-02.json', trivy(SHOP));
  expect((await reports.review(task)).findings).toEqual([]);
});
