import { describe, expect, test } from '@jest/globals';
import { readingOf } from './backup-folder.ts';

const HEAD =
  '--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (a text);\n\nCOPY public.t (a) FROM stdin;\n';
const TAIL = '\\.\n\n\nCREATE INDEX i ON public.t (a);\n\n--\n-- PostgreSQL database dump complete\n--\n\n';
// Rows that end as the closing line does, and one that a piece may cut anywhere.
const ROWS = ['C:\\\\.', '\\\\.', 'x'.repeat(40_000), '.\\\\', ''].map((row) => `${row}\n`).join('');

async function scriptOf(rows: string, pieceBytes: number) {
  return readingOf({ 'shop.sql': Buffer.from(HEAD + rows + TAIL) }, pieceBytes);
}

describe('the rows of a script', () => {
  test.each([1, 2, 3, 5, 1_000, 16_384, 1_048_576])(
    'are counted to the byte, and the index after them is seen, in pieces of %d bytes',
    async (pieceBytes) => {
      const { contents, flaw } = await scriptOf(ROWS, pieceBytes);

      expect(flaw).toBeUndefined();
      expect(contents).toMatchObject({ dataBytes: ROWS.length, tables: 1, indexes: 1 });
    },
  );

  test('do not end where a row merely ends like the closing line', async () => {
    const { flaw } = await readingOf({ 'shop.sql': Buffer.from(`${HEAD}C:\\\\.\n`) }, 7);

    expect(flaw).toMatchObject({ kind: 'cut-short', detail: 'it ends within the rows of public.t' });
  });
});
