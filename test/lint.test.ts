import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/** One violation each: the rule, the folder where it holds, and the code that breaks it. */
const PLANTED: [rule: string, folder: string, code: string][] = [
  ['no-console', 'core', 'console.log(1);'],
  ['no-console', 'lambdas/runtime', 'console.error(1);'],
  ['no-console', 'lib', 'console.log(1);'],
  ['no-restricted-syntax', 'lambdas/steps', "process.stdout.write('x');"],
  ['no-restricted-syntax', 'core', 'export const at = Date.now();'],
  ['no-restricted-syntax', 'core/calendar', 'export const at = new Date();'],
  ['no-restricted-syntax', 'lambdas/tasks/postgres', 'export const at = Date.now();'],
  ['no-restricted-syntax', 'lambdas/tasks/postgres/grown', 'export const at = new Date();'],
  ['no-restricted-syntax', 'lambdas/tasks/postgres', 'export const clock = Date.now;'],
  ['no-restricted-syntax', 'lib', "export * from './other.ts';"],
  ['no-restricted-syntax', 'lib', 'export default 1;'],
  ['no-restricted-syntax', 'core', "import { z } from 'zod';\nexport const Text = z.string();"],
  [
    'no-restricted-syntax',
    'lib',
    'for (const n of [1]) {\n  try {\n    JSON.parse(String(n));\n  } catch {\n    continue;\n  }\n}',
  ],
  ['no-empty', 'lib', 'try {\n  JSON.parse(String(1));\n} catch {}'],
  [
    '@typescript-eslint/no-unused-vars',
    'lib',
    'try {\n  JSON.parse(String(1));\n} catch (thrown) {\n  JSON.parse(String(2));\n}',
  ],
  ['max-lines', 'lib', 'export const n = 1;\n'.concat('// line\n'.repeat(300))],
  ['@typescript-eslint/no-explicit-any', 'lib', 'export const it: any = 1;'],
  ['@typescript-eslint/no-floating-promises', 'lib', 'Promise.resolve(1);'],
  ['@typescript-eslint/ban-ts-comment', 'lib', '// @ts-ignore\nexport const n: string = 1;'],
  ['no-console', 'lib', '// eslint-disable-next-line no-console\nconsole.log(1);'],
  ['no-restricted-syntax', 'test', "test.only('a', () => {});"],
  ['no-restricted-syntax', 'test', "describe.skip('a', () => {});"],
  ['no-restricted-syntax', 'test', "it.skip.each([1])('a', () => {});"],
  ['no-restricted-syntax', 'test', "const testLater = test.skip;\ntestLater('a', () => {});"],
  ['no-restricted-syntax', 'test', "test.todo('a');"],
  ['no-restricted-syntax', 'test', "xdescribe('a', () => {});"],
  ['no-restricted-syntax', 'test', "fit('a', () => {});"],
  ['no-restricted-syntax', 'test', 'expect(1).toMatchSnapshot();'],
  ['no-restricted-syntax', 'test', 'expect(1).toMatchInlineSnapshot(`1`);'],
];

const ALLOWED: [folder: string, code: string][] = [
  ['bin', 'console.log(1);\nprocess.stdout.write(String(Date.now()));'],
  ['lib/demo', "process.stderr.write('x');\nexport const at = new Date();"],
  ['lambdas/runtime', 'export const at = new Date();'],
  ['core', 'export const day = (now: Date) => new Date(now.getTime() + 86_400_000);'],
  [
    'lib',
    'export function read(text: string): unknown {\n  try {\n    return JSON.parse(text);\n  } catch {\n    return undefined;\n  }\n}',
  ],
  ['test', "declare const has: boolean;\nconst testRedis = has ? test : test.skip;\ntestRedis('a', () => {});"],
  ['test', "test.each([1])('a', (n) => expect(n).toBe(1));"],
];

const PREFACE =
  "import { describe, expect, it, test, xdescribe, fit } from '@jest/globals';\nexport { describe, expect, it, test, xdescribe, fit };\n";

interface Linted {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[];
}

describe('the lint rules', () => {
  let root: string;
  const found = new Map<string, readonly string[]>();
  const planted = PLANTED.map(([, folder], place) => `${folder}/planted-${place}.ts`);
  const allowed = ALLOWED.map(([folder], place) => `${folder}/allowed-${place}.ts`);

  beforeAll(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), 'fettle-lint-')));
    for (const file of ['eslint.config.mjs', 'tsconfig.json'])
      await copyFile(path.join(REPOSITORY, file), path.join(root, file));
    await symlink(path.join(REPOSITORY, 'node_modules'), path.join(root, 'node_modules'));
    const codes = [...PLANTED.map(([, , code]) => code), ...ALLOWED.map(([, code]) => code)];
    for (const [place, file] of [...planted, ...allowed].entries()) {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true });
      await writeFile(path.join(root, file), `${file.startsWith('test/') ? PREFACE : ''}${codes[place]}\n`);
    }
    await writeFile(path.join(root, 'lambdas/runtime/log.ts'), "console.log(process.stdout.isTTY ? 'a' : 'b');\n");
    for (const { filePath, messages } of await lint(root)) {
      const rules = messages.map(({ ruleId, message }) => ruleId ?? message);
      found.set(path.relative(root, filePath), rules);
    }
  });

  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
  });

  test.each(
    PLANTED.map(([rule, folder, code], place) => ({ rule, folder, code: title(code), file: planted[place] ?? '' })),
  )('$rule fires in $folder on $code', ({ rule, file }) => {
    expect(found.get(file)).toContain(rule);
  });

  test.each(ALLOWED.map(([folder, code], place) => ({ folder, code: title(code), file: allowed[place] ?? '' })))(
    'in $folder they let pass $code',
    ({ file }) => {
      expect(found.get(file)).toEqual([]);
    },
  );

  test('the log may print, and nothing beside it', () => {
    expect(found.get('lambdas/runtime/log.ts')).toEqual([]);
  });

  test('npm run lint looks at every warning', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(REPOSITORY, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };

    expect(scripts['lint']).toContain('--max-warnings 0');
  });
});

function title(code: string): string {
  return code.replace(/\s+/g, ' ').slice(0, 80);
}

/** ESLint's own words for every file of a tree; it exits 1 where it found something, and that is expected here. */
function lint(root: string): Promise<readonly Linted[]> {
  const eslint = path.join(REPOSITORY, 'node_modules/eslint/bin/eslint.js');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [eslint, '--format', 'json', '.'],
      { cwd: root, maxBuffer: 64 * 1024 ** 2, timeout: 120_000, env: { ...process.env, NODE_OPTIONS: '' } },
      (failure, stdout, stderr) => {
        if (failure && failure.code !== 1) reject(new Error(`eslint could not run: ${stderr}`, { cause: failure }));
        else resolve(JSON.parse(stdout) as readonly Linted[]);
      },
    );
  });
}
