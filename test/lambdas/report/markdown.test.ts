import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { block, code, plain, prose, table } from '../../../lambdas/report/markdown.ts';
import { markdownTree, nodesOf, textOf } from './markdown-tree.ts';

const MARKS = [
  '|',
  '`',
  '``',
  '*',
  '_',
  '[',
  ']',
  '(',
  ')',
  '<',
  '>',
  '&',
  '#',
  '!',
  '\\',
  '~',
  '$',
  '-',
  '+',
  ':',
  '/',
  ' ',
  '\n',
  'a',
  'b.',
  '1.',
  '<b>',
  '![x](y)',
  '&lt;',
  '**',
];
const hostile = fc
  .array(fc.constantFrom(...MARKS), { minLength: 1, maxLength: 12 })
  .map((marks) => `a${marks.join('')}z`);
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

function cellsOf(cells: readonly string[]) {
  const tree = markdownTree(
    `${table(
      cells.map((_, place) => `head ${place}`),
      [cells],
    )}\n\nafter\n`,
  );
  const [, row] = nodesOf('tableRow', tree);
  return { cells: nodesOf('tableCell', row ?? { type: 'none' }), types: (tree.children ?? []).map(({ type }) => type) };
}

describe('a cell of a generated page', () => {
  test('shows any text as it is and stays one cell', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { cells, types } = cellsOf([plain(text), 'next']);

        expect(types).toEqual(['table', 'paragraph']);
        expect(cells.map(textOf)).toEqual([oneLine(text), 'next']);
        expect(cells[0]?.children?.map(({ type }) => type)).toEqual(['text']);
      }),
      { numRuns: 500 },
    );
  });

  test('shows any code as it is and stays one cell', () => {
    fc.assert(
      fc.property(
        hostile.filter((text) => !text.includes('\\')),
        (text) => {
          const { cells } = cellsOf([code(text), 'next']);

          expect(cells.map(textOf)).toEqual([oneLine(text), 'next']);
          expect(cells[0]?.children?.map(({ type }) => type)).toEqual(['inlineCode']);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('shows what stands between back-ticks as code, and the rest as it is', () => {
    const { cells } = cellsOf([prose('Run `kubectl logs <pod> | tail`, *then* wait.'), 'next']);

    expect(cells[0]?.children?.map(({ type, value }) => [type, value])).toEqual([
      ['text', 'Run '],
      ['inlineCode', 'kubectl logs <pod> | tail'],
      ['text', ', *then* wait.'],
    ]);
  });

  test('keeps the words of prose whatever stands in it', () => {
    fc.assert(
      fc.property(
        hostile.filter((text) => !text.includes('`')),
        (text) => {
          expect(textOf(cellsOf([prose(text), 'next']).cells[0] ?? { type: 'none' })).toBe(oneLine(text));
        },
      ),
    );
  });
});

test('a line of text begins no list, heading or quotation', () => {
  for (const text of ['# a', '- a', '+ a', '> a', '* a', '1. a']) {
    const shown = markdownTree(`${plain(text)}\n`);

    expect({ text, types: shown.children?.map(({ type }) => type), shown: textOf(shown) }).toEqual({
      text,
      types: ['paragraph'],
      shown: text,
    });
  }
});

test('a block of code is closed by nothing in it', () => {
  const text = 'a\n```\n# b\n````\nc';

  const tree = markdownTree(`${block('yaml', text)}\n`);

  expect(tree.children?.map(({ type, value }) => [type, value])).toEqual([['code', text]]);
});
