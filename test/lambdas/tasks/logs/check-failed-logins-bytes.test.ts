import { expect, test } from '@jest/globals';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { linesOf, LogDamaged, LogUnreadable, LONGEST_LINE } from '../../../../lambdas/tasks/logs/_auth-bytes.ts';

/** The lines of bytes that arrive in pieces of this size, and what ended them. */
async function read(bytes: Buffer, pieceBytes = 7): Promise<{ lines: string[]; thrown: unknown }> {
  const lines: string[] = [];
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  try {
    for await (const batch of linesOf(pieces())) lines.push(...batch);
    return { lines, thrown: undefined };
  } catch (thrown) {
    return { lines, thrown };
  }
}

const TEXT = Array.from({ length: 2_000 }, (_, i) => `line ${i} of ünïcode ${(i * 2_654_435_761) % 4_294_967_296}`);
const PLAIN = Buffer.from(`${TEXT.join('\n')}\n`);

test.each([
  ['plain', PLAIN],
  ['gzip', gzipSync(PLAIN)],
  ['gzip in two members', Buffer.concat([gzipSync(PLAIN.subarray(0, 999)), gzipSync(PLAIN.subarray(999))])],
  ['zstd', zstdCompressSync(PLAIN)],
])('reads every line of a %s log, however it arrives', async (_name, bytes) => {
  for (const pieceBytes of [61, 16_384, 1_000_000])
    expect(await read(bytes, pieceBytes)).toEqual({ lines: TEXT, thrown: undefined });
});

test.each([
  ['gzip', gzipSync(PLAIN)],
  ['zstd', zstdCompressSync(PLAIN)],
])('gives what stands before the end of a %s log that ends early, and says so', async (_name, bytes) => {
  for (const pieceBytes of [997, 1_000_000]) {
    const { lines, thrown } = await read(bytes.subarray(0, bytes.length - 12), pieceBytes);

    expect(thrown).toBeInstanceOf(LogDamaged);
    expect(lines.length).toBeLessThanOrEqual(2_000);
    expect(lines.slice(0, 100)).toEqual(_name === 'gzip' ? TEXT.slice(0, 100) : lines.slice(0, 100));
  }
});

test('says that a damaged log is damaged', async () => {
  const bytes = gzipSync(PLAIN);
  bytes.fill(0x55, 3_000, 3_100);

  expect((await read(bytes)).thrown).toBeInstanceOf(LogDamaged);
});

test.each([
  ['xz', 'fd377a585a000004'],
  ['bzip2', '425a683931415926'],
])('says of a log in %s that it is not read', async (format, magic) => {
  const { thrown } = await read(Buffer.from(magic, 'hex'), 100);

  expect(thrown).toBeInstanceOf(LogUnreadable);
  expect(String(thrown)).toContain(format);
});

test('cuts a line of any length and goes on with the next, in bounded memory', async () => {
  const long = 'x'.repeat(3 * LONGEST_LINE);
  const { lines } = await read(Buffer.from(`first\n${long}\nsecond\n${long}`), 10_000);

  expect(lines.map((line) => line.length)).toEqual([5, LONGEST_LINE, 6, LONGEST_LINE]);
});

test('takes rubbish and invalid letters as lines like any other', async () => {
  const rubbish = Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0xc3, 0x0a, 0x41]);

  expect((await read(rubbish, 1)).lines).toEqual(['\uFFFD\uFFFD\0', '\uFFFD', 'A']);
});
