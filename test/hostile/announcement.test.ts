import { expect, test } from '@jest/globals';
import { renderPage } from '../../lambdas/report/page.ts';
import { announcementOf } from '../../lambdas/runtime/announce.ts';
import { hostileReport } from '../harness/hostile-report.ts';
import { skeletonOf } from './_shown.ts';
import { HOSTILE, longText } from './_texts.ts';

const PLACE = { n: 7, sha256: 'a'.repeat(64) };
const report = hostileReport();
const [finding] = report.findings;
const many = HOSTILE.flatMap((summary) => (finding ? [{ ...finding, summary }] : []));

test('a message to people has one line for each thing, and nothing in it steers who reads it', () => {
  const { Message, Subject } = announcementOf({ ...report, findings: many }, PLACE);
  expect(Message.split('\n')).toHaveLength(16);
  expect(Message.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
  expect(Message).toContain('\\u001b[2J');
  expect(Subject).toMatch(/^[\x20-\x7e]{1,100}$/);
});

test('a message with names of megabytes is as short as any other, and still says which run and which link it is of', () => {
  const long = longText('🐘', 1_000_000);
  const findings = many.map((one) => ({ ...one, target: long, summary: long }));
  const { Message } = announcementOf({ ...report, runId: 'daily-1', findings }, PLACE);
  expect(Buffer.byteLength(Message)).toBeLessThan(32_768);
  expect(Message.isWellFormed()).toBe(true);
  expect(Message.split('\n').slice(-2)).toEqual(['daily-1', expect.stringContaining(PLACE.sha256)]);
});

test('a page of nothing but hostile words has only elements and attributes of ours', () => {
  const skeleton = skeletonOf(renderPage({ ...report, findings: many }));
  expect(skeleton).toContain('article(class)');
  expect(skeleton.filter((element) => element === 'article(class)')).toHaveLength(many.length);
});

test('the look at a page sees strange markup of every kind, or a page without any would prove nothing', () => {
  const strange = [
    '<script>1</script>',
    '<p onclick="x">',
    '<a href="x">',
    '<b>',
    'a < b',
    '&evil;',
    '</p>',
    '<p class="x',
    '<P>',
    '<p class="x:y">',
  ];
  for (const markup of strange) expect(() => skeletonOf(`<p>${markup}</p>`)).toThrow();
  expect(skeletonOf('<p class="x">&lt;b&gt;</p>')).toEqual(['p(class)']);
});
