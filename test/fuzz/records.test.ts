import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidInput } from '../../core/errors.ts';
import { UNITS } from '../../core/finding.ts';
import { redact, Secret } from '../../core/secret.ts';
import { acceptResult, judgeStep } from '../../lambdas/runtime/judge-step.ts';
import { notJson, withoutSecrets } from '../../lambdas/runtime/records.ts';
import { executionKey } from '../../lambdas/runtime/run-keys.ts';
import { assertKey, assertPrefix, isKey } from '../../lambdas/runtime/store-key.ts';
import { task } from '../harness/tasks/check-healthy.ts';
import { anyText, holds } from './property.ts';

test('a key of the store is a path that stays where it belongs, and what is none is refused with the reason', () => {
  const part = fc.oneof(
    fc.stringMatching(/^[\w.-]{1,9}$/),
    fc.constantFrom('..', '.', '', '.versions', 'a b', 'ä', '%2F'),
    anyText,
  );
  const key = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('/'));
  holds(
    fc.property(key, (text) => {
      if (isKey(text)) {
        expect(() => assertKey(text)).not.toThrow();
        expect(new URL(`file:///store/${encodeURI(text)}`).pathname.startsWith('/store/')).toBe(true);
        expect(text.split('/')).not.toContain('..');
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_024);
        for (let end = 0; end <= text.length; end += 1) expect(() => assertPrefix(text.slice(0, end))).not.toThrow();
      } else {
        expect(() => assertKey(text)).toThrow(InvalidInput);
      }
    }),
    300,
  );
});

test('an execution of any name leads to its own run and to no other', () => {
  const name = fc
    .oneof(anyText, fc.stringMatching(/^[\w.-]{1,80}$/), fc.stringMatching(/^[a-zäöü _]{1,5}$/))
    .filter((text) => !text.includes(':'));
  holds(
    fc.property(name, name, (one, other) => {
      expect(isKey(executionKey(one))).toBe(true);
      expect(executionKey(one) === executionKey(other)).toBe(one === other);
      expect(executionKey(`arn:aws:states:eu-west-1:1:execution:daily:${one}`)).toBe(executionKey(one));
    }),
    300,
    {
      examples: [
        ['a b', 'a_b'],
        ['ä', 'ö'],
      ],
    },
  );
});

test('what is kept as JSON comes back as it was, and what JSON cannot carry is told with its place', () => {
  const value = fc.anything({ withDate: true, withMap: true, withBigInt: true, withNullPrototype: true });
  const canCarry = (given: unknown): boolean => {
    if (given === null || given === undefined || typeof given === 'string' || typeof given === 'boolean') return true;
    if (typeof given === 'number') return Number.isFinite(given);
    if (typeof given !== 'object') return false;
    const prototype: unknown = Object.getPrototypeOf(given);
    if (!Array.isArray(given) && prototype !== null && prototype !== Object.prototype) return false;
    return Object.values(given).every(canCarry);
  };
  holds(
    fc.property(value, (given) => {
      expect(notJson(given) === undefined).toBe(canCarry(given));
      if (canCarry(given)) expect(JSON.stringify(withoutSecrets(given, []))).toBe(JSON.stringify(given));
    }),
    300,
  );
});

test('a known secret is in no text of a value, however deep and in whatever field', () => {
  const secret = fc
    .stringMatching(/^[\w!"'<>&%\\ -]{8,20}$/)
    .filter((text) => text.trim() === text && !'[redacted]'.includes(text));
  holds(
    fc.property(secret, anyText, anyText, (text, before, after) => {
      const hidden = [new Secret(text)];
      const said = [
        text,
        encodeURIComponent(text),
        JSON.stringify(text).slice(1, -1),
        Buffer.from(text).toString('hex'),
      ];
      const value = { deep: said.map((form) => ({ down: [`${before} ${form} ${after}`] })) };
      const clean = JSON.stringify(withoutSecrets(value, hidden));
      for (const form of said) expect(clean).not.toContain(JSON.stringify(form).slice(1, -1));
      const once = redact(`${before}${text}${after}`, hidden);
      expect(redact(once, hidden)).toBe(once);
    }),
    150,
  );
});

test('whatever a task returns is either accepted or called nonsense, and no target passes without a word of it', () => {
  const word = fc.oneof(
    fc.constantFrom('main', 'copy', 'other', ...Object.keys(task.findings), 'not-readable'),
    anyText,
  );
  const finding = fc.record(
    { kind: word, target: word, summary: word, value: fc.double(), unit: fc.constantFrom(...UNITS, 'x') },
    { requiredKeys: ['kind', 'target', 'summary'] },
  );
  const measurement = fc.record({ name: word, value: fc.double(), unit: fc.constantFrom(...UNITS), target: word });
  const returned = fc.oneof(
    fc.anything(),
    fc.record({ findings: fc.array(finding, { maxLength: 3 }), measurements: fc.array(measurement, { maxLength: 3 }) }),
  );
  const targets = ['main', 'copy'];
  holds(
    fc.property(returned, (given) => {
      const accepted = acceptResult(task, targets, given);
      if ('nonsense' in accepted) {
        expect(accepted.nonsense).not.toBe('');
        return;
      }
      const { result } = accepted;
      const judged = judgeStep(task, targets, result, []);
      expect(judged.targets.map(({ target }) => target)).toEqual(targets);
      for (const { target, verdict } of judged.targets) {
        const isSilent = ![...result.findings, ...result.measurements].some((one) => one.target === target);
        if (isSilent) expect(verdict).toBe('unknown');
        if (verdict === 'pass') expect(result.measurements.length + result.findings.length).toBeGreaterThan(0);
      }
      for (const { means, remedy } of judged.findings) expect(means && remedy).toBeTruthy();
    }),
    300,
  );
});
