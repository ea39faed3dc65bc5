import { beforeAll, expect, test } from '@jest/globals';
import { loadCatalogue, type Catalogue } from '../../lambdas/catalogue.ts';
import { explanationsOf, explanationText, everyExplanation, nearestWords } from '../../lib/explain.ts';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await loadCatalogue();
});

test('a finding is explained in four parts', () => {
  const [explanation] = explanationsOf(catalogue, 'crash-looping');
  const text = explanation ? explanationText(explanation) : '';

  for (const part of ['What it means', 'Why it matters', 'Do now', 'Do for good']) expect(text).toContain(part);
  expect(text).toMatch(/^kubernetes-check-pods\/crash-looping \(fail\)\n/);
});

test('the words of a report find the finding of that task only', () => {
  expect(explanationsOf(catalogue, 'postgres-vacuum/locked').map(({ task }) => task)).toEqual(['postgres-vacuum']);
  expect(explanationsOf(catalogue, 'locked').length).toBeGreaterThan(1);
  expect(explanationsOf(catalogue, 'backups-verify/locked')).toEqual([]);
});

test('what the runtime finds is explained for every task', () => {
  expect(explanationsOf(catalogue, 'backups-verify/not-readable')).toMatchObject([
    { task: undefined, kind: 'not-readable' },
  ]);
});

test('a misspelt finding is answered with the nearest one', () => {
  expect(nearestWords(catalogue, 'crash-lopping')).toBe('crash-looping');
  expect(nearestWords(catalogue, 'kubernetes-check-pods/crash-lopping')).toBe('crash-looping');
  expect(nearestWords(catalogue, 'CFG_UNKOWN_KEY')).toBe('CFG_UNKNOWN_KEY');
});

test('nothing that a task declares is left out', () => {
  const declared = [...catalogue.values()].reduce((sum, { task }) => sum + Object.keys(task.findings).length, 0);
  expect(everyExplanation(catalogue).filter(({ task }) => task !== undefined)).toHaveLength(declared);
});
