import { describe, expect, test } from '@jest/globals';
import type { IndexStats } from '../../../../lambdas/tasks/postgres/_indexes.ts';
import { isTransientName, leftoversOf, type Note, noteOf } from '../../../../lambdas/tasks/postgres/_reindex-note.ts';
import { indexStats } from './_reindex-fixtures.ts';

const rebuilt = indexStats();
const note: Note = {
  session: 'fettle:run:postgres-reindex',
  database: 5,
  pid: 7,
  backendStart: '2026-11-21 02:00:00+00',
  index: {
    oid: rebuilt.oid,
    relation: rebuilt.relation,
    schema: rebuilt.schema,
    name: rebuilt.name,
    quoted_name: rebuilt.quoted_name,
    definition: rebuilt.definition,
  },
  table: { oid: rebuilt.table_oid, relation: rebuilt.table },
  known: [rebuilt.oid, 20_002],
};

function named(name: string, changes: Partial<IndexStats> = {}): IndexStats {
  return indexStats({
    oid: 20_010,
    name,
    quoted_name: name,
    relation: `public.${name}`,
    definition: rebuilt.definition.replace('orders_note_idx', name),
    indisvalid: false,
    ...changes,
  });
}

function oids(...indexes: readonly IndexStats[]): number[] {
  return leftoversOf(note, indexes).map(({ oid }) => oid);
}

describe('an invalid index is proven to be left by the rebuild of a note', () => {
  test('the one that was being built', () => {
    expect(oids(rebuilt, named('orders_note_idx_ccnew'))).toEqual([20_010]);
    expect(oids(rebuilt, named('orders_note_idx_ccnew1'))).toEqual([20_010]);
  });

  test('the one that was rebuilt and was to be dropped, once another has its name', () => {
    const old = named('orders_note_idx_ccold', { oid: rebuilt.oid });

    expect(oids(indexStats({ oid: 20_011 }), old)).toEqual([rebuilt.oid]);
    expect(oids(old)).toEqual([]);
    expect(oids(indexStats({ oid: 20_002 }), old)).toEqual([]);
    expect(oids(indexStats({ oid: 20_011, indisvalid: false }), old)).toEqual([]);
  });

  test('although its table was renamed since', () => {
    const definition = 'CREATE INDEX orders_note_idx_ccnew ON public.sales USING btree (note)';

    expect(oids(named('orders_note_idx_ccnew', { table: 'public.sales', definition }))).toEqual([20_010]);
  });
});

describe('it is not ours', () => {
  test.each([
    ['valid', named('orders_note_idx_ccnew', { indisvalid: true })],
    ['there before the note', named('orders_note_idx_ccnew', { oid: 20_002 })],
    ['of another table', named('orders_note_idx_ccnew', { table_oid: 1 })],
    ['of another schema', named('orders_note_idx_ccnew', { schema: 'other' })],
    ['named after another index', named('orders_other_idx_ccnew')],
    ['named by a person', named('orders_note_idx_ccnewer')],
    [
      'defined in another way',
      named('orders_note_idx_ccnew', {
        definition: 'CREATE INDEX orders_note_idx_ccnew ON public.orders USING btree (id)',
      }),
    ],
    [
      'unique where ours is not',
      named('orders_note_idx_ccnew', {
        definition: 'CREATE UNIQUE INDEX orders_note_idx_ccnew ON public.orders USING btree (note)',
      }),
    ],
    ['the rebuilt index itself, still in its place', indexStats({ indisvalid: false })],
  ])('where it is %s', (_title, index) => {
    expect(oids(index)).toEqual([]);
  });
});

describe('the name that the server gives in between', () => {
  const long = 'a'.repeat(63);
  const wide = 'é'.repeat(31);

  test.each`
    name                          | original       | transient
    ${'idx_ccnew'}                | ${'idx'}       | ${true}
    ${'idx_ccnew12'}              | ${'idx'}       | ${true}
    ${'idx_ccold'}                | ${'idx'}       | ${true}
    ${'idx_ccnew_ccnew'}          | ${'idx'}       | ${false}
    ${'idx_ccnew_ccnew'}          | ${'idx_ccnew'} | ${true}
    ${'id_ccnew'}                 | ${'idx'}       | ${false}
    ${'idx_ccnew_1'}              | ${'idx'}       | ${false}
    ${`${'a'.repeat(57)}_ccnew`}  | ${long}        | ${true}
    ${`${'a'.repeat(56)}_ccnew1`} | ${long}        | ${true}
    ${`${'a'.repeat(20)}_ccnew`}  | ${long}        | ${false}
    ${`${'b'.repeat(57)}_ccnew`}  | ${long}        | ${false}
    ${`${'é'.repeat(28)}_ccnew`}  | ${wide}        | ${true}
  `('of $original: $name is one: $transient', ({ name, original, transient }) => {
    expect(isTransientName(name as string, original as string)).toBe(transient);
  });
});

describe('a note is read', () => {
  test('as it was written', () => {
    expect(noteOf(`fettle rebuild: ${JSON.stringify(note)}`, 5)).toEqual(note);
  });

  test.each([
    ['has another beginning', JSON.stringify(note), 5],
    ['came with a dump of another database', `fettle rebuild: ${JSON.stringify(note)}`, 6],
    ['is cut', 'fettle rebuild: {"session":', 5],
    ['is not a note', 'fettle rebuild: {}', 5],
  ])('as none where it %s', (_title, text, database) => {
    expect(noteOf(text, database)).toBeUndefined();
  });
});
