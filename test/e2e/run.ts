import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cloudEnvironment } from './cloud/environment.ts';

// `npm run e2e`, or `npm run e2e -- cloud operating` for some parts of it: each folder of tests is a part. Those that are
// long have a command of their own: `npm run e2e:faults`, `npm run e2e:privileges`.
const HERE = fileURLToPath(new URL('.', import.meta.url));
const REPOSITORY = resolve(HERE, '../..');
const JEST = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin', 'jest.js');
const named = process.env['FETTLE_E2E_LOGS'];
const logs = resolve(REPOSITORY, named || join('.fettle', 'e2e'));

const BY_NAME_ONLY: ReadonlySet<string> = new Set(['faults', 'privileges']);

interface Part {
  readonly name: string;
  readonly seconds: number;
  readonly passed: boolean;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function timed(name: string, work: () => Promise<boolean>): Promise<Part> {
  say(`\n=== ${name}`);
  const began = performance.now();
  const passed = await work();
  return { name, passed, seconds: (performance.now() - began) / 1_000 };
}

/** A folder that a person named may have other things in it. */
async function clearLogs(): Promise<void> {
  if (!named) await rm(logs, { recursive: true, force: true });
}

/** Installs what the cloud needs, once for all tests and visibly: the first time it takes a while. */
async function install(): Promise<boolean> {
  const environment = await cloudEnvironment();
  say('missing' in environment ? `skipped: ${environment.missing}` : `the test cloud runs on ${environment.python}`);
  return true;
}

async function runTests(files: readonly string[]): Promise<boolean> {
  const words = ['--config', join(HERE, 'jest.config.mjs'), '--runTestsByPath', ...files];
  const child = spawn(process.execPath, [JEST, ...words], {
    cwd: REPOSITORY,
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --no-warnings', FETTLE_E2E_LOGS: logs },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** The tests by their folder below this one; those beside this file deploy, and are `deployed`. */
async function partsOf(wanted: readonly string[]): Promise<[name: string, files: string[]][]> {
  const files = await Array.fromAsync(glob(join(HERE, '**', '*.test.ts')));
  const byFolder = Map.groupBy(files.sort(), (file) => {
    const folder = dirname(relative(HERE, file));
    return folder === '.' ? 'deployed' : folder;
  });
  const unknown = wanted.filter((name) => !byFolder.has(name));
  if (unknown.length > 0) {
    throw new Error(`there is no part ${unknown.join(', ')}; there are: ${[...byFolder.keys()].sort().join(', ')}`);
  }
  const isWanted = (name: string) => (wanted.length === 0 ? !BY_NAME_ONLY.has(name) : wanted.includes(name));
  return [...byFolder].filter(([name]) => isWanted(name)).sort();
}

const tests = await partsOf(process.argv.slice(2));
await clearLogs();
await mkdir(logs, { recursive: true });
const parts = [await timed('environment', install)];
for (const [name, files] of tests) parts.push(await timed(name, () => runTests(files)));

say(`\n${'part'.padEnd(14)} ${'seconds'.padStart(8)}  outcome`);
for (const { name, seconds, passed } of parts) {
  say(`${name.padEnd(14)} ${seconds.toFixed(1).padStart(8)}  ${passed ? 'passed' : 'failed'}`);
}
if (parts.every(({ passed }) => passed)) await clearLogs();
else {
  say(`\nthe logs of the servers and of the CDK are in ${logs}`);
  process.exitCode = 1;
}
