import { zstdCompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../lambdas/tasks/backups/_byte-reader.ts';
import { Flaw } from '../../lambdas/tasks/backups/_flaw.ts';
import { listedLargeObjects, requireListed } from '../../lambdas/tasks/backups/_rows.ts';
import type { BackupSource } from '../../lambdas/tasks/backups/_source.ts';
import { unopenable } from '../../lambdas/tasks/backups/_unopenable.ts';
import { fixture, folderFixture, NOW, readingOf, unzippedFixture } from '../lambdas/tasks/backups/backup-folder.ts';
import { anyText, holdsAsync } from './property.ts';

/** Cuts, writes over, doubles and puts in: what disks, networks and half-finished uploads make of a file. */
const change = fc.record({
  kind: fc.constantFrom('cut', 'flip', 'zero', 'double', 'put'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  length: fc.nat(600),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
});

type Change = typeof change extends fc.Arbitrary<infer One> ? One : never;

function changed(body: Buffer, { kind, at, length, bytes }: Change): Buffer {
  const from = Math.floor(at * body.length);
  const [before, after] = [body.subarray(0, from), body.subarray(from)];
  if (kind === 'cut') return Buffer.concat([before, after.subarray(Math.max(1, length))]);
  if (kind === 'put') return Buffer.concat([before, bytes, after]);
  if (kind === 'double') return Buffer.concat([before, after.subarray(0, length + 1), after]);
  const copy = Buffer.from(body);
  if (kind === 'zero') copy.fill(0, from, Math.min(copy.length, from + length + 1));
  else
    for (const [i, byte] of bytes.entries())
      if (from + i < copy.length) copy[from + i] = (copy[from + i] ?? 0) ^ (byte || 1);
  return copy;
}

const SAMPLES: readonly (readonly [string, () => Promise<Buffer>])[] = [
  ['shop.dump', () => fixture('custom.dump')],
  ['plain.dump', () => fixture('custom-plain.dump')],
  ['new.dump', () => unzippedFixture('custom-18.dump.gz')],
  ['shop.tar', () => unzippedFixture('tables.tar.gz')],
  ['shop.sql', () => unzippedFixture('plain.sql.gz')],
  ['shop.sql.gz', () => fixture('plain.sql.gz')],
  ['shop.sql.zst', async () => zstdCompressSync(await unzippedFixture('plain.sql.gz'))],
];

const bodies = new Map(await Promise.all(SAMPLES.map(async ([name, load]) => [name, await load()] as const)));

const ROW_BYTES = 5;

/** A reading is a flaw in words or whole contents; where rows are checksummed, nothing less than all of them. */
async function isHonest(name: string, body: Buffer, changes: readonly Change[]): Promise<void> {
  const damaged = changes.reduce(changed, body);
  const { flaw, contents, bytesRead } = await readingOf({ [name]: damaged });
  expect(bytesRead).toBeLessThanOrEqual(damaged.length);
  if (flaw) {
    expect(contents).toBeUndefined();
    expect(flaw.kind).toMatch(/^(cut-short|damaged|cannot-be-opened)$/);
    expect(flaw.detail).not.toBe('');
    return;
  }
  const whole = (await readingOf({ [name]: body })).contents;
  expect(contents?.format).toBeDefined();
  if (damaged.equals(body)) expect(contents).toEqual(whole);
  else if (contents?.checksummed === 'everything')
    expect({ ...contents, created: 0 }).toEqual({ ...whole, created: 0 });
  else if (contents?.checksummed === 'rows') expect(contents.dataBytes).toBe(whole?.dataBytes);
  else expect(contents?.dataBytes).toBeGreaterThan((whole?.dataBytes ?? 0) - 1_200 * ROW_BYTES);
}

test.each([...bodies])(
  'a dump that was damaged at random is called damaged, or holds what its checksums vouch for: %s',
  async (name, body) => {
    await holdsAsync(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => isHonest(name, body, changes)),
      25,
    );
  },
);

test('a dump of the directory format is honest about any of its files that is damaged or missing', async () => {
  const files = await folderFixture('shop');
  const whole = await readingOf(files);
  // A file that stands there twice is one of two parts to gzip, each with a checksum that is right.
  const inPlace = change.filter(({ kind }) => kind !== 'double');
  await holdsAsync(
    fc.asyncProperty(fc.constantFrom(...Object.keys(files)), fc.option(inPlace), async (path, one) => {
      const { [path]: body = Buffer.alloc(0), ...rest } = files;
      const { flaw, contents } = await readingOf(one === null ? rest : { ...rest, [path]: changed(body, one) });
      if (one === null) expect(flaw).toBeDefined();
      if (!flaw) expect(contents?.dataBytes).toBe(whole.contents?.dataBytes);
      else expect(contents).toBeUndefined();
    }),
    40,
    { examples: [['shop/blobs.toc', { kind: 'cut', at: 0, length: 600, bytes: new Uint8Array(1) }]] },
  );
});

test('a large object that is there and in no list is missed in the list', async () => {
  const files = await folderFixture('shop');
  await holdsAsync(
    fc.asyncProperty(fc.integer({ min: 1, max: 4_000 }), async (oid) => {
      const stray = { [`shop/blob_${oid}.dat.gz`]: files['shop/blob_4242.dat.gz'] ?? Buffer.alloc(0) };
      expect((await readingOf({ ...files, ...stray })).flaw?.detail).toContain(`blob_${oid}.dat is there`);
      const names = [`blob_${oid}.dat`, 'blob_4242.dat.gz'];
      expect(() => requireListed(names, new Set(['blob_4242.dat']))).toThrow(Flaw);
      expect(() => requireListed(names, new Set(['blob_4242.dat', `blob_${oid}.dat`]))).not.toThrow();
    }),
    5,
  );
});

test('a head of a tar archive in which one byte is another is damaged', async () => {
  const body = bodies.get('shop.tar') ?? Buffer.alloc(0);
  const CHECKSUM_AT = 148;
  await holdsAsync(
    fc.asyncProperty(fc.nat(CHECKSUM_AT - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
      const copy = Buffer.from(body);
      copy[at] = (copy[at] ?? 0) ^ bits;
      expect((await readingOf({ 'shop.tar': copy })).flaw?.kind).toBe('damaged');
    }),
    40,
  );
});

test('any bytes at all are read to a flaw in words', async () => {
  const magic = fc.constantFrom(
    'PGDMP',
    '--\n-- PostgreSQL database dump\n--\n',
    '\x1f\x8b\x08',
    '\x28\xb5\x2f\xfd',
    '',
  );
  await holdsAsync(
    fc.asyncProperty(magic, fc.uint8Array({ maxLength: 400 }), anyText, async (start, bytes, name) => {
      const body = Buffer.concat([Buffer.from(start, 'latin1'), bytes]);
      const { flaw } = await readingOf({ [`a${name.replace(/[/.]/g, '')}.dump`]: body });
      expect(flaw?.kind).toMatch(/^(cut-short|damaged|cannot-be-opened)$/);
      expect(unopenable(body, name)).toBeInstanceOf(Flaw);
    }),
    150,
  );
});

test('a stream is read by exact numbers of bytes, wherever its pieces begin and end', async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 8 });
  await holdsAsync(
    fc.asyncProperty(pieces, fc.array(fc.nat(7), { maxLength: 12 }), async (given, counts) => {
      const whole = Buffer.concat(given);
      async function* stream() {
        for (const piece of given) yield await Promise.resolve(Buffer.from(piece));
      }
      const reader = new ByteReader(stream());
      let at = 0;
      for (const count of counts) {
        expect(await reader.peek(count)).toEqual(whole.subarray(at, at + count));
        if (at + count > whole.length) {
          await expect(reader.read(count, 'a part')).rejects.toThrow(/^it ends at byte \d+, in a part$/);
          return;
        }
        expect(await reader.read(count, 'a part')).toEqual(whole.subarray(at, at + count));
        at += count;
        expect(reader.position).toBe(at);
      }
      const rest: Buffer[] = [];
      for await (const piece of reader.rest()) rest.push(piece);
      expect(Buffer.concat(rest)).toEqual(whole.subarray(at));
    }),
    150,
  );
});

function sourceOf(text: string): BackupSource {
  const nothing = () => Promise.reject(new Error('not asked for'));
  return {
    ...{ location: 'memory', showsGrowth: false, list: nothing, look: nothing, pour: nothing },
    async *open() {
      yield await Promise.resolve(Buffer.from(text));
    },
  };
}

test('a list of large objects names files of its own kind alone, or is damaged', async () => {
  await holdsAsync(
    fc.asyncProperty(fc.oneof(anyText, fc.stringMatching(/^(\d{1,5} blob_\d{1,5}\.dat\n){0,4}$/)), async (text) => {
      const listed = await listedLargeObjects(sourceOf(text).open({ path: '', sizeBytes: 0, lastModified: NOW })).catch(
        (thrown: unknown) => thrown,
      );
      if (Array.isArray(listed)) for (const name of listed) expect(name).toMatch(/^blob_\d+\.dat$/);
      else expect(listed).toBeInstanceOf(Flaw);
    }),
    100,
  );
});
