import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nearestWord } from '../../../lib/profiles/nearest-word.ts';

const WORDS = ['postgres-vacuum', 'postgres-analyze', 'vacuum', 'window', 'region', 'daily'];

test.each<{ word: string; nearest: string | undefined }>`
  word                | nearest
  ${'vaccum'}         | ${'vacuum'}
  ${'windwo'}         | ${'window'}
  ${'Region'}         | ${'region'}
  ${'regoin'}         | ${'region'}
  ${'dialy'}          | ${'daily'}
  ${'postgres-vacum'} | ${'postgres-vacuum'}
  ${'analyze'}        | ${'postgres-analyze'}
  ${'postgres'}       | ${undefined}
  ${'schedule'}       | ${undefined}
  ${'x'}              | ${undefined}
  ${''}               | ${undefined}
  ${'  '}             | ${undefined}
`('of "$word" the nearest word is $nearest', ({ word, nearest }) => {
  expect(nearestWord(word, WORDS)).toBe(nearest);
});

test('a word that is known is nearest to itself', () => {
  fc.assert(
    fc.property(fc.constantFrom(...WORDS), (word: string) => {
      expect(nearestWord(word, WORDS)).toBe(word);
    }),
  );
});

test('whatever is asked for, the answer is a candidate or nothing', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (word, candidates) => {
      const nearest = nearestWord(word, candidates);

      expect([...candidates, undefined]).toContain(nearest);
    }),
  );
});
