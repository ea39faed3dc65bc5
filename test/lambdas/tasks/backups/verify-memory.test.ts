import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { backupFolder, fixture } from './backup-folder.ts';

interface Seen {
  readonly kinds: readonly string[];
  readonly rowsBytes: number;
  readonly mostMiB: number;
}

const run = promisify(execFile);
const HEAD =
  '--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (a text);\n\nCOPY public.t (a) FROM stdin;\n';
const TAIL = '\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n';
const WORKER = fileURLToPath(new URL('./verify-large.ts', import.meta.url));

async function verifyIn64MiB(folder: string): Promise<Seen> {
  const options = ['--max-old-space-size=64', WORKER, pathToFileURL(folder).href];
  const { stdout } = await run(process.execPath, options, { env: { ...process.env, NODE_OPTIONS: '' } });
  return JSON.parse(stdout) as Seen;
}

/** Writes a script of so many rows of a MiB each; a gzip of many members is one, so that a row is compressed only once. */
async function writeScript(path: string, row: Buffer, rows: number): Promise<void> {
  const member = gzipSync(row, { level: 1 });
  await appendFile(path, gzipSync(HEAD));
  for (let i = 0; i < rows; i += 1) await appendFile(path, member);
  await appendFile(path, gzipSync(TAIL));
}

test('300 MiB of rows that hardly compress are read within the memory that 3 MiB take', async () => {
  await using folder = await backupFolder();
  const row = Buffer.from(`${randomBytes(524_287).toString('hex')}\n\n`.slice(0, 1_048_576));
  await writeScript(join(folder.path, 'shop.sql.gz'), row, 300);
  const large = await verifyIn64MiB(folder.path);
  expect(large.kinds).toContain('verified');
  expect(large.rowsBytes).toBeGreaterThan(314_000_000);

  await using small = await backupFolder();
  await small.write('shop.sql.gz', await fixture('plain.sql.gz'), new Date());
  const { mostMiB } = await verifyIn64MiB(small.path);
  expect(large.mostMiB).toBeLessThan(256);
  expect(large.mostMiB - mostMiB).toBeLessThan(128);
});

test('500 MiB of one line that compress a thousandfold do not fill the memory', async () => {
  await using folder = await backupFolder();
  await writeScript(join(folder.path, 'shop.sql.gz'), Buffer.alloc(1_048_576 * 50, 'a'), 10);
  const { kinds, mostMiB } = await verifyIn64MiB(folder.path);
  // Its last row does not end, so the closing line of its rows is none.
  expect(kinds).toContain('cut-short');
  expect(mostMiB).toBeLessThan(256);
});
