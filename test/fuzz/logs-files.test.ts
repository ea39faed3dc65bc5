import { gzipSync, zstdCompressSync } from 'node:zlib';
import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { linesOf, LogDamaged, LONGEST_LINE } from '../../lambdas/tasks/logs/_auth-bytes.ts';
import { byTurn, logName } from '../../lambdas/tasks/logs/_auth-series.ts';
import { byteName, isExempt, quotedPath, roleOf, shownPath, stemOf } from '../../lambdas/tasks/logs/_log-name.ts';
import { hasRoom, workingName } from '../../lambdas/tasks/logs/_put-away.ts';
import { bytesInWords, daysInWords, dueOf, gzipNameOf } from '../../lambdas/tasks/logs/_retention.ts';
import { anyText, holds, holdsAsync } from './property.ts';

const WRITTEN = Date.parse('2026-11-21T12:00:00Z');

async function linesIn(pieces: readonly Uint8Array[]): Promise<string[]> {
  async function* stream() {
    for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
  }
  const lines: string[] = [];
  for await (const some of linesOf(stream())) lines.push(...some);
  return lines;
}

test('a log has the same lines whether it is compressed or not and wherever its pieces begin and end', async () => {
  const text = fc
    .array(fc.oneof(anyText, fc.constant('a'.repeat(LONGEST_LINE + 3))), { maxLength: 6 })
    .map((lines) => lines.join('\n'));
  await holdsAsync(
    fc.asyncProperty(
      text,
      fc.array(fc.nat(100_000), { maxLength: 6 }),
      fc.constantFrom('none', 'gzip', 'zstd'),
      async (log, cuts, how) => {
        const plain = Buffer.from(log);
        const start = plain.subarray(0, 6).toString('hex');
        fc.pre(!/^(1f8b|28b52ffd|fd377a585a00|425a68|04224d18|1f9d)/.test(start));
        const body = how === 'gzip' ? gzipSync(plain) : how === 'zstd' ? zstdCompressSync(plain) : plain;
        const places = [6, ...cuts.map((cut) => 6 + (cut % Math.max(1, body.length))), body.length].sort(
          (a, b) => a - b,
        );
        const pieces = [body.subarray(0, 6), ...places.slice(1).map((place, i) => body.subarray(places[i], place))];
        const expected = plain
          .toString()
          .replace(/^\uFEFF/, '')
          .split('\n')
          .map((line) => line.slice(0, LONGEST_LINE));
        if (expected.at(-1) === '') expected.pop();
        expect(await linesIn(pieces)).toEqual(expected);
        if (how === 'none' || body.length < 20) return;
        await expect(linesIn([body.subarray(0, body.length - 9)])).rejects.toThrow(LogDamaged);
      },
    ),
    60,
    // What follows a line that is too long is a line again.
    { examples: [[`${'a'.repeat(LONGEST_LINE + 3)}\nnext\nlast`, [LONGEST_LINE - 4, LONGEST_LINE], 'none']] },
  );
});

const name = fc.oneof(
  fc.stringMatching(/^[a-z]{1,6}\.log([.-]\d{1,3}|-20260[1-9]0[1-9])?(\.gz|\.zst)?$/),
  anyText.filter((text) => text !== '' && !/[/\0]/.test(text)),
);

test('a path in a command is taken by a real shell for the bytes of that path', () => {
  const bytes = fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((all) => Buffer.from(all.filter((byte) => byte !== 0)).toString('latin1'));
  const paths = fc.array(fc.oneof(bytes, name.filter((text) => text.isWellFormed()).map(byteName)), {
    minLength: 20,
    maxLength: 40,
  });
  holds(
    fc.property(paths, (given) => {
      const script = given.map((path) => `printf '%s\\0' ${quotedPath(path)}`).join('\n');
      const printed = execFileSync('/bin/bash', ['-c', script], { encoding: 'latin1', timeout: 10_000 });
      expect(printed.split('\0').slice(0, -1)).toEqual(given);
    }),
    6,
  );
  holds(
    fc.property(
      fc.oneof(
        bytes,
        name.map(byteName),
        name.map((text) => byteName(text.repeat(60))),
      ),
      (path) => {
        const seen = shownPath(path);
        expect(seen).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect([...seen].length).toBeLessThanOrEqual(500);
      },
    ),
    200,
    { examples: [[byteName(`a${'\u{1f600}'.repeat(600)}`)]] },
  );
});

test('evidence is exempt whatever the profile says, and a name is given back from each of its turns', () => {
  const evidence = fc.constantFrom('audit', 'auth', 'secure', 'wtmp', 'journal', 'legal-hold', 'cloudtrail');
  const pattern = fc.string({ unit: fc.constantFrom('a', '*', '.', 'l', 'o', 'g'), maxLength: 6 });
  holds(
    fc.property(evidence, name, fc.array(pattern, { maxLength: 3 }), (word, file, patterns) => {
      expect(isExempt(`var/${word}/${byteName(file)}`, patterns)).toBe(true);
      const own = byteName(file);
      if (isExempt(own, patterns)) expect(isExempt(own, [...patterns, 'x'])).toBe(true);
      const role = roleOf(own);
      if (role !== undefined) expect(stemOf(own)).toMatch(/\.log$/i);
      const turned = logName(file);
      expect(turned.name).toBe(file);
      expect(logName(`${file}.1`).series).toBe(file);
      expect(byTurn(logName(`${file}.1`), logName(`${file}.2`))).toBeLessThan(0);
      expect(hasRoom(own)).toBe(workingName(own, 'aside').length <= 255);
    }),
    200,
  );
});

test('only what is old enough is due, and what is deleted was compressed before', () => {
  const role = fc.constantFrom('live', 'rotated', 'compressed');
  const limits = { compressAfterSeconds: 86_400, deleteAfterSeconds: 864_000, quietForSeconds: 3_600, largeBytes: 1 };
  holds(
    fc.property(role, fc.integer({ min: -200_000, max: 2_000_000 }), fc.nat(10), (of, age, sizeBytes) => {
      const now = new Date(WRITTEN);
      const file = {
        role: of,
        name: 'app.log.1',
        sizeBytes,
        mtimeNs: BigInt(WRITTEN - age * 1_000) * 1_000_000n,
      } as const;
      const due = dueOf(file, now, limits);
      if (due === 'delete') expect(of === 'compressed' && age >= limits.deleteAfterSeconds).toBe(true);
      if (due === 'compress')
        expect(of !== 'compressed' && age >= limits.compressAfterSeconds && sizeBytes > 0).toBe(true);
      if (age < -86_400) expect(due).toBe('implausible-date');
      expect(gzipNameOf(file)).toMatch(/\.gz$/);
      expect(daysInWords(Math.max(0, age))).toMatch(/^\d+ days?$/);
      expect(bytesInWords(Math.abs(age) ** 2)).toMatch(/^[\d.]+ (bytes|[kMGTP]B)$/);
    }),
    200,
  );
});
