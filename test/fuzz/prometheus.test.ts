import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { Unavailable } from '../../core/errors.ts';
import { readAnswer, samplesOf, scalarOf, seriesOf } from '../../lambdas/tasks/metrics/_prometheus-answer.ts';
import { LabelName, MetricName, Pattern, quoted, selector, wholeMatcher } from '../../lambdas/tasks/metrics/_promql.ts';
import { speaksOfErrors } from '../../lambdas/tasks/metrics/_status.ts';
import { anyText, holds, INHERITED } from './property.ts';

const NOW_SECONDS = 1_792_000_000;

const answerOf = (
  body: string | Buffer,
  over: { status?: number; headers?: Record<string, string>; cut?: boolean } = {},
) => ({
  ...{ status: 200, headers: { 'content-type': 'application/json' }, cut: false, address: '127.0.0.1' },
  ...{ secondsToHeaders: 0, seconds: 0, body: Buffer.from(body) },
  ...over,
});

/** Everything that reads an answer, together; what it gives, or that the answer was refused in words. */
function readings(answer: ReturnType<typeof answerOf>): readonly number[] | 'refused' {
  try {
    const answered = readAnswer('prometheus', answer);
    for (const warning of answered.warnings) expect(warning).not.toMatch(/\p{Cc}/u);
    const { resultType } = answered.data;
    if (resultType === 'scalar') return [scalarOf('prometheus', answered)];
    if (resultType === 'vector') return samplesOf('prometheus', answered, NOW_SECONDS).map(({ value }) => value);
    return seriesOf('prometheus', answered, { start: NOW_SECONDS - 100, end: NOW_SECONDS }).flatMap(({ points }) =>
      points.map(({ value }) => value),
    );
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Unavailable);
    expect(String(thrown)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    return 'refused';
  }
}

const numberText = fc.oneof(
  fc.double().map(String),
  fc.constantFrom('NaN', '+Inf', '-Inf', '', ' 1', '0x10', '1_0', '1e999', 'null', ...INHERITED),
  anyText,
);

const pair = fc.tuple(fc.constantFrom(NOW_SECONDS, NOW_SECONDS - 50, NOW_SECONDS - 3_600, 1e300), numberText);

const metric = fc.dictionary(fc.oneof(fc.constantFrom('job', 'instance', ...INHERITED), anyText), anyText, {
  maxKeys: 3,
});

const data = fc.oneof(
  fc.record({
    resultType: fc.constant('vector'),
    result: fc.array(fc.record({ metric, value: pair }), { maxLength: 3 }),
  }),
  fc.record({
    resultType: fc.constant('matrix'),
    result: fc.array(fc.record({ metric, values: fc.array(pair) }), { maxLength: 3 }),
  }),
  fc.record({ resultType: fc.constant('scalar'), result: pair }),
  fc.jsonValue(),
);

const prometheusAnswer = fc.oneof(
  fc.record({
    status: fc.constantFrom('success', 'error'),
    data,
    warnings: fc.option(fc.array(anyText)),
    errorType: anyText,
    error: anyText,
  }),
  fc.jsonValue(),
);

test('an answer of Prometheus is numbers of the moment asked for, or is refused in one line', () => {
  holds(
    fc.property(
      prometheusAnswer,
      fc.constantFrom(200, 204, 301, 401, 404, 500, 503),
      fc.boolean(),
      (body, status, cut) => {
        const read = readings(answerOf(JSON.stringify(body), { status, cut }));
        if (read === 'refused') return;
        expect(status === 200 && !cut).toBe(true);
        for (const value of read) expect(typeof value).toBe('number');
      },
    ),
    400,
    {
      examples: INHERITED.map(
        (text) =>
          [{ status: 'success', data: { resultType: 'scalar', result: [NOW_SECONDS, text] } }, 200, false] as never,
      ),
    },
  );
  holds(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) =>
      expect(readings(answerOf(Buffer.from(bytes)))).toBe('refused'),
    ),
    100,
  );
});

/** Reads a string of PromQL back, by the rules of its documentation. */
function unquoted(text: string): string {
  const ESCAPED: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '\\': '\\', '"': '"' };
  return text
    .slice(1, -1)
    .replace(/\\(u([0-9a-f]{4})|U([0-9a-f]{8})|.)/gs, (_all, mark: string, short?: string, long?: string) =>
      (short ?? long) === undefined
        ? (ESCAPED[mark] ?? '')
        : String.fromCodePoint(Number.parseInt(short ?? long ?? '', 16)),
    );
}

test('a text stays within its quotes in a query, whatever it holds', () => {
  holds(
    fc.property(anyText, anyText, (one, other) => {
      expect(unquoted(quoted(one))).toBe(one);
      const query = selector('up', { only: { job: one }, except: { instance: other } });
      const strings = [...query.matchAll(/"(?:[^"\\]|\\.)*"/gs)].map(([string]) => unquoted(string));
      expect(strings).toEqual([one, other]);
      expect(query.replace(/"(?:[^"\\]|\\.)*"/gs, '""')).toBe('up{job=~"",instance!~""}');
    }),
    300,
  );
});

test('names of metrics and labels are taken only where Prometheus takes them', () => {
  holds(
    fc.property(fc.oneof(anyText, fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,9}$/)), (text) => {
      if (MetricName.safeParse(text).success) expect(text).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
      if (LabelName.safeParse(text).success) expect(text).toMatch(/^(?!__)[a-zA-Z_]\w*$/);
    }),
    200,
  );
});

test('a pattern is taken exactly where the engine reads it, and it matches whole texts alone', () => {
  const pattern = fc.oneof(
    anyText,
    fc.string({
      unit: fc.constantFrom('a', '.', '*', '(', ')', '[', ']', '|', '+', '\\', '{', '2', '}'),
      maxLength: 9,
    }),
  );
  holds(
    fc.property(pattern, anyText, (written, text) => {
      if (!Pattern.safeParse(written).success) return;
      const matches = wholeMatcher(written);
      const whole = RE2JS.compile(`\\A(?:${written})\\z`, RE2JS.DOTALL).matcher(text).find();
      expect(matches(text)).toBe(whole);
      expect(typeof speaksOfErrors(written)(['200', text])).toBe('boolean');
    }),
    300,
  );
});
