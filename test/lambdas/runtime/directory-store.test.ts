import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmod, mkdir, readdir, readFile, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Corrupt, InvalidInput, Unavailable } from '../../../core/errors.ts';
import { DirectoryStore } from '../../../lambdas/runtime/directory-store.ts';
import { keysOf, listed, temporaryFolder, textOf } from '../../contract/store-backends.ts';

let folder: string;
let store: DirectoryStore;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = new DirectoryStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('keeps each object as a plain file that people can read, before and after it was replaced', async () => {
  const etag = await store.createIfAbsent('runs/daily/report.json', '{"verdict":"pass"}');

  expect(await readFile(join(folder, 'runs/daily/report.json'), 'utf8')).toBe('{"verdict":"pass"}');

  await store.replace('runs/daily/report.json', '{"verdict":"fail"}', etag ?? '');

  expect(await readFile(join(folder, 'runs/daily/report.json'), 'utf8')).toBe('{"verdict":"fail"}');
});

test('gives an equal body another tag with each write', async () => {
  const first = await store.createIfAbsent('a', 'same');
  const second = await store.replace('a', 'same', first ?? '');
  await store.remove('a');
  const third = await store.createIfAbsent('a', 'same');

  expect(new Set([first, second, third]).size).toBe(3);
  expect(await store.replace('a', 'other', second ?? '')).toBeUndefined();
});

test('keeps no version but the current one and the first', async () => {
  let etag = (await store.createIfAbsent('a', 'version 0')) ?? '';
  for (let n = 1; n <= 20; n += 1) etag = (await store.replace('a', `version ${n}`, etag)) ?? '';

  const names = await readdir(join(folder, '.versions/a'));
  expect(names.filter((name) => name.startsWith('body-'))).toEqual([`body-${etag}`]);
  expect(names).toHaveLength(3);
});

test('mends a plain file that lags behind or is missing, and lists what counts meanwhile', async () => {
  const etag = await store.createIfAbsent('state/a', 'one');
  await store.replace('state/a', 'the second', etag ?? '');
  await unlink(join(folder, 'state/a'));

  expect(await listed(store, 'state/')).toMatchObject([{ key: 'state/a', sizeBytes: 10 }]);
  expect(await textOf(store, 'state/a')).toBe('the second');
  expect(await readFile(join(folder, 'state/a'), 'utf8')).toBe('the second');

  await unlink(join(folder, 'state/a'));
  await writeFile(join(folder, 'state/a'), 'one');

  expect(await listed(store, 'state/')).toMatchObject([{ key: 'state/a', sizeBytes: 10 }]);
  expect(await textOf(store, 'state/a')).toBe('the second');
  expect(await readFile(join(folder, 'state/a'), 'utf8')).toBe('the second');
});

test('takes away the plain file of a removed key when a slow writer has put it back', async () => {
  await store.createIfAbsent('a', 'one');
  await store.remove('a');
  await writeFile(join(folder, 'a'), 'one');

  expect(await keysOf(store, '')).toEqual([]);
  expect(await textOf(store, 'a')).toBeUndefined();
  expect(await readdir(folder)).not.toContain('a');
});

test('sweeps what a killed writer left behind long ago, and leaves a writer of this minute alone', async () => {
  await mkdir(join(folder, '.temporary'));
  const long = new Date(Date.now() - 2 * 3_600_000);
  await mkdir(join(folder, '.temporary/draft'));
  await writeFile(join(folder, '.temporary/draft/first'), 'partial');
  await writeFile(join(folder, '.temporary/old'), 'partial');
  await writeFile(join(folder, '.temporary/young'), 'partial');
  for (const name of ['draft', 'old']) await utimes(join(folder, '.temporary', name), long, long);

  await store.createIfAbsent('a', 'whole');

  expect(await readdir(join(folder, '.temporary'))).toEqual(['young']);
  expect(await keysOf(store, '')).toEqual(['a']);
});

test('lists no file whose name no key can have', async () => {
  await store.createIfAbsent('a', 'whole');
  await writeFile(join(folder, 'é'), 'made by hand');

  expect(await keysOf(store, '')).toEqual(['a']);
});

test('says that a folder and an object cannot share a name', async () => {
  await store.createIfAbsent('a/b', 'an object');

  await expect(store.createIfAbsent('a', 'body')).rejects.toThrow(InvalidInput);
  await expect(store.createIfAbsent('a', 'body')).rejects.toThrow('"a" cannot be a key here: it is already the name');
  await expect(store.createIfAbsent('a/b/c', 'body')).rejects.toThrow('"a/b/c" cannot be a key here: a part of it');
  expect(await store.get('a')).toBeUndefined();
  expect(await store.get('a/b/c')).toBeUndefined();
});

test('calls a history corrupt whose pointer or body somebody took away', async () => {
  const etag = await store.createIfAbsent('a', 'one');
  const next = await store.replace('a', 'two', etag ?? '');
  await unlink(join(folder, '.versions/a', `body-${next}`));

  await expect(store.get('a')).rejects.toThrow(Corrupt);
  await expect(keysOf(store, '')).rejects.toThrow('has lost its content');

  await unlink(join(folder, '.versions/a', `current-${next}`));

  await expect(store.get('a')).rejects.toThrow('does not have exactly one file current-… or removed-…');
});

test('says which key and why when the disk refuses a write, and keeps what was there', async () => {
  const etag = await store.createIfAbsent('leases/main.json', 'one');
  await asNobody(async () => {
    const refusal = await store.replace('leases/main.json', 'two', etag ?? '').catch((thrown: unknown) => thrown);

    expect(refusal).toBeInstanceOf(Unavailable);
    expect((refusal as Error).message).toContain(
      `cannot replace "leases/main.json" in ${folder}: permission denied (EACCES)`,
    );
  });

  expect(await textOf(store, 'leases/main.json')).toBe('one');
  expect(await readdir(join(folder, '.temporary'))).toEqual([]);
});

test('says which folder it could not list and why', async () => {
  await store.createIfAbsent('closed/a', 'body');
  await chmod(join(folder, 'closed'), 0o000);

  await asNobody(async () => {
    await expect(keysOf(store, '')).rejects.toThrow(`cannot list "closed/" in ${folder}: permission denied (EACCES)`);
  });
});

test('gives the truth to a reader who may not mend the plain file', async () => {
  const etag = await store.createIfAbsent('a', 'one');
  await store.replace('a', 'two', etag ?? '');
  await unlink(join(folder, 'a'));

  await asNobody(async () => expect(await textOf(store, 'a')).toBe('two'));

  expect((await stat(folder)).isDirectory()).toBe(true);
  expect(await readdir(folder)).not.toContain('a');
});

test('refuses a folder that is not absolute', () => {
  expect(() => new DirectoryStore('reports')).toThrow(InvalidInput);
});

/** Does something as somebody who may read this folder and not write to it; root may do everything. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const folders = [folder, ...(await foldersBelow(folder))];
  for (const path of folders) if (!path.endsWith('closed')) await chmod(path, 0o555);
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    for (const path of folders) await chmod(path, 0o755);
  }
}

async function foldersBelow(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}
