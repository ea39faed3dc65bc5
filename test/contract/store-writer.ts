/*
 * A process of its own that writes to a store in a folder:
 *
 *   store-writer.ts <folder> claim <name> <rounds>       tries to create claims/<round>, prints the rounds it won
 *   store-writer.ts <folder> count <name> <times>        raises the counter by comparison, prints what it wrote
 *   store-writer.ts <folder> churn <name>                writes until it is killed, prints what was answered for
 *   store-writer.ts <folder> fill <name> <bytes>         replaces the counter by that many bytes, prints the failure
 *   store-writer.ts <folder> step <operation> <calls>    does one thing to the key `subject`, is killed by itself
 *                                                        before the given change of the disk, prints `done` otherwise
 *
 * It prints `ready`, begins with the first line that it reads, and never outlives its standard input.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { writeSync } from 'node:fs';
import { messageOf } from '../../core/errors.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { sealed, unsealed } from './store-sealed.ts';

const [folder = '', job = '', name = '', number = '0'] = process.argv.slice(2);
const store = new DirectoryStore(folder);

// Unlike a stream, this is with the reader when the process is killed a moment later.
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function claim(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    if ((await store.createIfAbsent(`claims/${round}`, name)) !== undefined) say(String(round));
  }
}

/** Raises the counter by one; the value is answered for only when the store has said so. */
async function raise(filler: number): Promise<number> {
  for (;;) {
    const held = await store.get('counter');
    const value = held === undefined ? 1 : unsealed(held.body) + 1;
    const body = sealed(value, filler);
    const written =
      held === undefined
        ? await store.createIfAbsent('counter', body)
        : await store.replace('counter', body, held.etag);
    if (written !== undefined) return value;
  }
}

async function count(times: number): Promise<void> {
  for (let done = 0; done < times; done += 1) say(String(await raise(10)));
}

async function fill(sizeBytes: number): Promise<void> {
  const held = await store.get('counter');
  try {
    say(`written as ${await store.replace('counter', sealed(1, sizeBytes), held?.etag ?? '')}`);
  } catch (thrown) {
    say(messageOf(thrown));
  }
}

async function churn(): Promise<void> {
  for (let round = 0; ; round += 1) {
    say(`counter ${await raise(50_000)}`);
    const key = `bulk/${name}/${round}`;
    await store.createIfAbsent(key, sealed(round, 100_000));
    say(`bulk ${key}`);
    if ((await store.createIfAbsent('lock', sealed(round, 1_000))) === undefined) continue;
    await store.remove('lock');
  }
}

const STEPS: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  create: () => store.createIfAbsent('subject', 'new'),
  replace: async () => store.replace('subject', 'new', (await store.get('subject'))?.etag ?? ''),
  remove: () => store.remove('subject'),
};

async function step(operation: string, fatalCall: number): Promise<void> {
  let calls = 0;
  for (const change of ['link', 'mkdir', 'open', 'rename', 'rm', 'unlink', 'writeFile'] as const) {
    const real = fs[change] as (...given: unknown[]) => Promise<unknown>;
    const counted = (...given: unknown[]) => {
      const isReading = change === 'open' && given[1] === 'r';
      if (!isReading) calls += 1;
      if (!isReading && calls === fatalCall) process.kill(process.pid, 'SIGKILL');
      return real(...given);
    };
    Object.assign(fs, { [change]: counted });
  }
  syncBuiltinESMExports();
  await STEPS[operation]?.(store);
  say('done');
}

const jobs: Readonly<Record<string, () => Promise<void>>> = {
  claim: () => claim(Number(number)),
  count: () => count(Number(number)),
  fill: () => fill(Number(number)),
  churn,
  step: () => step(name, Number(number)),
};

async function work(): Promise<void> {
  await jobs[job]?.();
  process.exit(0);
}

say('ready');
process.stdin.once('data', () => void work());
// The test that started it is gone.
process.stdin.once('end', () => process.exit(1));
