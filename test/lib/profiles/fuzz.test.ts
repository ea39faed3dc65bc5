import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PLATFORMS_FOLDER } from '../../../lib/profiles/inventory.ts';
import { problemText, type ProfileProblem } from '../../../lib/profiles/problem.ts';
import { resolvePlatform, environmentNames } from '../../../lib/profiles/resolve.ts';
import { PROFILE_ERRORS } from '../../../core/error-codes.ts';
import { ResolvedPlatform } from '../../../core/platform.ts';
import { FAKE_CATALOGUE } from './catalogue.ts';
import { readText } from './written.ts';

const EVENTCHAIN = await readFile(`${PLATFORMS_FOLDER}/eventchain.yaml`, 'utf8');
const RUNS = { numRuns: 200 };

/** Either the profile can be resolved everywhere, or every problem has its place. */
async function answersProperly(content: string | Uint8Array): Promise<void> {
  const read = await readText(content);
  if ('problems' in read) {
    expect(read.problems.length).toBeGreaterThan(0);
    for (const problem of read.problems) expectPlaced(problem);
    return;
  }
  for (const environment of environmentNames(read.profile)) {
    ResolvedPlatform.parse(resolvePlatform(read.profile, environment, FAKE_CATALOGUE));
  }
}

function expectPlaced(problem: ProfileProblem): void {
  expect(Object.keys(PROFILE_ERRORS)).toContain(problem.code);
  expect(problem.file).toBe('mine.yaml');
  expect(problem.line).toBeGreaterThanOrEqual(1);
  expect(problem.column).toBeGreaterThanOrEqual(1);
  expect(problem.message).not.toBe('');
  // What reaches a terminal is one line, without anything that commands it.
  expect(problemText(problem)).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
}

test('any bytes are read or refused with places', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), answersProperly), RUNS);
});

test('any text is read or refused with places', async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), answersProperly), RUNS);
});

const MARKS = fc.constantFrom(
  ...['{', '}', '[', ']', ':', '-', '&a', '*a', '? ', '|', '>', '"', "'", '!!str ', '#', '%', '@', '\t', '\n', '  '],
  ...[
    '~',
    'null',
    'true',
    '010',
    '.nan',
    '1e999',
    '<<: *a',
    '---',
    '...',
    '__proto__: 1',
    'parallel',
    'targets',
    '\u202e',
  ],
);

test('a good profile cut, doubled and sown with marks of YAML is read or refused with places', async () => {
  const at = fc.nat({ max: EVENTCHAIN.length });
  const change = fc.record({
    from: at,
    length: fc.nat({ max: 60 }),
    put: fc.oneof(MARKS, fc.string({ maxLength: 8 })),
  });
  const mutated = fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) =>
      changes.reduce(
        (text, { from, length, put }) => `${text.slice(0, from)}${put}${text.slice(from + length)}`,
        EVENTCHAIN,
      ),
    );

  await fc.assert(fc.asyncProperty(mutated, answersProperly), { numRuns: 300 });
});

test('a good profile with any value in the place of any line is read or refused with places', async () => {
  const lines = EVENTCHAIN.split('\n');
  const value = fc.oneof(MARKS, fc.json({ maxDepth: 3 }));
  const replaced = fc
    .tuple(fc.nat({ max: lines.length - 1 }), value)
    .map(([place, text]) =>
      lines
        .map((line, n) => (n === place ? line.replace(/(:|-) .*|:$/, (_all, mark) => `${mark ?? ':'} ${text}`) : line))
        .join('\n'),
    );

  await fc.assert(fc.asyncProperty(replaced, answersProperly), { numRuns: 300 });
});
