import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathOf } from '../../../lib/demo/programs.ts';
import { whileLocked } from './build-lock.ts';
import { builtControlPlane } from './build.ts';
import { until } from './until.ts';

const PATH = process.env['PATH'] ?? '';
/** Built in a second; the real one is built by the tests that need a control plane. */
const SMALL = {
  'go.mod': 'module fettle.test/small\n\ngo 1.20\n',
  'main.go': 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("small") }\n',
};

const withGo = (await pathOf('go')) === undefined ? describe.skip : describe;
if ((await pathOf('go')) === undefined) process.stderr.write('skipped: small builds, because Go is not in PATH\n');

let folder: string;
let sources: string;
let cache: string;
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-build-'));
  sources = join(folder, 'sources');
  cache = join(folder, 'cache');
  said = [];
  await mkdir(sources);
  await mkdir(cache);
  for (const [name, text] of Object.entries(SMALL)) await writeFile(join(sources, name), text);
});

afterEach(async () => {
  process.env['PATH'] = PATH;
  await rm(folder, { recursive: true, force: true });
});

function built() {
  return builtControlPlane({ sources, cache, say: (text) => said.push(text) });
}

async function pathBuilt(): Promise<string> {
  const answer = await built();
  if ('missing' in answer) throw new Error(answer.missing);
  return answer.path;
}

describe('a machine that cannot build', () => {
  test('says that Go is missing, and which one it needs', async () => {
    process.env['PATH'] = folder;

    expect(await built()).toEqual({ missing: 'Go is not in PATH; 1.20 or newer builds it' });
    expect(await readdir(cache)).toEqual([]);
  });

  test.each([
    ['1.19.8', { missing: 'Go 1.19.8 is too old; 1.20.1 or newer builds it' }],
    ['1.20', { missing: 'Go 1.20 is too old; 1.20.1 or newer builds it' }],
  ])('says that Go %s is too old', async (version, answer) => {
    await writeFile(join(sources, 'go.mod'), 'module fettle.test/small\n\ngo 1.20.1\n');
    await writeFile(join(folder, 'go'), `#!/bin/sh\necho go${version}\n`, { mode: 0o755 });
    process.env['PATH'] = folder;

    expect(await built()).toEqual(answer);
  });
});

withGo('a build', () => {
  test('is made once, works, and leaves nothing else behind', async () => {
    const path = await pathBuilt();
    const { mtimeMs } = await stat(path);

    expect((await promisify(execFile)(path)).stdout).toBe('small\n');
    expect(await pathBuilt()).toBe(path);
    expect((await stat(path)).mtimeMs).toBe(mtimeMs);
    expect(said).toHaveLength(1);
    expect(await readdir(cache)).toEqual([join(path, '..').split('/').at(-1)]);
  });

  test('is there for whoever has no Go any more', async () => {
    const path = await pathBuilt();
    process.env['PATH'] = folder;

    expect(await built()).toEqual({ path });
  });

  test('of other sources is another one', async () => {
    const path = await pathBuilt();
    await writeFile(join(sources, 'main.go'), SMALL['main.go'].replace('small', 'other'));
    const other = await pathBuilt();

    expect(other).not.toBe(path);
    expect((await promisify(execFile)(other)).stdout).toBe('other\n');
  });

  test('that two ask for at once is made by one of them', async () => {
    const paths = await Promise.all([pathBuilt(), pathBuilt()]);

    expect(new Set(paths).size).toBe(1);
    expect(said.map((text) => text.split(' ', 1)[0]).sort()).toEqual(['another', 'building']);
  });

  test('that fails says how, keeps its output, and is tried again', async () => {
    await writeFile(join(sources, 'main.go'), 'package main\n\nfunc main() { nonsense }\n');
    await expect(built()).rejects.toThrow(/cannot be built \(exit 1\).*undefined: nonsense/s);
    const [log = '', ...others] = await readdir(cache);

    expect(log).toMatch(/^kubernetes-[0-9a-f]{16}\.log$/);
    expect(others).toEqual([]);
    await expect(built()).rejects.toThrow('undefined: nonsense');
    expect(said).toHaveLength(2);
  });

  test('that was killed half way is begun anew', async () => {
    const path = await pathBuilt();
    await rm(join(path, '..'), { recursive: true });
    const left = join(path, '..');
    await mkdir(`${left}.unfinished`);
    await writeFile(join(`${left}.unfinished`, 'control-plane'), 'half of a program');
    await leaveDeadLock(`${left}.lock`);

    expect(await pathBuilt()).toBe(path);
    expect((await promisify(execFile)(path)).stdout).toBe('small\n');
    expect(await readdir(cache)).toEqual([left.split('/').at(-1)]);
  });
});

describe('the lock', () => {
  test('is waited for while its holder lives', async () => {
    const lock = join(folder, 'lock');
    const order: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const holder = whileLocked(lock, async () => {
      order.push('first begins');
      await first.promise;
      order.push('first ends');
    });
    await until('the first to begin', () => Promise.resolve(order.length > 0));
    const waiter = whileLocked(lock, () => Promise.resolve(order.push('second')), {
      onWait: () => first.resolve(undefined),
    });
    await Promise.all([holder, waiter]);

    expect(order).toEqual(['first begins', 'first ends', 'second']);
    expect(await readdir(folder)).not.toContain('lock');
  });

  test('of a holder that was killed is taken over, by one after the other', async () => {
    const lock = join(folder, 'lock');
    await leaveDeadLock(lock);
    let inside = 0;
    const most: number[] = [];
    const work = async () => {
      inside += 1;
      most.push(inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => whileLocked(lock, work)));

    expect(most).toEqual([1, 1, 1]);
  });

  test('is given back where the work fails', async () => {
    const lock = join(folder, 'lock');

    await expect(whileLocked(lock, () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect(await whileLocked(lock, () => Promise.resolve('again'))).toBe('again');
  });
});

/** What is left of a holder that was killed a minute ago. */
async function leaveDeadLock(lock: string): Promise<void> {
  await mkdir(lock);
  const before = new Date(Date.now() - 60_000);
  await utimes(lock, before, before);
}
