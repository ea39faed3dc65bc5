import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InvalidInput } from '../core/errors.ts';
import { loadTask, taskEntryPoints } from '../lambdas/catalogue.ts';
import { scaffoldTask } from '../lib/scaffold.ts';
import { brokenPromises } from './contract/task-contract.ts';
import { REPOSITORY, sourceFiles } from './harness/cruise.ts';

/** Real compilers run here, on machines that are busy. */
const PATIENCE_MS = 180_000;
const CONFIGURATION = ['package.json', 'tsconfig.json', 'eslint.config.mjs', 'jest.config.mjs', '.prettierrc.json'];
const FOLDERS = ['core', 'lambdas/runtime', 'lib/scaffold', 'lib/profiles', 'test/harness'];
const FILES = ['lambdas/catalogue.ts', 'lib/scaffold.ts', 'bin/new-task.ts'];

/** A task of each effect, at places with short and with long names. */
const NEW: { readonly args: readonly string[]; readonly effect: string; readonly target: string }[] = [
  { args: ['postgres/check-orders'], effect: 'read-only', target: 'postgres' },
  { args: ['aws/audit'], effect: 'read-only', target: 'aws' },
  {
    args: ['orchard/review-quarterly-harvest-figures-by-tree', '--target', 'redis'],
    effect: 'read-only',
    target: 'redis',
  },
  { args: ['orchard/check-fruit'], effect: 'read-only', target: 'redis' },
  { args: ['logs/trim'], effect: 'mutating', target: 'logs' },
  { args: ['kubernetes/rewrite-every-annotation-of-old-pods1'], effect: 'mutating', target: 'kubernetes' },
  { args: ['buckets/purge-orders'], effect: 'destructive', target: 'buckets' },
];
const PLACES = NEW.map(({ args }) => args[0] ?? '');
const filesOf = (place: string) => [`lambdas/tasks/${place}.ts`, `test/lambdas/tasks/${place}.test.ts`];

describe('npm run new-task', () => {
  let root: string;
  const changes: { readonly edited: readonly string[]; readonly added: readonly string[] }[] = [];

  beforeAll(async () => {
    root = await copyOfTheHouse();
    for (const { args } of NEW) {
      const before = await hashes(root);
      await run(root, ['bin/new-task.ts', ...args]);
      const after = await hashes(root);
      changes.push({
        edited: [...before].filter(([file, hash]) => after.get(file) !== hash).map(([file]) => file),
        added: [...after.keys()].filter((file) => !before.has(file)),
      });
    }
  }, PATIENCE_MS);

  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
  });

  test('adds exactly the task and its test and edits no file that was there', () => {
    expect(changes).toEqual(PLACES.map((place) => ({ edited: [], added: filesOf(place) })));
  });

  test('writes tasks that keep every promise of the contract', async () => {
    const entries = await Promise.all(
      [...(await taskEntryPoints(root))].map(([name, file]) => loadTask(name, file, root)),
    );

    expect(entries.map(({ file }) => file).sort()).toEqual(PLACES.map((place) => `lambdas/tasks/${place}.ts`).sort());
    expect(entries.flatMap((entry) => brokenPromises(entry, root))).toEqual([]);
  });

  test.each(NEW)('makes of $args a $effect task that acts on $target', async ({ args, effect, target }) => {
    const place = args[0] ?? '';
    const { task } = await loadTask(place.replace('/', '-'), path.join(root, `lambdas/tasks/${place}.ts`), root);

    expect({ effect: task.effect, target: task.target, changes: task.cap !== undefined }).toEqual({
      effect,
      target,
      changes: effect !== 'read-only',
    });
  });

  test('writes tests that pass', async () => {
    const jest = ['--experimental-vm-modules', path.join(REPOSITORY, 'node_modules/jest/bin/jest.js')];
    const { stderr } = await run(root, [...jest, '--ci', 'test/lambdas/tasks']);

    expect(stderr).toContain(`Test Suites: ${NEW.length} passed, ${NEW.length} total`);
  });

  test(
    'writes code that type-checks, and passes lint and format',
    async () => {
      const include = PLACES.flatMap(filesOf);
      await writeFile(path.join(root, 'tsconfig.new.json'), JSON.stringify({ extends: './tsconfig.json', include }));
      const tool = (file: string) => path.join(REPOSITORY, 'node_modules', file);

      const checks = [
        [tool('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.new.json'],
        [tool('eslint/bin/eslint.js'), '--max-warnings', '0', ...include],
        [tool('prettier/bin/prettier.cjs'), '--check', ...include],
      ];
      const exits = await Promise.all(checks.map((check) => run(root, check).then(({ stdout }) => stdout)));

      expect(exits).toHaveLength(3);
    },
    PATIENCE_MS,
  );

  test.each([
    ['a name without domain', ['vacuum'], 'write <domain>/<verb>-<object>'],
    ['capitals', ['postgres/CheckOrders'], 'write <domain>/<verb>-<object>'],
    ['a way out of the tree', ['../check-orders'], 'write <domain>/<verb>-<object>'],
    ['a private name', ['postgres/_orders'], 'write <domain>/<verb>-<object>'],
    ['a name that is too long', [`postgres/check-${'x'.repeat(34)}`], 'at most 48'],
    ['a task that exists', ['postgres/check-orders'], 'exists already'],
    ['a domain that tells no kind', ['weather/check-rain'], 'add --target with one of postgres, redis'],
    ['a misspelt kind', ['weather/check-rain', '--target', 'postgress'], 'did you mean "postgres"?'],
    ['an unknown option', ['weather/check-rain', '--kind', 'redis'], 'usage: npm run new-task'],
    ['nothing', [], 'usage: npm run new-task'],
  ])('answers %s with what is allowed, and writes nothing', async (_what, args, words) => {
    const before = await hashes(root);

    const { code, stderr } = await run(root, ['bin/new-task.ts', ...args], { mayFail: true });

    expect(code).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('    at ');
    expect(await hashes(root)).toEqual(before);
  });

  test('does not put a task beside the folder of one that grew', async () => {
    await mkdir(path.join(root, 'lambdas/tasks/metrics/check-grown'), { recursive: true });

    await expect(scaffoldTask({ place: 'metrics/check-grown', root })).rejects.toThrow(InvalidInput);
  });
});

/** The least of this repository in which the command and its tools work. */
async function copyOfTheHouse(): Promise<string> {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), 'fettle-scaffold-')));
  for (const folder of FOLDERS) await cp(path.join(REPOSITORY, folder), path.join(root, folder), { recursive: true });
  await mkdir(path.join(root, 'lambdas/tasks'));
  await mkdir(path.join(root, 'bin'));
  for (const file of [...CONFIGURATION, ...FILES]) await copyFile(path.join(REPOSITORY, file), path.join(root, file));
  await symlink(path.join(REPOSITORY, 'node_modules'), path.join(root, 'node_modules'));
  return root;
}

async function hashes(root: string): Promise<ReadonlyMap<string, string>> {
  const files = [...(await sourceFiles(root, ['core', 'lambdas', 'lib', 'bin', 'test'])), ...CONFIGURATION];
  const entries = files.map(async (file) => {
    const content = await readFile(path.join(root, file));
    return [file, createHash('sha256').update(content).digest('hex')] as const;
  });
  return new Map(await Promise.all(entries));
}

interface Exit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(root: string, args: readonly string[], { mayFail = false } = {}): Promise<Exit> {
  const environment = { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: '0' };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [...args],
      { cwd: root, timeout: 120_000, env: environment },
      (failure, stdout, stderr) => {
        if (failure && !mayFail) reject(new Error(`${args.join(' ')}\n${stdout}\n${stderr}`, { cause: failure }));
        else resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, stdout, stderr });
      },
    );
  });
}
