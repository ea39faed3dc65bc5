import { expect, test } from '@jest/globals';
import { html, visible } from '../../../lambdas/report/markup.ts';
import { renderPage } from '../../../lambdas/report/page.ts';
import { numbersOf, placeOf, spanOf, withUnit } from '../../../lambdas/report/phrases.ts';
import { HOSTILE, hostileReport } from '../../harness/hostile-report.ts';
import { reportedFinding } from '../../harness/run-records.ts';

test('a page shows hostile text and has no element, attribute or control character of it', () => {
  const page = renderPage(hostileReport());
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page).not.toMatch(/<(script|img|a|iframe|link)\b/i);
  expect(page).not.toMatch(/<[^>]*\son\w+=/i);
  expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
});

test('a finding is told by what it is, why it matters, what to do now and for good, and by its command', () => {
  const report = hostileReport();
  const [first] = report.findings;
  const told = {
    means: 'Autovacuum is off.',
    matters: 'The table bloats.',
    remedy: 'Switch it on.',
    prevention: 'Keep it on.',
    command: 'ALTER TABLE "a<b" RESET (autovacuum_enabled);',
  };
  const page = renderPage({ ...report, findings: first ? [{ ...first, ...told }] : [] });
  expect(page).toContain('Autovacuum is off. The table bloats.');
  expect(page).toContain('<strong>Now:</strong> Switch it on.');
  expect(page).toContain('<strong>For good:</strong> Keep it on.');
  expect(page).toContain('<pre>ALTER TABLE &quot;a&lt;b&quot; RESET (autovacuum_enabled);</pre>');
});

test('a finding without a command or a prevention has no empty place for them', () => {
  const report = hostileReport();
  const { task, kind, severity, target, summary, means, remedy } = reportedFinding();
  const findings = [{ task, kind, severity, target, summary, means, remedy, change: 'new' as const }];
  const page = renderPage({ ...report, findings });
  expect(page).not.toMatch(/<pre>|For good:|undefined/);
});

test('a hostile command is shown in its place and ends it nowhere', () => {
  const page = renderPage(hostileReport());
  const commands = [...page.matchAll(/<pre>([^<]*)<\/pre>/g)].map(([, text = '']) => text);
  expect(commands).toHaveLength(2);
  for (const command of commands) {
    expect(command).toContain('&lt;script&gt;');
    expect(command).toContain('\\u001b[2J');
  }
});

test('a long command wraps instead of making the page wider than a phone', () => {
  const rule = /\bpre \{([^}]*)\}/.exec(renderPage(hostileReport()))?.[1];
  expect(rule).toContain('white-space: pre-wrap');
  expect(rule).toContain('overflow-wrap: anywhere');
});

test('a page loads nothing from anywhere', () => {
  const page = renderPage(hostileReport());
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/\s(src|href)=["']?http/i);
});

test('interpolated text is escaped, markup is not', () => {
  expect(String(html`<p title="${'"&\'<>'}">${[html`<b>${1}</b>`, undefined, 'x']}</p>`)).toBe(
    '<p title="&quot;&amp;&#39;&lt;&gt;"><b>1</b>x</p>',
  );
});

test('control characters become visible, words of any language stay', () => {
  expect(visible('a\u001b[2Jb\u202ec\rd\ne')).toBe('a\\u001b[2Jb\\u202ec\\u000dd e');
  expect(visible('Größe 表 مرحبا')).toBe('Größe 表 مرحبا');
  expect(visible(HOSTILE)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('numbers are told with their unit and limit', () => {
  expect(numbersOf({ value: 12, limit: 5, unit: 'restarts' })).toBe('12 restarts, limit 5 restarts');
  expect(numbersOf({ limit: 5 })).toBe('');
  expect([withUnit(1_500_000, 'bytes'), withUnit(12.34, 'percent'), withUnit(7, 'count')]).toEqual([
    '1.5 MB',
    '12.3 %',
    '7',
  ]);
});

test('a day is said twice only where it changed, a place once where it is one', () => {
  const start_time = '2026-11-21T23:59:00.000Z';
  expect(spanOf({ start_time, end_time: '2026-11-21T23:59:30.000Z' })).toBe('2026-11-21 23:59:00 to 23:59:30 UTC');
  expect(spanOf({ start_time, end_time: '2026-11-22T00:01:00.000Z' })).toContain('to 2026-11-22 00:01:00 UTC');
  expect([placeOf({ target: 'main', subject: 'orders' }), placeOf({ target: 'main', subject: 'main' })]).toEqual([
    'orders of main',
    'main',
  ]);
});
