import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { secondsToFull } from '../../lambdas/tasks/metrics/_fill.ts';
import {
  areNotGrouped,
  byGroup,
  keyOf,
  listed,
  nameOf,
  placeOf,
  subjectOf,
} from '../../lambdas/tasks/metrics/_groups.ts';
import { quantileOf } from '../../lambdas/tasks/metrics/_histogram.ts';
import { bytesText, percentText, rounded, secondsText, shown } from '../../lambdas/tasks/metrics/_number-text.ts';
import { judgePresence, nextHosts } from '../../lambdas/tasks/metrics/_presence.ts';
import { exactly, quoted } from '../../lambdas/tasks/metrics/_promql.ts';
import { ofFirstSubjects, worstFirst } from '../../lambdas/runtime/worst-first.ts';
import { anyText, holds } from './property.ts';

const NOW_SECONDS = 1_792_000_000;

const labels = fc.dictionary(fc.constantFrom('job', 'path'), anyText);

const by = fc.uniqueArray(fc.constantFrom('job', 'path', 'constructor', 'toString'), { maxLength: 3 });

test('groups are told apart by the labels that they are made by and by nothing else', () => {
  const valueOf = (given: Readonly<Record<string, string>>, name: string) =>
    (Object.hasOwn(given, name) ? given[name] : undefined) ?? '';
  holds(
    fc.property(labels, labels, by, (one, other, names) => {
      const same = names.every((name) => valueOf(one, name) === valueOf(other, name));
      expect(keyOf(one, names) === keyOf(other, names)).toBe(same);
      expect(
        byGroup(
          [
            { labels: one, value: 1 },
            { labels: other, value: 2 },
          ],
          names,
        ).size,
      ).toBe(same ? 1 : 2);
      expect(exactly(one, names)).toEqual(names.map((name) => `${name}=${quoted(valueOf(one, name))}`));
      const subject = subjectOf(one, names);
      expect(subject ?? '').not.toMatch(/\p{Cc}|native code/u);
      expect(nameOf(one, names)).toBe(subject ?? 'all requests');
      expect(placeOf('main', one, names)).toEqual(
        subject === undefined ? { target: 'main' } : { target: 'main', subject },
      );
      expect(areNotGrouped([{ labels: one }], names)).toBe(names.length > 0 && subject === undefined);
      expect(listed([...names, 'a'], 2).split(', ').length).toBeLessThanOrEqual(2);
    }),
    300,
  );
});

test('a quantile lies between the bounds of its bucket, grows with the share asked for, and is never made of nothing', () => {
  const counts = fc.array(fc.nat(50), { minLength: 1, maxLength: 6 });
  const quantile = fc.double({ min: 0.01, max: 0.999, noNaN: true });
  holds(
    fc.property(counts, quantile, quantile, (given, one, other) => {
      let sum = 0;
      const buckets = given.map((count, i) => ({
        le: i === given.length - 1 ? Infinity : (i + 1) / 10,
        count: (sum += count),
      }));
      const found = quantileOf(buckets, one);
      expect(found).toEqual(quantileOf(buckets.toReversed(), one));
      if (sum === 0) {
        expect(found.state).toBe('none');
        return;
      }
      if (found.state === 'none') throw new Error(found.reason);
      const rank = one * sum;
      const at = buckets.findIndex(({ count }) => count >= rank);
      const [low, high] = [at > 0 ? (buckets[at - 1]?.le ?? 0) : 0, buckets[at]?.le ?? 0];
      expect(found.state).toBe(high === Infinity ? 'above' : 'estimated');
      expect(found.value).toBeGreaterThanOrEqual(low);
      expect(found.value).toBeLessThanOrEqual(high);
      const further = quantileOf(buckets, other);
      if (further.state !== 'none' && other > one) expect(further.value).toBeGreaterThanOrEqual(found.value - 1e-9);
    }),
    300,
  );
});

test('buckets of any values at all give a number or the reason why there is none', () => {
  const bucket = fc.record({ le: fc.double(), count: fc.double() });
  holds(
    fc.property(fc.array(bucket, { maxLength: 5 }), fc.double({ min: 0, max: 1, noNaN: true }), (buckets, quantile) => {
      const found = quantileOf(buckets, quantile);
      if (found.state === 'none') expect(found.reason).not.toBe('');
      else expect(found.state).toMatch(/^(estimated|above)$/);
    }),
    200,
  );
});

test('a disk that does not shrink is never foretold to be full, and one that does is in time', () => {
  const start = fc.integer({ min: 1_000, max: 1_000_000 });
  holds(
    fc.property(start, fc.integer({ min: -500, max: 900 }), fc.integer({ min: 4, max: 9 }), (free, perDay, days) => {
      const points = Array.from({ length: days + 1 }, (_, i) => ({
        at: NOW_SECONDS + i * 86_400,
        value: free * 10 - perDay * i,
      }));
      const last = points.at(-1)?.value ?? 0;
      const seconds = secondsToFull({ days: points, hours: [] });
      if (perDay <= 0) expect(seconds).toBeUndefined();
      else expect(seconds).toBeCloseTo((last / perDay) * 86_400, -2);
    }),
    100,
  );
  const point = fc.record({ at: fc.nat(1_000_000), value: fc.double() });
  holds(
    fc.property(fc.array(point, { maxLength: 12 }), fc.array(point, { maxLength: 12 }), (days, hours) => {
      const inOrder = (points: typeof days) => points.toSorted((a, b) => a.at - b.at);
      const seconds = secondsToFull({ days: inOrder(days), hours: inOrder(hours) });
      expect(seconds === undefined || !Number.isNaN(seconds)).toBe(true);
    }),
    200,
  );
});

test('a number in a sentence is the number that was measured, to three digits', () => {
  const value = fc.double({ min: -1e15, max: 1e15, noNaN: true });
  holds(
    fc.property(value, (given) => {
      const read = Number(shown(given).replaceAll(',', ''));
      expect(Math.abs(read - given)).toBeLessThanOrEqual(
        Math.max(Math.abs(given) * 0.006, 0.5 * Number(Math.abs(given) >= 100)),
      );
      expect(rounded(rounded(given))).toBe(rounded(given));
      expect(percentText(given)).toBe(`${shown(given)} %`);
      expect(secondsText(given)).toMatch(/^-?[\d.,e+-]+ m?s$/);
      expect(bytesText(Math.abs(given))).toMatch(/^[\d.,e+-]+ ([KMGTP]i)?B$/);
    }),
    300,
  );
});

test('of many findings the worst of each kind are kept, and how many are left out is said', () => {
  const finding = fc.record({ kind: fc.constantFrom('a', 'b'), value: fc.nat(100), summary: fc.constant('s') });
  holds(
    fc.property(fc.array(finding, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (given, most) => {
      const all = given.map((one) => ({ ...one, target: 'main', limit: 0 }));
      const kept = worstFirst(all, most);
      for (const kind of ['a', 'b']) {
        const [of, its] = [all.filter((one) => one.kind === kind), kept.filter((one) => one.kind === kind)];
        expect(its.length).toBe(Math.min(most, of.length));
        expect(its.map(({ value }) => value)).toEqual(
          of
            .map(({ value }) => value)
            .toSorted((a, b) => b - a)
            .slice(0, most),
        );
        const rest = of.length - most;
        expect(its.some(({ summary }) => summary.includes('more like it'))).toBe(rest > 0);
      }
      const measured = given.map(({ kind, value }) => ({
        name: 'n',
        value,
        unit: 'count' as const,
        target: 'main',
        subject: `${kind}${value}`,
      }));
      expect(new Set(ofFirstSubjects(measured, most).map(({ subject }) => subject)).size).toBeLessThanOrEqual(most);
    }),
    150,
  );
});

test('a machine that was seen once and is not there is spoken of until it is forgotten', () => {
  const names = fc.subarray(['a', 'b', 'c', 'd']);
  const now = new Date(NOW_SECONDS * 1_000);
  const forgetAfter = 86_400;
  holds(
    fc.property(names, names, names, fc.nat(200_000), (known, present, down, ageSeconds) => {
      const lastSeen = new Date(now.getTime() - ageSeconds * 1_000).toISOString();
      const presence = { present, down, seen: new Map() };
      const hosts = nextHosts(
        known.map((name) => ({ name, lastSeen })),
        presence,
        { now, forgetAfter },
      );
      const findings = judgePresence('main', presence, hosts, { now, expectedHosts: undefined, forgetAfter });
      for (const name of ['a', 'b', 'c', 'd']) {
        const isRemembered = known.includes(name) && ageSeconds <= forgetAfter;
        const isMissed = !present.includes(name) && (isRemembered || down.includes(name));
        expect(findings.filter(({ subject }) => subject === name).length).toBe(isMissed ? 1 : 0);
      }
    }),
    150,
  );
});
