import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errorsOf, missingFields, numberOf, parseInfo, totalsOf } from '../../lambdas/tasks/redis/_info.ts';
import { patternOf, sharedPatterns } from '../../lambdas/tasks/redis/_key-pattern.ts';
import { pageOf } from '../../lambdas/tasks/redis/_key-sample.ts';
import { judgePersistence } from '../../lambdas/tasks/redis/_persistence.ts';
import { inBytes, inCount, percentOf } from '../../lambdas/tasks/redis/_quantity.ts';
import { missingRight } from '../../lambdas/tasks/redis/_rights.ts';
import { changeSince, countersOf } from '../../lambdas/tasks/redis/_since-last-run.ts';
import { anyText, holds, INHERITED } from './property.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

/** A literal in one of the ways of SQL, with a word in it that must not be seen. */
const canary = fc.stringMatching(/^[a-z]{3}canary[a-z]{3}$/);

const infoLine = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        'used_memory',
        'maxmemory',
        'evicted_keys',
        'role',
        'uptime_in_seconds',
        'errorstat_OOM',
        'db0',
        ...INHERITED,
      ),
      fc.oneof(fc.nat().map(String), anyText, fc.constantFrom('count=5', 'keys=5,expires=2', '', 'NaN', '-1', '0x10')),
    )
    .map(([name, value]) => `${name}:${value}`),
  fc.constantFrom('# Memory', '# Keyspace', '# Errorstats', ''),
  anyText,
);

test('the answer of INFO is read line by line, and what is no number is no number', () => {
  holds(
    fc.property(fc.array(infoLine, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
      const info = parseInfo(lines.join(end));
      const value = numberOf(info, 'used_memory');
      expect(value === undefined || Number.isFinite(value)).toBe(true);
      const { keys, withoutExpiry } = totalsOf(info);
      expect(keys >= 0 && withoutExpiry <= keys).toBe(true);
      expect(errorsOf(info, 'OOM') ?? 0).toBeGreaterThanOrEqual(0);
      if (value === undefined) expect(missingFields(info)).toContain('used_memory');
      const counters = countersOf(info, NOW);
      const change = changeSince(info, NOW, counters);
      if (change)
        expect(Math.min(change.evictedKeys, change.refusedWrites)).toBeGreaterThanOrEqual(
          Math.min(0, counters?.evictedKeys ?? 0),
        );
      for (const { command } of judgePersistence('cache', info)) expect(command).toMatch(/^BG(SAVE|REWRITEAOF)$/);
    }),
    300,
  );
});

test('the name of a key is shown by what many keys share, and no word of a single one of them is', () => {
  const secret = fc.stringMatching(/^[a-z]{2}canary[a-z]{2}$/);
  const common = fc.stringMatching(/^(session|cart|user)$/);
  holds(
    fc.property(
      common,
      fc.uniqueArray(secret, { minLength: 2, maxLength: 8 }),
      fc.constantFrom(':', '/', '.', '|'),
      anyText,
      (word, secrets, mark, odd) => {
        const names = [
          ...secrets.map((text) => `${word}${mark}${text}${mark}x`),
          ...Array.from({ length: 20 }, (_, i) => `${word}${mark}${i}`),
          odd,
        ];
        const shared = sharedPatterns(names);
        for (const name of names) {
          const pattern = patternOf(name, shared);
          expect(pattern).not.toMatch(/canary/);
          expect(pattern).not.toMatch(/[^\x21-\x7e]/);
          expect(pattern.length).toBeLessThanOrEqual(80);
        }
        expect(patternOf(names[0] ?? '', shared).startsWith(word)).toBe(true);
      },
    ),
    100,
  );
});

test('what a server answers to SCAN is a page of it or a refusal in words, which quote no key', () => {
  const reply = fc.oneof(
    fc.anything(),
    fc.tuple(
      anyText,
      fc.array(
        fc.oneof(
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
          anyText,
        ),
      ),
    ),
  );
  holds(
    fc.property(reply, canary, fc.constantFrom('NOPERM', 'ERR unknown command', 'WRONGTYPE'), (given, key, start) => {
      const page = pageOf({ reply: given } as never);
      if ('refused' in page) expect(page.refused).not.toBe('');
      else expect(page.keys.every((one) => Buffer.isBuffer(one))).toBe(true);
      const right = missingRight('MEMORY', `${start} no permission for the key '${key}'`);
      expect(right.words).not.toContain('canary');
      expect(right.grant('app', undefined) ?? 'ACL SETUSER app').toMatch(/^ACL SETUSER app/);
    }),
    150,
  );
  holds(
    fc.property(fc.nat(), fc.nat(), (part, whole) => {
      expect(inBytes(part)).toMatch(/^[\d.]+ ([KMGT]i)?B$/);
      expect(Number(inCount(part).replaceAll(',', ''))).toBe(part);
      expect(percentOf(Math.min(part, whole), whole)).toBeLessThanOrEqual(100);
    }),
    60,
  );
});
