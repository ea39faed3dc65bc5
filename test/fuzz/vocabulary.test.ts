import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { actionId, allowedBy, type RecordedAction } from '../../core/action.ts';
import { DurationSeconds, formatDuration, parseDuration, Percent } from '../../core/duration.ts';
import { effectsOfVerb } from '../../core/effect.ts';
import { messageOf } from '../../core/errors.ts';
import { SEVERITIES, verdictOf } from '../../core/finding.ts';
import { canonicalJson, sha256 } from '../../core/json.ts';
import { planOf } from '../../core/plan.ts';
import { countVerdicts, VERDICTS, worstVerdict } from '../../core/verdict.ts';
import { anyText, holds } from './property.ts';

const verdicts = fc.array(fc.constantFrom(...VERDICTS), { minLength: 1, maxLength: 8 });

const rank = (verdict: (typeof VERDICTS)[number]) => VERDICTS.indexOf(verdict);

test('a verdict of several groups is that of all their members, and none is ever better than a member', () => {
  holds(
    fc.property(fc.array(verdicts, { minLength: 1, maxLength: 5 }), (groups) => {
      const all = groups.flat();
      expect(worstVerdict(groups.map((group) => worstVerdict(group)))).toBe(worstVerdict(all));
      for (const verdict of all) expect(rank(worstVerdict(all))).toBeGreaterThanOrEqual(rank(verdict));
      expect(Object.values(countVerdicts(all)).reduce((sum, count) => sum + count, 0)).toBe(all.length);
    }),
  );
});

test('a finding more never makes a verdict better', () => {
  const severities = fc.array(fc.constantFrom(...SEVERITIES).map((severity) => ({ severity })));
  holds(
    fc.property(severities, fc.constantFrom(...SEVERITIES), (findings, severity) => {
      const more = verdictOf([...findings, { severity }]);
      expect(rank(more)).toBeGreaterThanOrEqual(rank(verdictOf(findings)));
      expect(severity === 'info' || rank(more) >= rank(severity)).toBe(true);
    }),
  );
});

/** Keys in another order at every depth. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, turned(inner)]),
  );
}

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(anyText, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4 }),
  ),
})).value;

test('two values have the same canonical text exactly when they are equal, and so the same hash', () => {
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  holds(
    fc.property(json, json, (one, other) => {
      expect(canonicalJson(turned(one))).toBe(canonicalJson(one));
      expect(sha256(canonicalJson(turned(one)))).toBe(sha256(canonicalJson(one)));
      const read: unknown = JSON.parse(canonicalJson(one));
      expect(canonicalJson(read)).toBe(canonicalJson(one));
      expect(sha256(canonicalJson(one)) === sha256(canonicalJson(other))).toBe(
        canonicalJson(one) === canonicalJson(other),
      );
      if (same(one, other)) expect(canonicalJson(one)).toBe(canonicalJson(other));
    }),
    300,
  );
});

const action: fc.Arbitrary<RecordedAction> = fc.record(
  {
    id: anyText,
    task: anyText,
    verb: anyText,
    target: anyText,
    subject: anyText,
    summary: anyText,
    status: fc.constantFrom('planned', 'done', 'refused'),
    statement: anyText,
    before: fc.jsonValue() as fc.Arbitrary<never>,
    after: fc.jsonValue() as fc.Arbitrary<never>,
  },
  { requiredKeys: ['id', 'task', 'verb', 'target', 'subject', 'summary', 'status'] },
);

test('a plan has the same hash only where the very same things would be done in the same order', () => {
  const bound = ({ id, task, verb, target, subject, statement, before, after }: RecordedAction) =>
    canonicalJson({ id, task, verb, target, subject, statement, before, after });
  const plans = fc.array(action, { maxLength: 4 });
  holds(
    fc.property(plans, plans, (one, other) => {
      const done = (actions: readonly RecordedAction[]) => planOf(actions).actions.map(bound);
      expect(planOf(one).sha256 === planOf(other).sha256).toBe(
        JSON.stringify(done(one)) === JSON.stringify(done(other)),
      );
      expect(planOf(planOf(one).actions).sha256).toBe(planOf(one).sha256);
    }),
  );
});

test('two actions bear one name only where they do the same to the same thing', () => {
  const scope = { planned: 1, population: 1 };
  const parts = fc.tuple(anyText, anyText, anyText, anyText, fc.option(anyText, { nil: undefined }));
  const idOf = ([task, verb, target, subject, statement]: readonly (string | undefined)[]) =>
    actionId(String(task), {
      ...{ verb: String(verb), target: String(target), subject: String(subject), summary: '', scope },
      ...(statement !== undefined && { statement }),
    });
  holds(
    fc.property(parts, parts, (one, other) => {
      expect(idOf(one) === idOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      expect(idOf(one)).toMatch(/^[0-9a-f]{24}$/);
    }),
  );
});

test('a cap never allows more than either of its limits, but for the one that small populations have', () => {
  const cap = fc.record({ absolute: fc.nat(1_000), percent: fc.integer({ min: 0, max: 100 }) });
  holds(
    fc.property(cap, fc.nat(100_000), fc.nat(1_000), (limits, population, more) => {
      const allowed = allowedBy(limits, population);
      expect(Number.isInteger(allowed)).toBe(true);
      expect(allowed).toBeLessThanOrEqual(limits.absolute);
      expect(allowed).toBeLessThanOrEqual(Math.max(1, (population * limits.percent) / 100));
      expect(allowed).toBeLessThanOrEqual(population);
      expect(allowedBy(limits, population + more)).toBeGreaterThanOrEqual(allowed);
    }),
  );
});

test('a duration is read as the sum of its parts, and every other text is refused', () => {
  const part = (unit: string, unitSeconds: number) =>
    fc.option(fc.nat(999).map((count) => ({ count, unit, unitSeconds })));
  const parts = fc.tuple(part('d', 86_400), part('h', 3_600), part('m', 60), part('s', 1));
  holds(
    fc.property(parts, (written) => {
      const given = written.filter((one) => one !== null);
      const seconds = given.reduce((sum, { count, unitSeconds }) => sum + count * unitSeconds, 0);
      const text = given.map(({ count, unit }) => `${count}${unit}`).join('');
      expect(parseDuration(text)).toBe(seconds > 0 ? seconds : undefined);
      if (seconds > 0) expect(parseDuration(formatDuration(seconds))).toBe(seconds);
    }),
  );
  holds(
    fc.property(anyText, (text) => {
      const wellFormed = /^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/.test(text) && /[1-9]/.test(text);
      expect(DurationSeconds.safeParse(text).success).toBe(wellFormed && parseDuration(text) !== undefined);
      const percent = Percent.safeParse(text);
      if (percent.success) expect(`${percent.data}`).toBe(String(Number(text.slice(0, -1))));
    }),
    500,
  );
});

test('the verb of a task that names nothing of the list is one that changes things', () => {
  holds(
    fc.property(anyText, (name) => {
      expect(effectsOfVerb(`x${name}`)).toEqual(['mutating']);
    }),
  );
});

const thrown = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      anyText,
      fc.integer(),
      fc.constant(undefined),
      fc.constant(null),
      fc.constant(Object.create(null) as object),
    ),
    fc.constant({
      toString: () => {
        throw new TypeError('no text');
      },
    }),
    fc.tuple(anyText, tie('value')).map(([message, cause]) => new Error(message, { cause })),
    fc
      .tuple(anyText, fc.array(tie('value'), { maxLength: 3 }))
      .map(([message, errors]) => new AggregateError(errors, message)),
  ),
})).value;

test('whatever is thrown can be told, on one line', () => {
  holds(
    fc.property(thrown, (error) => {
      const text = messageOf(error);
      expect(typeof text).toBe('string');
      if (error instanceof Error) expect(text).not.toMatch(/[\n\r]/);
    }),
    200,
    { examples: [[Object.create(null)]] },
  );
});
