import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { constants, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { fixture, folderFixture, readingOf, unzippedFixture } from './backup-folder.ts';

const SAMPLES: readonly (readonly [string, () => Promise<Buffer>])[] = [
  ['shop.dump', () => fixture('custom.dump')],
  ['raw.dump', () => fixture('custom-plain.dump')],
  ['shop.tar', () => unzippedFixture('tables.tar.gz')],
  ['shop.sql', () => unzippedFixture('plain.sql.gz')],
  ['shop.sql.gz', () => fixture('plain.sql.gz')],
  ['shop.sql.zst', async () => zstdCompressSync(await unzippedFixture('plain.sql.gz'))],
  ['inserts.sql', () => unzippedFixture('inserts.sql.gz')],
  ['verbose.sql', () => unzippedFixture('verbose.sql.gz')],
  ['cluster.sql', () => unzippedFixture('cluster.sql.gz')],
  ['format-1.15.dump', () => unzippedFixture('custom-16.dump.gz')],
  ['format-1.16.dump', () => unzippedFixture('custom-18.dump.gz')],
  ['format-1.16.tar', () => unzippedFixture('tables-18.tar.gz')],
  ['custom.dump.gz', async () => gzipSync(await fixture('custom.dump'))],
];

function flipped(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
  return copy;
}

/** Every 5 percent of the whole and each of the last 80 bytes. */
function cutsOf({ length }: Buffer): number[] {
  const shares = Array.from({ length: 20 }, (_, i) => Math.floor((length * i) / 20));
  return [...shares, ...Array.from({ length: 80 }, (_, i) => length - 1 - i)].filter((at) => at > 0);
}

describe.each(SAMPLES)('%s', (name, load) => {
  test('is read without a flaw, wherever its pieces begin and end', async () => {
    const body = await load();
    const readings = await Promise.all(
      [1, 7, 511, 4_096, 1_000_000].map((bytes) => readingOf({ [name]: body }, bytes)),
    );
    for (const { flaw, bytesRead, sha256 } of readings) {
      expect({ flaw, bytesRead }).toEqual({ flaw: undefined, bytesRead: body.length });
      expect(sha256).toBe(createHash('sha256').update(body).digest('hex'));
    }
    expect(new Set(readings.map(({ contents }) => JSON.stringify(contents))).size).toBe(1);
    expect(readings[0]?.contents?.dataBytes).toBeGreaterThan(2_000);
  });

  test('is never whole when it is cut, at every 5 percent and at each of its last 80 bytes', async () => {
    const body = await load();
    for (const at of cutsOf(body)) {
      const { flaw, contents } = await readingOf({ [name]: body.subarray(0, at) });
      expect({ at, kind: flaw?.kind, contents }).toEqual({
        at,
        kind: expect.stringMatching(/cut-short|damaged|opened/),
        contents: undefined,
      });
    }
  });

  test('is never whole when something follows its end', async () => {
    const body = await load();
    for (const tail of [Buffer.from('x'), Buffer.from('garbage\n'.repeat(200)), body.subarray(0, 100)]) {
      const { flaw } = await readingOf({ [name]: Buffer.concat([body, tail]) });
      expect(flaw?.kind).toMatch(/^(damaged|cut-short)$/);
    }
  });

  test('is told from a copy with one other bit by the digest beside it', async () => {
    const body = await load();
    const sha256 = Buffer.from(`${createHash('sha256').update(body).digest('hex')}  ${name}\n`);
    const honest = await readingOf({ [name]: body, [`${name}.sha256`]: sha256 });
    expect(honest).toMatchObject({ flaw: undefined, agreesWith: `"${name}.sha256"` });
    for (let at = 0; at < body.length; at += Math.ceil(body.length / 50)) {
      const { flaw } = await readingOf({ [name]: flipped(body, at), [`${name}.sha256`]: sha256 });
      expect(flaw?.kind).toBe('checksum-mismatch');
    }
  });
});

describe('one flipped bit', () => {
  test('is found anywhere in the rows of a compressed archive, where a bit means something', async () => {
    const body = await fixture('custom.dump');
    // The first block of data begins after the last entry; its rows are the only bytes that look like a zlib stream.
    const rowsAt = body.indexOf(Buffer.from([0x78, 0x9c]));
    const undetected: number[] = [];
    for (let at = rowsAt; at < body.length; at += 1) {
      if ((await readingOf({ 'shop.dump': flipped(body, at) })).flaw === undefined) undetected.push(at);
    }
    expect(rowsAt).toBeGreaterThan(6_000);
    // The bits that fill up the last byte of each of five streams, and the five bytes with the number of the large object.
    expect(undetected.length).toBeLessThanOrEqual(10);
  });

  test('is found anywhere in a gzip stream except in what its head says of its origin', async () => {
    const body = await fixture('plain.sql.gz');
    const undetected: number[] = [];
    for (let at = 0; at < body.length; at += 1) {
      if ((await readingOf({ 'shop.sql.gz': flipped(body, at) })).flaw === undefined) undetected.push(at);
    }
    // Bytes 4 to 9 are time and system; the byte before the checksum is filled up with bits that mean nothing.
    expect(undetected.filter((at) => (at < 4 || at > 9) && at !== body.length - 9)).toEqual([]);
  });

  test('in the head or the structure of the table of contents is found, and one in its text is said to be not', async () => {
    const body = await fixture('custom.dump');
    const readings = [];
    for (let at = 0; at < 7_000; at += 13) readings.push(await readingOf({ 'shop.dump': flipped(body, at) }));
    const unseen = readings.filter(({ flaw }) => flaw === undefined);
    // Most bytes of a table of contents are text, whose letters nothing protects.
    expect(unseen.length / readings.length).toBeLessThan(0.6);
    expect(new Set(unseen.map(({ contents }) => contents?.checksummed))).toEqual(new Set(['rows']));
  });

  test.each(['custom-plain.dump', 'tables.tar.gz', 'plain.sql.gz'])(
    'in the rows of %s uncompressed cannot be found, and the reading says so',
    async (name) => {
      const body = name.endsWith('.gz') ? await unzippedFixture(name) : await fixture(name);
      const at = body.indexOf('user7@example.org');
      const { flaw, contents } = await readingOf({ backup: flipped(body, at) });
      expect({ flaw, checksummed: contents?.checksummed }).toEqual({ flaw: undefined, checksummed: 'nothing' });
    },
  );
});

describe('an archive', () => {
  /** Where format 1.15 and later have the number of the compression. */
  const COMPRESSION_AT = 11;

  test('compressed with lz4 is followed to its end and is then unknown, not whole', async () => {
    const body = await unzippedFixture('custom-16.dump.gz');
    body[COMPRESSION_AT] = 2;
    const whole = await readingOf({ 'shop.dump': body });
    expect(whole.flaw).toEqual({
      kind: 'cannot-be-opened',
      detail: 'its blocks are all there, but lz4 cannot be read',
    });
    expect((await readingOf({ 'shop.dump': body.subarray(0, -1) })).flaw?.kind).toBe('cut-short');
  });

  test('of a version to come is unknown', async () => {
    const body = await fixture('custom.dump');
    body[6] = 17;
    expect((await readingOf({ 'shop.dump': body })).flaw).toMatchObject({
      kind: 'cannot-be-opened',
      detail: expect.stringContaining('1.17'),
    });
  });

  test('without the last of its blocks is not whole, although it ends where a block ends', async () => {
    const body = await fixture('custom.dump');
    const largeObjectsAt = body.lastIndexOf(Buffer.from([3, 0]));
    const { flaw } = await readingOf({ 'shop.dump': body.subarray(0, largeObjectsAt) });
    expect(flaw).toEqual({
      kind: 'cut-short',
      detail: expect.stringMatching(/^1 of 5 blocks of data are missing, BLOBS first$/),
    });
  });
});

describe('a dump of the directory format', () => {
  test('may be compressed with zstd, whose checksum is optional', async () => {
    for (const [checksumFlag, checksummed] of [
      [1, 'rows'],
      [0, 'nothing'],
    ] as const) {
      const files: Record<string, Buffer> = {};
      for (const [path, body] of Object.entries(await folderFixture('d'))) {
        const params = { [constants.ZSTD_c_checksumFlag]: checksumFlag };
        if (path.endsWith('.gz')) files[path.replace(/gz$/, 'zst')] = zstdCompressSync(gunzipSync(body), { params });
        else files[path] = body;
      }
      expect(await readingOf(files)).toMatchObject({ flaw: undefined, contents: { dataBytes: 4_343, checksummed } });
    }
  });

  test('is read file by file', async () => {
    const { flaw, contents, bytesRead } = await readingOf(await folderFixture('d'));
    expect(flaw).toBeUndefined();
    expect(contents).toMatchObject({ format: 'pg_dump directory', tables: 4, dataBytes: 4_343, checksummed: 'rows' });
    expect(bytesRead).toBeGreaterThan(8_000);
  });

  test('is not whole without any one of its files, nor with one of them cut or altered', async () => {
    const files = await folderFixture('d');
    for (const [path, body] of Object.entries(files)) {
      const { [path]: gone, ...others } = files;
      expect(gone).toBeDefined();
      expect((await readingOf(others)).flaw?.kind).toMatch(/^(damaged|cut-short)$/);
      expect((await readingOf({ ...files, [path]: body.subarray(0, -1) })).flaw?.kind).toMatch(/^(damaged|cut-short)$/);
      if (!path.endsWith('.gz')) continue;
      const { flaw } = await readingOf({ ...files, [path]: flipped(body, Math.floor(body.length / 2)) });
      expect(flaw?.kind).toMatch(/^(damaged|cut-short)$/);
    }
  });
});
