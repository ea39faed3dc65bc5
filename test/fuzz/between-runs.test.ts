import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareFindings } from '../../core/compare-findings.ts';
import { SEVERITIES, UNITS, type ReportedFinding } from '../../core/finding.ts';
import { basicDay, basicForm, stepStem } from '../../core/run.ts';
import { continueTrends, type Trend } from '../../core/trends.ts';
import { reportedFinding } from '../harness/run-records.ts';
import { holds } from './property.ts';

const finding = fc
  .record(
    {
      kind: fc.constantFrom('a', 'b'),
      target: fc.constantFrom('main', 'copy'),
      subject: fc.constantFrom('', 'orders', 'users'),
      severity: fc.constantFrom(...SEVERITIES),
      value: fc.integer({ min: -50, max: 50 }),
      limit: fc.constant(10),
    },
    { requiredKeys: ['kind', 'target', 'severity'] },
  )
  .map((over) => reportedFinding(over));

const findings = fc.uniqueArray(finding, {
  selector: ({ kind, target, subject = '' }) => `${kind} ${target} ${subject}`,
});

test('between two runs each finding is new, worse or unchanged, or else fixed or not seen again, and never two of them', () => {
  const identity = ({ kind, target, subject = '' }: Pick<ReportedFinding, 'kind' | 'target' | 'subject'>) =>
    `${kind} ${target} ${subject}`;
  holds(
    fc.property(findings, findings, fc.boolean(), (now, before, seen) => {
      const compared = compareFindings(now, before, () => seen);

      expect(compared.findings).toEqual(now.map((one, i) => ({ ...one, change: compared.findings[i]?.change })));
      const earlier = new Set(before.map(identity));
      const present = new Set(now.map(identity));
      for (const one of compared.findings) expect(one.change === 'new').toBe(!earlier.has(identity(one)));
      for (const one of compared.fixed) expect(present.has(identity(one))).toBe(false);
      const gone = before.filter((one) => !present.has(identity(one)) && one.severity !== 'info');
      expect(compared.fixed).toEqual(seen ? gone : []);
      expect(compareFindings(now, now, () => true)).toEqual({
        findings: now.map((one) => ({ ...one, change: 'unchanged' })),
        fixed: [],
      });
      const there = compared.findings.filter(({ change }) => change === 'worse').map(identity);
      const back = compareFindings(before, now, () => true).findings.filter(({ change }) => change === 'worse');
      // What rose one way cannot have risen the other way too, unless its value and its severity moved apart.
      for (const one of back.filter((each) => there.includes(identity(each)))) {
        expect(now.find((each) => identity(each) === identity(one))?.severity).not.toBe(one.severity);
      }
    }),
    300,
  );
});

test('trends keep the newest points of every measurement, one for each run that measured it', () => {
  const measurement = fc.record(
    {
      task: fc.constantFrom('a', 'b'),
      name: fc.constantFrom('x', 'y'),
      unit: fc.constantFrom(...UNITS),
      target: fc.constantFrom('main', 'copy'),
      subject: fc.constantFrom('', 'null', 'one'),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    },
    { requiredKeys: ['task', 'name', 'unit', 'target', 'value'] },
  );
  const keyOf = ({ task, name, unit, target, subject }: Omit<Trend, 'points'>) =>
    JSON.stringify({ task, name, unit, target, subject });
  holds(
    fc.property(fc.array(fc.uniqueArray(measurement, { selector: keyOf, maxLength: 6 }), { maxLength: 70 }), (runs) => {
      let trends: Trend[] = [];
      for (const [place, measured] of runs.entries()) {
        trends = continueTrends(trends, measured, new Date(place * 1_000).toISOString());
        for (const { points } of trends) expect(points.length).toBeLessThanOrEqual(60);
      }
      const measured = runs.flatMap((run, place) =>
        run.map((one) => ({ ...one, at: new Date(place * 1_000).toISOString() })),
      );
      expect(new Set(trends.map(keyOf))).toEqual(new Set(measured.map(keyOf)));
      for (const trend of trends) {
        const mine = measured.filter((one) => keyOf(one) === keyOf(trend)).slice(-60);
        expect(trend.points).toEqual(mine.map(({ at, value }) => [at, value]));
      }
    }),
    40,
  );
});

test('an instant in a key sorts as it comes, and names of steps are told apart', () => {
  const instants = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  holds(
    fc.property(instants, instants, (one, other) => {
      const [a, b] = [basicForm(one), basicForm(other)];
      expect(a).toMatch(/^\d{8}T\d{6}Z$/);
      expect(basicDay(one)).toBe(one.toISOString().slice(0, 10).replaceAll('-', ''));
      if (a < b) expect(one < other).toBe(true);
    }),
  );
  const step = fc.tuple(fc.integer({ min: 1, max: 999 }), fc.stringMatching(/^[a-z][a-z-]{0,20}$/));
  holds(
    fc.property(step, step, (one, other) => {
      expect(stepStem(...one) === stepStem(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});
