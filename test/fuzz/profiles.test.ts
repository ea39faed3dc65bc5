import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { parse } from 'yaml';
import { isReference, TARGET_KINDS, type TargetKind } from '../../core/target-kinds.ts';
import { addressRangeProblem } from '../../lib/profiles/address-range.ts';
import { nearestWord } from '../../lib/profiles/nearest-word.ts';
import { byPlace, foundText, pathText, problemText, withoutPasswords } from '../../lib/profiles/problem.ts';
import { decodeProfile, forbiddenCharacter } from '../../lib/profiles/profile-text.ts';
import { offsetOf, parseYaml, valueAt } from '../../lib/profiles/yaml-tree.ts';
import { anyText, holds, INHERITED } from './property.ts';

test('a profile is read as the same values that another reader of YAML finds, or refused with a place', () => {
  const MARKS = [
    'a: ',
    '- ',
    'b',
    '1',
    '"q"',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '# c',
    '&x ',
    '*x',
    '|\n',
    "'s'",
    'true',
    'null',
    '~',
    '1.5',
    ': ',
  ];
  const text = fc.array(fc.constantFrom(...MARKS), { maxLength: 14 }).map((parts) => parts.join(''));
  holds(
    fc.property(
      fc.oneof(
        text,
        fc.jsonValue().map((value) => JSON.stringify(value)),
        anyText,
      ),
      (written) => {
        const read = parseYaml(written);
        if ('complaints' in read) {
          expect(read.complaints.length).toBeGreaterThan(0);
          for (const { offset = 0, message } of read.complaints)
            expect(offset >= 0 && offset <= written.length && message !== '').toBe(true);
          return;
        }
        expect(read.root.value ?? null).toEqual(
          parse(written, { version: '1.2', schema: 'core', merge: false, stringKeys: true, logLevel: 'silent' }) ??
            null,
        );
        expect(valueAt(read.root, [])).toEqual(read.root.value);
        for (const [key] of read.root.children)
          expect(offsetOf(read.root, [key], 'key')).toBeLessThanOrEqual(written.length);
      },
    ),
    500,
  );
});

test('bytes are taken for a profile only where they are plain UTF-8 in which nothing hides', () => {
  holds(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        anyText.map((text) => new TextEncoder().encode(text)),
      ),
      (bytes) => {
        const decoded = decodeProfile(bytes);
        if ('complaint' in decoded) {
          expect(decoded.complaint.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
          return;
        }
        expect(Buffer.from(decoded.text)).toEqual(Buffer.from(bytes));
        expect(forbiddenCharacter(decoded.text)).toBeUndefined();
        expect(decoded.text).not.toMatch(/[\0\u202a-\u202e\u2066-\u2069\ufeff]/);
      },
    ),
    400,
  );
});

test('a range of addresses means the same however it is written, and what is allowed covers nothing that never may be', () => {
  const bits = fc.integer({ min: 0, max: 32 });
  const written = fc.constantFrom(
    (v4: string) => `::ffff:${v4}`,
    (v4: string) => `::FFFF:${v4}`,
    (v4: string) => `0:0:0:0:0:ffff:${v4}`,
    (v4: string) => `0000::FfFf:${v4}`,
  );
  holds(
    fc.property(fc.ipV4(), bits, written, fc.ipV6(), anyText, (v4, length, how, v6, text) => {
      expect(addressRangeProblem(`${how(v4)}/${96 + length}`)?.code).toBe('CIDR_SYNTAX');
      const range = ipaddr.IPv4.networkAddressFromCIDR(`${v4}/${length}`).toString();
      const problem = addressRangeProblem(`${range}/${length}`);
      if (range !== v4) expect(addressRangeProblem(`${v4}/${length}`)?.code).toBe('CIDR_SYNTAX');
      if (length < 8) expect(problem?.code).toBe('CIDR_TOO_WIDE');
      else {
        const linkLocal = ipaddr.IPv4.parse('169.254.0.0');
        const isMet = linkLocal.match(ipaddr.IPv4.parse(range), Math.min(length, 16));
        expect(problem?.code).toBe(isMet ? 'CIDR_PROTECTED' : undefined);
      }
      if (addressRangeProblem(`${v6}/128`) === undefined) expect(ipaddr.parse(v6).range()).not.toBe('linkLocal');
      if (addressRangeProblem(text) === undefined) expect(ipaddr.isValidCIDR(text)).toBe(true);
    }),
    300,
    {
      examples: [
        ['10.0.0.0', 8, (v4: string) => `::FFFF:${v4}`, '::1', ''],
        ['169.0.0.0', 8, (v4: string) => `::ffff:${v4}`, '::0:0:0:0.0.0.0', ''],
      ],
    },
  );
});

test('the settings of a target are refused in words or taken, and an address with a password in it never is', () => {
  const kind = fc.constantFrom(...(Object.keys(TARGET_KINDS) as TargetKind[]));
  const address = fc
    .tuple(
      fc.constantFrom('https', 'postgres', 'redis', 's3', 'tls', 'x'),
      anyText,
      fc.constantFrom('host', 'a"'.repeat(9_000), ''),
    )
    .map(([scheme, user, host]) => `${scheme}://${user}:canary@${host}/`);
  holds(
    fc.property(
      kind,
      fc.oneof(
        address,
        anyText,
        anyText.map((text) => `secret:${text}`),
      ),
      (of, url) => {
        const parsed = TARGET_KINDS[of].schema.safeParse({ url, kubeconfig: url, tag: url });
        if (!parsed.success) {
          for (const { message } of parsed.error.issues) expect(message).not.toContain('canary');
          return;
        }
        if (!isReference(url) && TARGET_KINDS[of].addresses.length > 0) expect(new URL(url).password).toBe('');
      },
    ),
    300,
    { examples: [['endpoints', `https://${'Arn"'.repeat(20_000)}`]] },
  );
});

test('a problem of a profile is one line without a password, whatever was written', () => {
  const word = fc.oneof(anyText, fc.constantFrom(...INHERITED));
  const secret = fc.stringMatching(/^canary[a-z0-9]{5}$/);
  holds(
    fc.property(
      word,
      fc.array(fc.oneof(word, fc.nat(9)), { maxLength: 4 }),
      secret,
      fc.array(word, { maxLength: 3 }),
      (message, path, hidden, allowed) => {
        const found = foundText(`postgres://app:${hidden}@db/x?password=${hidden}`);
        expect(found).not.toContain('canary');
        expect(withoutPasswords(`a //u:${hidden}@h b=token=${hidden} //v:${hidden}@i`)).not.toContain('canary');
        const problem = {
          code: 'CFG_VALUE' as const,
          file: 'mine.yaml',
          line: 1,
          column: 1,
          path: pathText(path),
          message: 'wrong',
          found: foundText(message),
          allowed: allowed.map((one) => foundText(one)),
        };
        expect(problemText(problem)).not.toMatch(/[\n\r]/);
        expect(byPlace(problem, { ...problem, line: 2 })).toBeLessThan(0);
        expect(byPlace(problem, problem)).toBe(0);
        const nearest = nearestWord(message, allowed);
        if (nearest !== undefined) expect(allowed).toContain(nearest);
      },
    ),
    200,
  );
});
