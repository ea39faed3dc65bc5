import { describe, expect, test } from '@jest/globals';
import {
  evidenceOfHistory,
  evidenceOfSample,
  isPredictionOff,
  isSuspect,
  neededBytes,
  presumedFreeBytes,
  provenBloat,
  rowsNow,
} from '../../../../lambdas/tasks/postgres/_bloat.ts';
import { Bytes, inBytes } from '../../../../lambdas/tasks/postgres/_bytes.ts';
import { sampleDefinition } from '../../../../lambdas/tasks/postgres/_index-measure.ts';
import { entriesPerLeaf, estimatedBytes, packedBytes } from '../../../../lambdas/tasks/postgres/_index-size.ts';
import type { KeyColumn } from '../../../../lambdas/tasks/postgres/_indexes.ts';
import { unsafeVersion } from '../../../../lambdas/tasks/postgres/_reindex-choice.ts';
import { judgeRebuild, skippedFinding } from '../../../../lambdas/tasks/postgres/_reindex-findings.ts';
import { indexStats } from './_reindex-fixtures.ts';

const MB = 1_024 ** 2;
const LIMITS = { bloatAbove: 30, minSize: 10 * MB };

function column(changes: Partial<KeyColumn> = {}): KeyColumn {
  return { attlen: 4, attalign: 'i', equalimage: true, avg_width: 4, n_distinct: -1, null_frac: 0, ...changes };
}

describe('the size after a rebuild, by statistics', () => {
  test('is that of a primary key of integers to the page', () => {
    expect(estimatedBytes(indexStats({ indisunique: true }), [column()])).toBe(2_260_992);
  });

  test('takes entries that equal keys share into account, where the naive formula sees an index three times as large', () => {
    const shared = estimatedBytes(indexStats(), [column({ n_distinct: 1_000 })]) ?? 0;

    expect(shared / 704_512).toBeGreaterThan(0.9);
    expect(shared / 704_512).toBeLessThan(1.05);
    for (const unshared of [indexStats({ deduplicate_items: false }), indexStats({ indisunique: true })])
      expect(estimatedBytes(unshared, [column({ n_distinct: 1_000 })])).toBe(2_260_992);
    expect(estimatedBytes(indexStats(), [column({ n_distinct: 1_000, equalimage: false })])).toBe(2_260_992);
  });

  test('follows the fill factor', () => {
    const half = estimatedBytes(indexStats({ fillfactor: 50, indisunique: true }), [column()]) ?? 0;

    expect(half / 2_260_992).toBeCloseTo(1.8, 1);
  });

  test.each`
    entryBytes | fillfactor | entries
    ${20}      | ${90}      | ${366}
    ${2_508}   | ${90}      | ${2}
    ${1_708}   | ${90}      | ${3}
    ${2_708}   | ${90}      | ${2}
  `('puts $entries entries of $entryBytes bytes on a leaf at $fillfactor %', ({ entryBytes, fillfactor, entries }) => {
    expect(entriesPerLeaf(entryBytes as number, fillfactor as number)).toBe(entries);
  });

  test.each([
    ['no row was ever counted', indexStats({ reltuples: -1 }), column()],
    ['a column has no statistics', indexStats(), column({ avg_width: null })],
    ['a column has no count of its values', indexStats(), column({ n_distinct: null })],
  ])('is not known where %s', (_title, index, key) => {
    expect(estimatedBytes(index, [key])).toBeUndefined();
  });
});

describe('an index is measured', () => {
  test.each`
    size       | estimated    | suspect
    ${9 * MB}  | ${1}         | ${false}
    ${40 * MB} | ${undefined} | ${true}
    ${40 * MB} | ${34 * MB}   | ${false}
    ${40 * MB} | ${33 * MB}   | ${true}
    ${40 * MB} | ${90 * MB}   | ${false}
  `('with $size bytes where $estimated are estimated: $suspect', ({ size, estimated, suspect }) => {
    expect(isSuspect({ size_bytes: size as number }, estimated as number | undefined, LIMITS)).toBe(suspect);
  });
});

describe('bloat is proven', () => {
  const index = { size_bytes: 100 * MB };

  test('above the limit and not at it', () => {
    expect(provenBloat(index, [{ method: 'sample', bytes: 70 * MB }], LIMITS)).toBeUndefined();
    expect(provenBloat(index, [{ method: 'sample', bytes: 69 * MB }], LIMITS)).toEqual({
      sizeBytes: 100 * MB,
      predictedBytes: 69 * MB,
      methods: ['sample'],
    });
  });

  test('by all evidence or not at all', () => {
    const counted = { method: 'pgstatindex', bytes: 20 * MB } as const;

    expect(provenBloat(index, [counted], LIMITS)).toBeDefined();
    expect(provenBloat(index, [counted, { method: 'history', bytes: 95 * MB }], LIMITS)).toBeUndefined();
    expect(provenBloat(index, [], LIMITS)).toBeUndefined();
  });

  test('never of a small index', () => {
    expect(provenBloat({ size_bytes: 9 * MB }, [{ method: 'sample', bytes: 0 }], LIMITS)).toBeUndefined();
  });
});

describe('evidence', () => {
  test('of a leaf count is its entries packed to the fill factor', () => {
    const leaves = { leaf_pages: 900, internal_pages: 10, avg_leaf_density: 45 };

    expect(packedBytes(leaves, { fillfactor: 90 })).toBe((1 + 450 + 5) * 8_192);
    expect(packedBytes(leaves, { fillfactor: 45 })).toBe((1 + 900 + 10) * 8_192);
    expect(packedBytes({ ...leaves, leaf_pages: 0, internal_pages: 0 }, { fillfactor: 90 })).toBe(8_192);
  });

  test('of a sample is what the whole needs at most, by pages or by rows, whichever is more', () => {
    const sample = { size_bytes: 8_192 * 101, rows: 1_000, share: 0.1 };

    expect(evidenceOfSample(sample, undefined)).toEqual([{ method: 'sample', bytes: 8_192 * 1_001 }]);
    expect(evidenceOfSample(sample, 20_000)).toEqual([{ method: 'sample', bytes: 8_192 * 2_001 }]);
    expect(evidenceOfSample(sample, 500)).toEqual([{ method: 'sample', bytes: 8_192 * 1_001 }]);
  });

  test('of a sample of everything is exact, and of a handful of pages none', () => {
    expect(evidenceOfSample({ size_bytes: 16_384, rows: 5, share: 1 }, 900)).toEqual([
      { method: 'sample', bytes: 16_384 },
    ]);
    expect(evidenceOfSample({ size_bytes: 16_384, rows: 5, share: 0.1 }, 900)).toEqual([]);
    expect(evidenceOfSample({ size_bytes: 819_200, rows: 0, share: 0.1 }, 900)).toEqual([]);
  });

  const rebuilt = { definition: indexStats().definition, size_bytes: 10 * MB, table_rows: 100_000 };

  test('of history is as many bytes for each row as after the last rebuild', () => {
    expect(evidenceOfHistory(indexStats({ table_reltuples: 300_000 }), rebuilt)).toEqual([
      { method: 'history', bytes: 30 * MB },
    ]);
    expect(evidenceOfHistory(indexStats({ table_reltuples: 50_000 }), rebuilt)).toEqual([
      { method: 'history', bytes: 5 * MB },
    ]);
  });

  test.each([
    ['where nothing is remembered', indexStats(), undefined],
    ['of an index that was defined anew', indexStats({ definition: 'CREATE INDEX other' }), rebuilt],
    ['of a table that nobody counted', indexStats({ table_reltuples: -1 }), rebuilt],
    ['of a table that was empty then', indexStats(), { ...rebuilt, table_rows: 0 }],
  ])('of history is none %s', (_title, index, remembered) => {
    expect(evidenceOfHistory(index, remembered)).toEqual([]);
  });

  test('takes a table that has grown since its rows were counted for as full as it was', () => {
    const table = { table_reltuples: 1_000, table_relpages: 10, table_pages: 40 };

    expect(rowsNow(table)).toBe(4_000);
    expect(rowsNow({ ...table, table_pages: 5 })).toBe(1_000);
    expect(rowsNow({ ...table, table_relpages: 0 })).toBeUndefined();
  });
});

describe('the sample has the same index', () => {
  test.each([
    [indexStats(), 'CREATE INDEX ON pg_temp.fettle_sample USING btree (note)'],
    [
      indexStats({
        indisunique: true,
        definition: 'CREATE UNIQUE INDEX orders_note_idx ON public.orders USING btree (note) WITH (fillfactor=50)',
      }),
      'CREATE UNIQUE INDEX ON pg_temp.fettle_sample USING btree (note) WITH (fillfactor=50)',
    ],
  ])('of %#', (index, expected) => {
    expect(sampleDefinition(index)).toBe(expected);
  });

  test('and none where the definition does not begin with its own name', () => {
    const name = 'x ON public.orders USING btree (evil()) --';
    const definition = `CREATE INDEX "${name}" ON public.orders USING btree (note)`;

    expect(sampleDefinition(indexStats({ name, quoted_name: name, definition }))).toBeUndefined();
    expect(sampleDefinition(indexStats({ name, quoted_name: `"${name}"`, definition }))).toBe(
      'CREATE INDEX ON pg_temp.fettle_sample USING btree (note)',
    );
  });
});

describe('a rebuild', () => {
  const item = {
    label: 'public.orders_note_idx',
    statement: '',
    why: '',
    index: indexStats(),
    bloat: { sizeBytes: 40 * MB, predictedBytes: 20 * MB, methods: ['sample' as const] },
    known: [],
  };
  const after = { oid: 1, bytesBefore: 40 * MB, tableRows: 1 };

  test('is told with what it gave back, the prediction as its limit', () => {
    expect(judgeRebuild('main', item, { ...after, bytesAfter: 21 * MB })).toEqual([
      {
        kind: 'rebuilt',
        target: 'main',
        subject: 'public.orders_note_idx',
        summary: 'public.orders_note_idx went from 40 MB to 21 MB, predicted 20 MB',
        value: 19 * MB,
        limit: 20 * MB,
        unit: 'bytes',
      },
    ]);
  });

  test('that gave back less than half of what was predicted is a warning, one that gave half is not', () => {
    expect([isPredictionOff(20, 10), isPredictionOff(20, 9), isPredictionOff(20, -5)]).toEqual([false, true, true]);
    expect(judgeRebuild('main', item, { ...after, bytesAfter: 31 * MB })).toMatchObject([
      { kind: 'rebuilt' },
      { kind: 'prediction-off', summary: expect.stringContaining('gave back 9.0 MB of 20 MB') },
    ]);
  });

  test('needs twice the index, of a gigabyte or a quarter of the database', () => {
    expect(neededBytes({ sizeBytes: 3 * MB })).toBe(6 * MB);
    expect([presumedFreeBytes(MB), presumedFreeBytes(100 * 1_024 * MB)]).toEqual([1_024 * MB, 25 * 1_024 * MB]);
  });

  test('that was passed over says why, on one line', () => {
    expect(skippedFinding('main', item, 'locked: locked by pid 7 (a\u001bb)')).toMatchObject({
      kind: 'locked',
      summary: 'public.orders_note_idx locked by pid 7 (a\\u{1b}b)',
      command: expect.stringContaining(`'public.orders'::regclass`),
    });
  });
});

test.each`
  version    | safe
  ${120_022} | ${true}
  ${130_014} | ${true}
  ${140_000} | ${false}
  ${140_003} | ${false}
  ${140_004} | ${true}
  ${180_001} | ${true}
`('version $version is safe to rebuild on: $safe', ({ version, safe }) => {
  expect(unsafeVersion('main', version as number).map(({ kind }) => kind)).toEqual(safe ? [] : ['unsafe-version']);
});

test.each([
  ['512kB', 524_288],
  ['10MB', 10 * MB],
  ['1.5GB', 1.5 * 1_024 * MB],
])('the size %s is %d bytes', (text, bytes) => {
  expect(Bytes.parse(text)).toBe(bytes);
});

test.each(['', '10', '10 MB', '-1MB', '10mb', '10MiB', '1e3MB'])('"%s" is no size', (text) => {
  expect(Bytes.safeParse(text).success).toBe(false);
});

test.each([
  [0, '0 B'],
  [1_023, '1,023 B'],
  [1_536, '1.5 kB'],
  [10 * MB, '10 MB'],
])('%d bytes read %s', (bytes, text) => {
  expect(inBytes(bytes)).toBe(text);
});
