import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  blindSpots,
  cruise,
  misplaced,
  REPOSITORY,
  RULES,
  SOURCE_FOLDERS,
  sourceFiles,
  type Cruise,
} from './harness/cruise.ts';

/** One violation of every rule, each in the smallest file that commits it: rule, file, its text, what it reaches. */
const PLANTED: [rule: string, file: string, specifier: string][] = [
  ['core-looks-up', 'core/up.ts', '../lambdas/runtime/end.ts'],
  ['lambdas-looks-up', 'lambdas/runtime/up.ts', '../../state-machines/end.ts'],
  ['state-machines-looks-up', 'state-machines/up.ts', '../lib/end.ts'],
  ['lib-looks-up', 'lib/up.ts', '../bin/end.ts'],
  ['dashboard-reads-core', 'dashboard/up.ts', '../lib/end.ts'],
  ['no-cycles', 'lib/round.ts', './trip.ts'],
  ['resolvable', 'lib/lost.ts', './nowhere.ts'],
  ['core-is-pure', 'core/temporal.ts', 'temporal-polyfill'],
  ['core-is-pure', 'core/disk.ts', 'node:fs'],
  ['calendar-is-pure', 'core/calendar/disk.ts', 'node:fs'],
  ['tasks-never-import-tasks', 'lambdas/tasks/postgres/check-one.ts', './check-two.ts'],
  ['tasks-never-import-tasks', 'lambdas/tasks/postgres/check-three.ts', './grown/index.ts'],
  ['domains-are-islands', 'lambdas/tasks/redis/check-one.ts', '../postgres/_database.ts'],
  ['lambdas-carry-no-tools', 'lambdas/runtime/stack.ts', 'aws-cdk-lib'],
  ['lambdas-carry-no-tools', 'lambdas/runtime/construct.ts', 'constructs'],
  ['lambdas-carry-no-tools', 'lambdas/runtime/bundle.ts', 'esbuild'],
  ['lambdas-carry-no-tools', 'lambdas/runtime/engine.ts', 'aws-local-stepfunctions'],
  ['state-machines-know-no-cdk', 'state-machines/stack.ts', 'aws-cdk-lib'],
  ['middy-in-one-place', 'lambdas/runtime/wrap.ts', '@middy/core'],
  ['production-needs-no-test', 'lib/test-double.ts', '../test/harness/end.ts'],
  ['production-needs-no-dev-dependency', 'lib/assertion.ts', 'jest'],
];

/** What the rules must let through, or they would be switched off one by one. */
const ALLOWED: [file: string, specifier: string][] = [
  ['core/hash.ts', 'node:crypto'],
  ['core/schema.ts', 'zod'],
  ['core/calendar/cron.ts', 'temporal-polyfill'],
  ['lambdas/runtime/handler.ts', '@middy/core'],
  ['lambdas/tasks/postgres/check-four.ts', './_database.ts'],
  ['lambdas/tasks/postgres/check-five.ts', '../../../core/end.ts'],
  ['lambdas/tasks/postgres/check-six.ts', '../../runtime/end.ts'],
  ['lambdas/tasks/postgres/grown/index.ts', './_part.ts'],
  ['lib/stack.ts', 'aws-cdk-lib'],
  ['dashboard/page.ts', '../core/end.ts'],
  ['test/lib/end.test.ts', '../../lib/end.ts'],
];

const ENDS = ['core', 'lambdas/runtime', 'state-machines', 'lib', 'bin', 'dashboard', 'test/harness'].map(
  (folder) => `${folder}/end.ts`,
);
const TARGETS = [
  ...ENDS,
  'lambdas/tasks/postgres/check-two.ts',
  'lambdas/tasks/postgres/_database.ts',
  'lambdas/tasks/postgres/grown/_part.ts',
];
const PACKAGES = [
  'zod',
  'temporal-polyfill',
  'aws-cdk-lib',
  'constructs',
  'esbuild',
  'aws-local-stepfunctions',
  '@middy/core',
];

describe('the tree', () => {
  let found: Cruise;
  const folders = SOURCE_FOLDERS.filter((folder) => existsSync(path.join(REPOSITORY, folder)));

  beforeAll(async () => {
    found = await cruise(REPOSITORY, folders);
  });

  test('was really looked at: every source file was read', async () => {
    expect(blindSpots(await sourceFiles(REPOSITORY, folders), found)).toEqual([]);
  });

  test('has no forbidden import', () => {
    expect(found.violations).toEqual([]);
  });

  test('has no file whose place or name says nothing', async () => {
    expect(misplaced(await sourceFiles(REPOSITORY, folders))).toEqual([]);
  });
});

describe('the rules', () => {
  let root: string;
  let found: Cruise;

  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'fettle-architecture-'));
    await plant(root);
    found = await cruise(root, SOURCE_FOLDERS);
  });

  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
  });

  test.each(PLANTED)('%s fires on %s, which imports %s', (rule, file, specifier) => {
    const fired = found.violations.filter((violation) => violation.startsWith(`${rule}: ${file} → `));

    expect(fired).toHaveLength(1);
    expect(fired[0]).toContain(path.basename(specifier).replace('node:', '').replace(/\.ts$/, ''));
  });

  test.each(ALLOWED)('let %s import %s', (file) => {
    expect(found.seen).toContain(file);
    expect(found.violations.filter((violation) => violation.includes(`: ${file} → `))).toEqual([]);
  });

  test('are all seen to fire', () => {
    const { forbidden } = createRequire(import.meta.url)(RULES) as {
      readonly forbidden: readonly { readonly name: string }[];
    };
    const fired = new Set(found.violations.map((violation) => violation.split(':')[0]));

    expect(forbidden.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([]);
    expect(forbidden.length).toBeGreaterThan(10);
  });

  test('cannot pass by seeing nothing', async () => {
    const blind = path.join(root, 'blind');
    await mkdir(path.join(blind, 'core'), { recursive: true });
    await writeFile(path.join(blind, 'tsconfig.json'), '{ "files": ["elsewhere.ts"] }');

    const nothing = await cruise(blind, ['core']);

    expect(nothing.violations).toEqual([]);
    expect(blindSpots([], nothing)).not.toEqual([]);
    expect(blindSpots(['core/task.ts'], nothing)).not.toEqual([]);
  });

  test.each([
    'lib/utils/clock.ts',
    'core/helpers.ts',
    'lambdas/tasks/postgres/_common.ts',
    'lib/shared/clock.ts',
    'lib/date-utils.ts',
    'core/index.ts',
    'lambdas/tasks/postgres/index.ts',
  ])('refuse the place %s', (file) => {
    expect(misplaced([file])).toHaveLength(1);
  });

  test.each(['lambdas/tasks/postgres/vacuum/index.ts', 'core/commonmark.ts', 'lib/stacks/platform-stack.ts'])(
    'accept the place %s',
    (file) => {
      expect(misplaced([file])).toEqual([]);
    },
  );
});

async function plant(root: string): Promise<void> {
  const write = async (file: string, text: string) => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  };
  const dependencies = Object.fromEntries(PACKAGES.map((name) => [name, '1.0.0']));
  await write('tsconfig.json', '{ "compilerOptions": { "module": "esnext", "moduleResolution": "bundler" } }');
  await write('package.json', JSON.stringify({ name: 'planted', dependencies, devDependencies: { jest: '1.0.0' } }));
  for (const name of [...PACKAGES, 'jest']) {
    await write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    await write(`node_modules/${name}/index.js`, 'exports.end = 1;\n');
  }
  for (const file of TARGETS) await write(file, 'export const end = 1;\n');
  await write('lib/trip.ts', "export * from './round.ts';\n");
  for (const [, file, specifier] of PLANTED) await write(file, `export * from '${specifier}';\n`);
  for (const [file, specifier] of ALLOWED) await write(file, `export * from '${specifier}';\n`);
}
