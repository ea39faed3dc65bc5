import { expect, test } from '@jest/globals';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { proofsOf } from '../../lib/docs/proofs-page.ts';
import { proofsIn, readProofs } from '../../lib/docs/read-proofs.ts';
import { REPOSITORY } from '../harness/cruise.ts';

const entries = [...(await loadCatalogue()).values()];
const proofs = await readProofs(REPOSITORY);

test.each(entries.map((entry) => [entry.task.name, entry] as const))(
  '%s has a test for each of its findings',
  (_name, entry) => {
    const unproven = Object.keys(entry.task.findings).filter(
      (kind) => proofsOf(entry, kind, proofs, entries).length === 0,
    );
    expect(unproven).toEqual([]);
  },
);

test('a test is read with its title and with the words of what it uses in its file', () => {
  const text = `
    const STALE = { kind: 'stale' };
    function expectCut() { return 'cut-short'; }
    describe('a dump', () => {
      test('that is old is stale', () => { expect(found()).toEqual([STALE]); });
    });
    test.each([{ kind: 'empty' }])('of no rows is $kind', ({ kind }) => { expectCut(); });
    test.each<Row>\`
      kind
      \${['swapped']}
    \`('of memory is $kind', () => {});
    other('is no test', () => 'nothing');
  `;
  expect(proofsIn('x.test.ts', text).map(({ title, words }) => [title, [...words]])).toEqual([
    ['that is old is stale', ['that is old is stale', 'stale']],
    ['of no rows is $kind', ['empty', 'of no rows is $kind', 'cut-short']],
    ['of memory is $kind', ['swapped', 'of memory is $kind']],
  ]);
});
