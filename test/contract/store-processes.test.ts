import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { keysOf, listed, temporaryFolder, textOf } from './store-backends.ts';
import { sealed, unsealed } from './store-sealed.ts';

const WRITER = fileURLToPath(new URL('./store-writer.ts', import.meta.url));
const FILL = ['fill', 'filler', '1000000'];

interface Writer {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: readonly string[];
  readonly ended: Promise<unknown>;
}

describe('a store in a folder, among processes', () => {
  let folder: string;
  let store: Store;
  const running: Writer[] = [];
  beforeEach(async () => {
    folder = await temporaryFolder();
    store = new DirectoryStore(folder);
  });
  afterEach(async () => {
    for (const { process: child, ended } of running.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  });

  test('lets one of eight processes create each of 100 keys', async () => {
    const writers = await started(8, (n) => ['claim', `writer ${n}`, '100']);

    await finished(writers);

    const rounds = writers.flatMap(({ lines }) => lines).map(Number);
    expect(rounds.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, round) => round));
    for (const [n, { lines }] of writers.entries()) {
      for (const round of lines) expect(await textOf(store, `claims/${round}`)).toBe(`writer ${n}`);
    }
  });

  test('loses no step of a counter that eight processes raise', async () => {
    const writers = await started(8, (n) => ['count', `writer ${n}`, '25']);

    await finished(writers);

    const values = writers.flatMap(({ lines }) => lines).map(Number);
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    expect(unsealed((await store.get('counter'))?.body ?? new Uint8Array())).toBe(200);
  });

  test('keeps the old object, and nothing of the new one, where the disk takes only half of it', async () => {
    await store.createIfAbsent('counter', sealed(1, 10));
    // The limit of a file's size is what stands in for a full disk: the first blocks are written, then none.
    const limited = spawn('bash', ['-c', 'ulimit -f 64; exec "$@"', 'bash', process.execPath, WRITER, folder, ...FILL]);
    limited.stdin.write('go\n');
    let said = '';
    limited.stdout.on('data', (text) => (said += String(text)));
    await once(limited, 'close');

    expect(said).toContain(`cannot replace "counter" in ${folder}: EFBIG`);
    expect(unsealed((await store.get('counter'))?.body ?? new Uint8Array())).toBe(1);
    expect(await readdir(join(folder, '.temporary'))).toEqual([]);
    expect(await keysOf(store, '')).toEqual(['counter']);
  });

  test('stays whole and goes on when writers are killed at any moment', async () => {
    const bystander = await started(1, () => ['churn', 'bystander']);
    let answered = 0;
    for (let kill = 0; kill < 20; kill += 1) {
      const [victim] = await started(1, () => ['churn', `victim-${kill}`]);
      await sleep(Math.random() * 120);
      victim?.process.kill('SIGKILL');
      await victim?.ended;

      const claimed = [...(victim?.lines ?? []), ...(bystander[0]?.lines ?? [])];
      answered = Math.max(answered, ...numbersOf(claimed, 'counter'));
      const counter = unsealed((await store.get('counter'))?.body ?? new Uint8Array());
      expect(counter).toBeGreaterThanOrEqual(answered);
      const kept = await keysOf(store, `bulk/victim-${kill}/`);
      for (const line of victim?.lines ?? []) if (line.startsWith('bulk ')) expect(kept).toContain(line.slice(5));
    }
    bystander[0]?.process.kill('SIGKILL');
    await bystander[0]?.ended;

    const objects = await listed(store, '');
    expect(objects.length).toBeGreaterThan(20);
    for (const { key, sizeBytes } of objects) {
      const body = (await store.get(key))?.body ?? new Uint8Array();
      expect(unsealed(body)).toBeGreaterThanOrEqual(0);
      expect(body).toHaveLength(sizeBytes);
      expect(Buffer.compare(body, await readFile(join(folder, key)))).toBe(0);
    }
    const [next] = await started(1, () => ['count', 'survivor', '3']);
    await finished(next === undefined ? [] : [next]);
    expect(next?.lines.map(Number).at(0)).toBeGreaterThan(answered);
  }, 120_000);

  test.each([
    { what: 'a new key', operation: 'create', before: [], from: undefined, to: 'new' },
    { what: 'a removed key', operation: 'create', before: ['create', 'remove'], from: undefined, to: 'new' },
    { what: 'a key never replaced', operation: 'replace', before: ['create'], from: 'old', to: 'new' },
    { what: 'a key with versions', operation: 'replace', before: ['create', 'replace'], from: 'old', to: 'new' },
    { what: 'a key never replaced', operation: 'remove', before: ['create'], from: 'old', to: undefined },
    { what: 'a key with versions', operation: 'remove', before: ['create', 'replace'], from: 'old', to: undefined },
  ])('keeps the old or has the new state, wherever the $operation of $what is killed', async (point) => {
    let isDone = false;
    let kills = 0;
    for (let call = 1; !isDone; call += 1) {
      await rm(folder, { recursive: true, force: true });
      store = new DirectoryStore(folder);
      for (const operation of point.before) await prepare(store, operation);

      const [victim] = await started(1, () => ['step', point.operation, String(call)]);
      await victim?.ended;
      isDone = victim?.lines.includes('done') ?? true;
      if (!isDone) kills += 1;

      const keys = await keysOf(store, '');
      const text = await textOf(store, 'subject');
      expect([point.from, point.to]).toContain(text);
      if (isDone) expect(text).toBe(point.to);
      expect(keys).toEqual(text === undefined ? [] : ['subject']);
      await expectGoesOn(text);
    }
    expect(kills).toBeGreaterThan(0);
  });

  /** Whatever was left behind, the next writers find a store like any other. */
  async function expectGoesOn(text: string | undefined): Promise<void> {
    const held = await store.get('subject');
    const etag = held?.etag ?? (await store.createIfAbsent('subject', 'begun anew'));
    expect(await store.createIfAbsent('subject', 'taken')).toBeUndefined();
    expect(await readFile(join(folder, 'subject'), 'utf8')).toBe(text ?? 'begun anew');
    expect(await store.replace('subject', 'gone on', etag ?? '')).toBeDefined();
    expect(await store.replace('subject', 'too late', etag ?? '')).toBeUndefined();
    expect(await readFile(join(folder, 'subject'), 'utf8')).toBe('gone on');
    expect(await keysOf(store, '')).toEqual(['subject']);
    await store.remove('subject');
    expect(await keysOf(store, '')).toEqual([]);
  }

  async function started(count: number, given: (n: number) => readonly string[]): Promise<readonly Writer[]> {
    const writers = Array.from({ length: count }, (_, n) => startWriter([folder, ...given(n)]));
    running.push(...writers);
    await Promise.all(writers.map(({ process: child }) => once(child.stdout, 'data')));
    for (const { process: child } of writers) child.stdin.write('go\n');
    return writers;
  }
});

function startWriter(given: readonly string[]): Writer {
  const child = spawn(process.execPath, [WRITER, ...given], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    if (line !== 'ready') lines.push(line);
  });
  // A writer that has been killed no longer reads.
  child.stdin.on('error', () => undefined);
  return { process: child, lines, ended: once(child, 'close') };
}

async function finished(writers: readonly Writer[]): Promise<void> {
  await Promise.all(writers.map(({ ended }) => ended));
  for (const { process: child } of writers) expect(child.exitCode).toBe(0);
}

async function prepare(store: Store, operation: string): Promise<void> {
  if (operation === 'create') await store.createIfAbsent('subject', 'old');
  if (operation === 'replace') await store.replace('subject', 'old', (await store.get('subject'))?.etag ?? '');
  if (operation === 'remove') await store.remove('subject');
}

function numbersOf(lines: readonly string[], word: string): readonly number[] {
  return lines.flatMap((line) => (line.startsWith(`${word} `) ? [Number(line.slice(word.length + 1))] : []));
}
