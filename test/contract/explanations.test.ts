import { describe, expect, test } from '@jest/globals';
import { RUNTIME_KINDS } from '../../core/finding.ts';
import { commandProblems } from '../harness/finding-commands.ts';
import { explanationProblems } from './task-contract.ts';

test.each(Object.entries(RUNTIME_KINDS))(
  '%s, of the runtime itself, explains itself in four texts',
  (kind, declared) => {
    expect(explanationProblems(kind, declared)).toEqual([]);
  },
);

test('an info kind may leave out what follows from it, and says a sentence where it does not', () => {
  const noted = { severity: 'info', means: 'It was seen.', remedy: 'Nothing.' } as const;
  expect(explanationProblems('seen', noted)).toEqual([]);
  expect(explanationProblems('seen', { ...noted, matters: 'not yet' })).toEqual([
    'matters of seen is no sentence: "not yet"',
  ]);
});

describe('the command of a finding', () => {
  test.each([
    'ALTER TABLE "a b"."c" RESET (autovacuum_enabled);',
    'SELECT 1 FROM t WHERE a < 5 AND b > 3;',
    'kubectl --namespace shop logs web-1 --previous --tail=100',
    'SELECT 1; SELECT 2;',
  ])('may be %j', (command) => {
    expect(commandProblems([{ kind: 'late', command }, { kind: 'other' }])).toEqual([]);
  });

  test.each([
    'kubectl logs <pod>',
    'ALTER TABLE … RESET',
    'rm ...',
    'echo $POD_NAME',
    '{{ name }}',
    ' ',
    'a\u001b[2J',
    'a\u202eb',
    'one\ntwo',
  ])('is never %j', (command) => {
    expect(commandProblems([{ kind: 'late', command }])).toEqual([expect.stringMatching(/^the command of late /)]);
  });
});
