import { expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { proofsOf } from '../../lib/docs/proofs-page.ts';
import { Modules, type Proof, proofsIn, readProofs } from '../../lib/docs/read-proofs.ts';
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

const KINDS = ['stale', 'empty', 'cut-short', 'swapped', 'nothing'];

test('a test is read with its title and with the words of what it uses in its file', async () => {
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
  const folder = await mkdtemp(join(tmpdir(), 'fettle-proofs-'));
  await writeFile(join(folder, 'x.test.ts'), text);
  const read = proofsIn('x.test.ts', new Modules(folder));
  await rm(folder, { recursive: true });
  const kindsOf = ({ words }: Proof) => KINDS.filter((kind) => words.has(kind));
  expect(read.map((proof) => [proof.title, kindsOf(proof)])).toEqual([
    ['a dump that is old is stale', ['stale']],
    ['of no rows is $kind', ['empty', 'cut-short']],
    ['of memory is $kind', ['swapped']],
  ]);
});
