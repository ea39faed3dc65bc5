import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Unavailable } from '../../core/errors.ts';
import { isRefusal, refusedPath } from '../../lambdas/runtime/folder-grant.ts';
import { failureOf, HttpFailure, printable, wordsOf } from '../../lambdas/runtime/http-failure.ts';
import { accountIn, isDenied, policyGrant } from '../../lambdas/runtime/policy-grant.ts';
import { nameOf, s3Failure, statusOf, wasSentBefore } from '../../lambdas/runtime/s3-failure.ts';
import { shellWord } from '../../lambdas/runtime/shell-word.ts';
import { anyText, holds } from './property.ts';

test('a word for a shell is read by a real shell as the very same text', () => {
  const words = fc.array(
    anyText.filter((text) => !text.includes('\0') && text.isWellFormed() && text !== ''),
    {
      minLength: 40,
      maxLength: 80,
    },
  );
  holds(
    fc.property(words, (texts) => {
      const script = texts.map((text) => `printf '%s\\0' ${shellWord(text)}`).join('\n');
      const shown = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', timeout: 10_000 });
      expect(shown.split('\0').slice(0, -1)).toEqual(texts);
    }),
    10,
    { examples: [[['-rf', '~', '*', '$(id)', "a'b", 'a\nb', '!x', '#', 'A=b', '']]] },
  );
});

const errorLike = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(anyText, fc.constant(undefined), fc.constant(null), fc.constant(Object.create(null) as object)),
    fc.record(
      {
        name: fc.oneof(fc.constantFrom('AccessDenied', 'SlowDown'), anyText),
        code: fc.oneof(fc.constantFrom('EACCES', 'ECONNREFUSED', 'HPE_INVALID_VERSION', 'Z_DATA_ERROR'), anyText),
        path: anyText,
        message: anyText,
        reason: anyText,
        $metadata: fc.option(fc.record({ httpStatusCode: fc.nat(600), attempts: fc.nat(4) }), { nil: undefined }),
        cause: tie('value'),
      },
      { requiredKeys: [] },
    ),
  ),
})).value;

const PHASES = ['looking-up', 'connecting', 'shaking-hands', 'waiting', 'reading'] as const;

test('whatever an exchange throws becomes a failure in one printable line that names who failed', () => {
  holds(
    fc.property(
      errorLike,
      fc.constantFrom(...PHASES),
      fc.constantFrom('time-out', 'deadline', undefined),
      (thrown, phase, stopped) => {
        const failure = failureOf(thrown, { label: 'shop.example:443', phase, timeoutSeconds: 5, stopped });
        expect(failure).toBeInstanceOf(HttpFailure);
        expect(failure.message).toMatch(/^shop\.example:443 /);
        expect(failure.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
        expect(typeof wordsOf(thrown)).toBe('string');
      },
    ),
    200,
  );
});

/** Two errors each of which is the cause of the other, as a driver may throw them. */
function circle(): Error {
  const first = new Error('first');
  first.cause = new Error('second', { cause: first });
  return first;
}

test('what AWS or the system refused is read from any error, one that is its own cause included', () => {
  holds(
    fc.property(errorLike, (thrown) => {
      expect(typeof isDenied(thrown)).toBe('boolean');
      expect(typeof isRefusal(thrown)).toBe('boolean');
      expect(['string', 'undefined']).toContain(typeof refusedPath(thrown));
      expect(accountIn(thrown) ?? '000000000000').toMatch(/^\d{12}$/);
      const failure = s3Failure('GetObject', 'bucket', 'a key', thrown);
      expect(failure).toBeInstanceOf(Unavailable);
      expect(failure.message).toContain('GetObject of "a key" in s3://bucket failed');
      expect(failure.message).not.toMatch(/native code|function/);
      expect(typeof nameOf(thrown)).toBe('string');
      expect(['number', 'undefined']).toContain(typeof statusOf(thrown));
      expect(typeof wasSentBefore(thrown)).toBe('boolean');
    }),
    200,
    { examples: [[circle()], [{ name: 'constructor' }], [{ name: 'toString', message: 'x' }]] },
  );
});

test('a policy gives what was asked for, and beyond it only the one thing that AWS named', () => {
  const permission = fc.record({
    actions: fc.array(anyText, { maxLength: 3 }),
    resources: fc.array(anyText, { maxLength: 3 }),
  });
  const named = fc.oneof(
    anyText,
    anyText.map((text) => `User is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:${text}`),
  );
  holds(
    fc.property(fc.array(permission, { maxLength: 3 }), named, (permissions, message) => {
      const policy = JSON.parse(policyGrant(permissions, new Error(message))) as {
        Statement: readonly { Effect: string; Action: readonly string[]; Resource: readonly string[] }[];
      };
      const [asked, more] = [policy.Statement.slice(0, permissions.length), policy.Statement.slice(permissions.length)];
      expect(asked.map(({ Action, Resource }) => ({ actions: Action, resources: Resource }))).toEqual(
        permissions.map(({ actions, resources }) => ({ actions: [...actions], resources: [...resources] })),
      );
      expect(more.length).toBeLessThanOrEqual(1);
      for (const { Effect, Action, Resource } of more) {
        expect({ Effect, Action }).toEqual({ Effect: 'Allow', Action: ['kms:Decrypt'] });
        expect(Resource[0]).toMatch(/^arn:aws:kms:\S*$/);
      }
    }),
    200,
  );
});

test('a text made printable is one line, no longer than allowed, and is marked as cut only where it was', () => {
  holds(
    fc.property(anyText, fc.integer({ min: 2, max: 30 }), (text, most) => {
      const shown = printable(text, most);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect([...shown].length).toBeLessThanOrEqual(most);
      const whole = printable(text, 10_000);
      if (shown !== whole) expect(whole.startsWith(shown.slice(0, -1)) && [...whole].length > most).toBe(true);
      expect(printable(shown, most)).toBe(shown);
    }),
    300,
    { examples: [['\u{1f600}'.repeat(20), 30]] },
  );
});
