import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Json } from '../../../core/json.ts';
import type { TaskResult } from '../../../core/task.ts';
import { task } from '../../../lambdas/tasks/backups/verify.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { gate } from '../gate.ts';
import { sized } from '../size.ts';

const MIB = 2 ** 20;
const HEAD = [
  '--\n-- PostgreSQL database dump\n--\n',
  'CREATE TABLE public.tickets (id bigint, holder text, code text, scanned_at timestamp, price numeric);\n',
  'COPY public.tickets (id, holder, code, scanned_at, price) FROM stdin;\n',
].join('\n');
const TAIL = '\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n';

export interface Dump {
  /** Its own folder, of which it is the only backup. */
  readonly folder: string;
  readonly file: string;
  readonly plainBytes: number;
  readonly rowsBytes: number;
}

/** Writes a script of pg_dump with 300 MB of rows as `gzip` would, compressed to about two fifths. */
export async function writeDump(folder: string): Promise<Dump> {
  const file = join(folder, 'shop.sql.gz');
  let rowsBytes = 0;
  async function* script(): AsyncGenerator<Buffer> {
    yield Buffer.from(HEAD);
    for (let id = 1; rowsBytes < sized(300_000_000, 3_000_000); id += ROWS) {
      const rows = Buffer.from(rowsFrom(id));
      rowsBytes += rows.length;
      yield rows;
    }
    yield Buffer.from(TAIL);
  }
  await pipeline(Readable.from(script()), createGzip({ level: 6 }), createWriteStream(file));
  await settle(file);
  return { folder, file, rowsBytes, plainBytes: rowsBytes + HEAD.length + TAIL.length };
}

const ROWS = 10_000;

function rowsFrom(id: number): string {
  const codes = randomBytes(ROWS * 12).toString('hex');
  let text = '';
  for (let row = 0; row < ROWS; row += 1) {
    const holder = `holder-${(id + row * 7919) % 100_003}@example.com`;
    const minute = String((id + row) % 60).padStart(2, '0');
    text += `${id + row}\t${holder}\t${codes.slice(row * 24, row * 24 + 24)}\t2026-03-01 19:${minute}:00\t${row % 90}.50\n`;
  }
  return text;
}

/** Written an hour ago: what may still grow is watched for a moment before it is judged. */
async function settle(file: string): Promise<void> {
  const at = new Date(Date.now() - 3_600_000);
  await utimes(file, at, at);
}

/** Verifies the newest backup of a place, as a run does. */
export async function verify(url: string): Promise<TaskResult<string>> {
  const targets: Readonly<Record<string, Readonly<Record<string, Json>>>> = { database: { url } };
  return resultOf({ task, targets });
}

/** Sees that the backup was read to its end, with this digest and so many bytes of rows. */
export function gateVerified({ findings, measurements }: TaskResult<string>, dump: Dump, sha256: string): void {
  const verified = findings.find(({ kind }) => kind === 'verified')?.summary ?? '';
  gate(verified.includes(`sha256 ${sha256}`), `not verified with ${sha256}: ${kindsOf(findings)} ${verified}`);
  const rowsBytes = measurements.find(({ name }) => name === 'rows-size')?.value;
  gate(rowsBytes === dump.rowsBytes, `${rowsBytes ?? 'no'} bytes of rows, ${dump.rowsBytes} were written`);
}

/** Every way in which a file is damaged, each undone after `use`. */
export async function withDamages(file: string, use: (damage: string) => Promise<void>): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const { size } = await handle.stat();
    const at = Math.floor(size * (0.1 + 0.8 * Math.random()));
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    const flipped = Buffer.from([(byte[0] ?? 0) ^ (1 << (at % 8))]);
    await handle.write(flipped, 0, 1, at);
    await settle(file);
    await use(`a bit flipped in byte ${at}`);
    await handle.write(byte, 0, 1, at);

    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, size - 1);
    await handle.truncate(size - 1);
    await settle(file);
    await use('the last byte cut off');
    await handle.write(Buffer.concat([last, Buffer.from('garbage')]), 0, 8, size - 1);
    await settle(file);
    await use('garbage at its end');
    await handle.truncate(size);
  } finally {
    await handle.close();
  }
  await settle(file);
}

/** Sees that each damage is reported; `publish` brings the file to where it is read. */
export async function gateDamages(dump: Dump, url: string, publish?: () => Promise<unknown>): Promise<void> {
  await withDamages(dump.file, async (damage) => {
    await publish?.();
    const { findings } = await verify(url);
    const reported = findings.some(({ kind }) => ['damaged', 'cut-short', 'checksum-mismatch'].includes(kind));
    gate(reported, `${damage} and nothing was reported but ${kindsOf(findings)}`);
    gate(!findings.some(({ kind }) => kind === 'verified'), `${damage} and it is said to be verified`);
  });
}

export function kindsOf(findings: TaskResult<string>['findings']): string {
  return findings.map(({ kind }) => kind).join(', ');
}

/** A file of a compression that is not opened here: of it only the digest can be told. */
export async function writeOpaque(folder: string): Promise<string> {
  const file = join(folder, 'shop.sql.xz');
  const hash = createHash('sha256');
  async function* pieces(): AsyncGenerator<Buffer> {
    const begin = Buffer.from('\xfd7zXZ\0', 'latin1');
    for (let left = sized(300, 3); left > 0; left -= 1) {
      const piece = randomBytes(MIB);
      if (left === sized(300, 3)) begin.copy(piece);
      hash.update(piece);
      yield piece;
    }
  }
  await pipeline(Readable.from(pieces()), createWriteStream(file));
  await writeFile(`${file}.sha256`, `${hash.digest('hex')}  shop.sql.xz\n`);
  await settle(file);
  return file;
}
