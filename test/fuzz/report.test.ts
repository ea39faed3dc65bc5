import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deriveReport } from '../../core/derive-report.ts';
import { RUNTIME_KINDS, SEVERITIES, UNITS, verdictOf } from '../../core/finding.ts';
import { entriesOf } from '../../core/platform.ts';
import { RunReport } from '../../core/report.ts';
import { ENDINGS, sawNothing, StepRecord, type Ended } from '../../core/run.ts';
import { VERDICTS, worstVerdict, type Verdict } from '../../core/verdict.ts';
import { chartsSection } from '../../lambdas/report/charts.ts';
import { html, visible } from '../../lambdas/report/markup.ts';
import { renderPage } from '../../lambdas/report/page.ts';
import { changesOf, headline, numbersOf, placeOf, spanOf, withUnit } from '../../lambdas/report/phrases.ts';
import { asText } from '../../lambdas/runtime/records.ts';
import { explanationText } from '../../lib/explain.ts';
import { renderTerminal } from '../../lib/terminal-report.ts';
import { NOW, entryOf, pointerOf, procedureOf, secondsLater, startedOf } from '../harness/run-records.ts';
import { anyText, holds } from './property.ts';

const TASKS = ['postgres-vacuum', 'redis-check-memory', 'backups-verify'] as const;
const TARGETS = ['main', 'copy'];
const rank = (verdict: Verdict) => VERDICTS.indexOf(verdict);
// JSON has one zero.
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

function findingOf(task: string) {
  return fc
    .record(
      {
        kind: fc.constantFrom('not-readable', 'a'),
        severity: fc.constantFrom(...SEVERITIES),
        target: fc.constantFrom(...TARGETS),
        summary: anyText,
        subject: anyText,
        value: number,
        limit: number,
        unit: fc.constantFrom(...UNITS),
        command: anyText,
        means: anyText,
        remedy: anyText,
      },
      { requiredKeys: ['kind', 'severity', 'target', 'summary', 'means', 'remedy'] },
    )
    .map((finding) => ({ task, ...finding }));
}

/** A record as the runtime writes it: the verdict of each target is that of its findings. */
function recordOf(task: string, index: number): fc.Arbitrary<StepRecord> {
  const measurement = fc.record({ name: anyText, value: number, unit: fc.constantFrom(...UNITS), target: anyText });
  return fc
    .record({
      findings: fc.array(findingOf(task), { maxLength: 3 }),
      measurements: fc.array(measurement, { maxLength: 3 }),
      seen: fc.subarray(TARGETS),
      seconds: fc.integer({ min: -10, max: 1_000 }),
    })
    .map(({ findings, measurements, seen, seconds }) => {
      const targets = seen.map((target) => ({
        target,
        verdict: verdictOf(findings.filter((finding) => finding.target === target)),
      }));
      return {
        ...{ schemaVersion: 1, task, index, mode: 'execute', bundleSha256: 'b', evidence: [], pauses: 0, actions: [] },
        ...{ startedAt: NOW.toISOString(), finishedAt: secondsLater(seconds).toISOString() },
        ...{ verdict: worstVerdict(targets.map(({ verdict }) => verdict)), targets, findings },
        measurements: measurements.map((one) => ({ task, ...one })),
      };
    });
}

const procedure = procedureOf({
  steps: TASKS.map((task, place) => entryOf({ index: place + 1, task, targets: TARGETS })),
});
const steps = fc
  .tuple(...TASKS.map((task, place) => fc.option(recordOf(task, place + 1))))
  .map((all) => all.filter((one) => one !== null));
const ended = fc
  .record({ ended: fc.constantFrom(...ENDINGS), caught: fc.dictionary(fc.constantFrom('1', '2', '7'), anyText) })
  .map((over): Ended => ({
    ...{ schemaVersion: 1, endedAt: secondsLater(90).toISOString(), records: [], bundleSha256: 'b' },
    ...over,
  }));
const records = fc.record({ steps, ended }).map((given) => {
  return { started: startedOf(pointerOf()), procedure, previous: undefined, ...given };
});
const report = fc
  .tuple(records, records)
  .map(([before, now]) => deriveReport({ ...now, previous: deriveReport(before) }));

test('a report is never better than the worst of its records, and what left no record is unknown', () => {
  holds(
    fc.property(records, records, (given, before) => {
      const derived = deriveReport({ ...given, previous: deriveReport(before) });

      expect(RunReport.parse(JSON.parse(asText(derived)))).toEqual(derived);
      if (sawNothing(given.ended.ended)) {
        expect(derived).toMatchObject({ verdict: 'unknown', tasks: [], findings: [] });
        return;
      }
      for (const step of given.steps) expect(rank(derived.verdict)).toBeGreaterThanOrEqual(rank(step.verdict));
      for (const { task, targets } of entriesOf(procedure)) {
        const told = derived.tasks.find((one) => one.task === task);
        const record = given.steps.find((one) => one.task === task);
        expect(told?.recorded).toBe(record !== undefined);
        expect(told?.targets.map(({ target }) => target).toSorted()).toEqual(targets.toSorted());
        for (const target of targets) {
          const seen = record?.targets.find((one) => one.target === target);
          const shown = told?.targets.find((one) => one.target === target);
          expect(rank(shown?.verdict ?? 'pass')).toBeGreaterThanOrEqual(rank(seen?.verdict ?? 'unknown'));
        }
      }
      const counted = Object.values(derived.counts).reduce((sum, count) => sum + count, 0);
      expect(counted).toBe(TASKS.length * TARGETS.length);
      expect(derived.fixed.every(({ task }) => given.steps.some((step) => step.task === task))).toBe(true);
    }),
    200,
  );
});

test('a record that was written is read back as it was', () => {
  holds(
    fc.property(steps, (written) => {
      for (const record of written) expect(StepRecord.parse(JSON.parse(asText(record)))).toEqual(record);
    }),
    50,
  );
});

/** Reads HTML as a machine does, far enough to see that elements are closed in their order and attributes stay in quotes. */
function elementsOf(page: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  const VOID = new Set(['meta', 'br', '!doctype']);
  const tag = /<(\/?)([!a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g;
  const body = page.replace(/<style>[^<]*<\/style>/, '');
  const text = body.replace(tag, (_all, closing: string, name: string, _attributes, selfClosed: string) => {
    if (closing) expect(open.pop()).toBe(name);
    else if (!VOID.has(name) && !selfClosed) open.push(name);
    names.push(name);
    return '';
  });
  expect(open).toEqual([]);
  expect(text).not.toMatch(/[<>]/);
  expect(text).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
  return names;
}

const CONTROLS = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

test('a page is well-formed whatever its texts hold, and has no element that a text has brought', () => {
  const OWN =
    /^(html|head|meta|title|style|body|header|p|h1|h2|h3|main|section|article|span|strong|pre|footer|br|ul|li|div|table|tr|th|td|code|details|summary|figure|figcaption|svg|path|text|!doctype)$/;
  holds(
    fc.property(report, (given) => {
      const page = renderPage(given);
      for (const name of elementsOf(page)) expect(name).toMatch(OWN);
      expect(page.replaceAll('\n', '')).not.toMatch(CONTROLS);
    }),
    60,
  );
});

test('a chart is drawn of any numbers, each line of it within its frame', () => {
  const point = (place: number) =>
    number.map((value): [string, number] => [secondsLater(place * 86_400).toISOString(), value]);
  const points = fc
    .integer({ min: 0, max: 8 })
    .chain((length) => fc.tuple(...Array.from({ length }, (_, i) => point(i))));
  const trend = fc.record({ task: anyText, name: anyText, unit: fc.constantFrom(...UNITS), target: anyText, points });
  holds(
    fc.property(fc.array(trend, { maxLength: 9 }), (trends) => {
      const drawn = chartsSection(trends).toString();
      elementsOf(drawn);
      expect(drawn).not.toMatch(/NaN|Infinity|undefined/);
      for (const [, path = ''] of drawn.matchAll(/ d="([^"]*)"/g)) {
        for (const [, x, y] of path.matchAll(/[ML](-?[\d.e-]+),(-?[\d.e-]+)/g)) {
          expect(Number(x)).toBeGreaterThanOrEqual(0);
          expect(Number(x)).toBeLessThanOrEqual(560);
          expect(Number(y)).toBeGreaterThanOrEqual(-1);
          expect(Number(y)).toBeLessThanOrEqual(181);
        }
      }
    }),
    100,
    { examples: [[[trendOf([-1.7e308, 1.7e308])]], [[trendOf([5e-324, -5e-324])]]] },
  );
});

function trendOf(values: readonly number[]) {
  const points = values.map((value, place): [string, number] => [secondsLater(place).toISOString(), value]);
  return { task: 'a', name: 'b', unit: 'rows' as const, target: 'main', points };
}

test('a report in a terminal has no control character but line ends, and colours only where they are wanted', () => {
  holds(
    fc.property(report, (given) => {
      expect(renderTerminal(given, { colour: false }).replaceAll('\n', '')).not.toMatch(CONTROLS);
      const coloured = renderTerminal(given, { colour: true });
      // What picocolors writes.
      const codes = new RegExp(`${String.fromCharCode(27)}\\[\\d{1,2}m`, 'g');
      expect(coloured.replace(codes, '').replaceAll('\n', '')).not.toMatch(CONTROLS);
      expect(coloured.replace(codes, '')).toBe(renderTerminal(given, { colour: false }));
    }),
    60,
  );
});

test('a text in HTML shows every character of it and hides none', () => {
  const unescaped = (text: string) =>
    text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&');
  holds(
    fc.property(anyText, anyText, (one, other) => {
      const written = html`<p title="${one}">${[other, 1, undefined]}</p>`.toString();
      const [, title = '', content = ''] = /^<p title="([^"<>]*)">([^<>"]*)<\/p>$/.exec(written) ?? [];
      expect(unescaped(title)).toBe(visible(one));
      expect(unescaped(content)).toBe(`${visible(other)}1`);
    }),
    300,
  );
});

test('what hides is written out so that it can be told from what else hides', () => {
  const hidden = fc.constantFrom(
    '\u0000',
    '\u001b',
    '\u202e',
    '\u2066',
    '\u200b',
    '\ufeff',
    '\u2028',
    '\u{e0001}',
    '\u{e0041}',
    '\u{1d173}',
  );
  holds(
    fc.property(hidden, hidden, (one, other) => {
      expect(visible(one)).not.toMatch(CONTROLS);
      expect(visible(one) === visible(other)).toBe(one === other);
    }),
    100,
    { examples: [['\u{e0001}', '\u{e0041}']] },
  );
});

test('the phrases of a report are one line each and say a number as it is', () => {
  const unit = fc.constantFrom(...UNITS);
  holds(
    fc.property(report, number, number, unit, anyText, (given, value, limit, of, subject) => {
      for (const line of [headline(given), spanOf(given), changesOf(given)]) expect(line).not.toMatch(/[\n\r]/);
      const text = withUnit(value, of);
      expect(text).toMatch(/\d/);
      expect(text).not.toMatch(/NaN|undefined/);
      expect(numbersOf({ value, limit, unit: of })).toBe(`${text}, limit ${withUnit(limit, of)}`);
      expect(placeOf({ target: 'main', subject })).toContain(subject === 'main' ? 'main' : subject);
      // To a sign the same: a negative number never reads as a positive one.
      expect(text.startsWith('-')).toBe(value < 0);
    }),
    100,
  );
});

test('an explanation names every sentence of its kind', () => {
  holds(
    fc.property(fc.constantFrom(...Object.entries(RUNTIME_KINDS)), ([kind, explained]) => {
      const text = explanationText({ task: undefined, kind, explained });
      for (const sentence of [explained.means, explained.matters, explained.remedy, explained.prevention])
        expect(text).toContain(sentence);
    }),
    20,
  );
});
