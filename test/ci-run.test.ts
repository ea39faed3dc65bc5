import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { REPOSITORY } from './harness/cruise.ts';

const PROGRAMS = ['redis-server', 'prometheus', 'pg_dump', 'chromium', 'python3'];
const TOOLS = ['bash', 'env', 'dirname', 'mktemp', 'mkdir', 'sed', 'grep', 'tee', 'git', 'cat', 'touch'];
const GREEN = 'Test Suites: 3 passed, 3 total\nTests:       12 passed, 12 total\n';
/** Each folder of deployed tests is a run of its own. */
const DEPLOYED = 'Tests:       3 passed, 3 total\nTests:       2 passed, 2 total\n';

interface Outcome {
  readonly code: number;
  readonly output: string;
  /** The last line, which a machine reads. */
  readonly closing: string;
  /** The parts of the table, in their order, with their outcomes. */
  readonly parts: readonly string[];
}

/** Runs the real script in a small repository in which every command around it is a stand-in. */
describe('.ci/run', () => {
  let root: string;
  let programs: string;

  beforeEach(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), 'fettle-ci-')));
    programs = path.join(root, 'programs');
    await mkdir(path.join(root, '.ci'));
    await mkdir(path.join(root, 'docs'));
    await mkdir(programs);
    await copyFile(path.join(REPOSITORY, '.ci/run'), path.join(root, '.ci/run'));
    await writeFile(path.join(root, 'docs/tasks.md'), 'as generated\n');
    for (const tool of TOOLS) await symlink(onPath(tool), path.join(programs, tool));
    for (const program of PROGRAMS) await stand(program, 'exit 0');
    await stand('id', 'echo 1000');
    await stand('npx', 'echo "$@" >> called');
    await npm();
    for (const args of [
      ['init', '-q'],
      ['add', 'docs'],
    ])
      execFileSync('git', args, { cwd: root });
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', 'commit', '-qm', 'a'], { cwd: root });
  });

  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  async function stand(name: string, body: string): Promise<void> {
    await writeFile(path.join(programs, name), `#!/usr/bin/env bash\n${body}\n`, { mode: 0o755 });
  }

  async function npm({
    ci = ':',
    test: tests = `printf '${GREEN}'`,
    docs = ':',
    coverage = ':',
    crashes = ':',
    e2e = `printf '${DEPLOYED}'`,
    faults = `printf '${DEPLOYED}'`,
    privileges = `printf '${DEPLOYED}'`,
  } = {}): Promise<void> {
    await stand(
      'npm',
      `echo "$*" >> called\ncase "$*" in\n  ci) ${ci} ;;\n  test) ${tests} ;;\n  'run docs') ${docs} ;;\n  *coverage) ${coverage} ;;\n  *crashes*) ${crashes} ;;\n  *e2e) ${e2e} ;;\n  *:faults) ${faults} ;;\n  *:privileges) ${privileges} ;;\nesac`,
    );
  }

  async function run(): Promise<Outcome> {
    const env = { PATH: programs, HOME: root, FETTLE_CI_LOGS: path.join(root, 'logs') };
    return new Promise((resolve) => {
      execFile(path.join(root, '.ci/run'), { cwd: tmpdir(), env, timeout: 30_000 }, (failure, stdout, stderr) => {
        const lines = stdout.trimEnd().split('\n');
        const rows = lines.filter((line) =>
          /^(programs|tests|docs|synth|coverage|crashes|e2e|faults|privileges) +\d+ {2}/.test(line),
        );
        resolve({
          code: typeof failure?.code === 'number' ? failure.code : failure ? -1 : 0,
          output: stdout + stderr,
          closing: lines.at(-1) ?? '',
          parts: rows.map((row) => row.replace(/ +\d+ {2}/, ': ')),
        });
      });
    });
  }

  const called = async () => (await readFile(path.join(root, 'called'), 'utf8')).trim().split('\n');

  test('runs every part in order, times each, and ends with the counts alone on a line', async () => {
    const { code, closing, parts } = await run();

    expect({ code, closing }).toEqual({ code: 0, closing: '27 passed, 0 failed' });
    const names = ['programs', 'tests', 'docs', 'synth', 'coverage', 'crashes', 'e2e', 'faults', 'privileges'];
    expect(parts).toEqual(names.map((name) => `${name}: passed`));
    const [crashes, coverage] = ['run test:crashes -- --sample 240', 'run coverage'];
    const deployed = ['run e2e', 'run e2e:faults', 'run e2e:privileges'];
    expect(await called()).toEqual(['ci', 'test', 'run docs', 'cdk synth -q', coverage, crashes, ...deployed]);
  });

  test.each([
    ['one failed', 'Tests:       1 failed, 11 passed, 12 total', 1, '11 passed, 1 failed'],
    [
      'one was skipped though all is green',
      'Tests:       1 skipped, 11 passed, 12 total',
      0,
      '11 passed, 1 failed, 1 skipped',
    ],
    ['one is a note', 'Tests:       1 todo, 11 passed, 12 total', 0, '11 passed, 1 failed, 1 skipped'],
    ['none ran though all is green', 'nothing here', 0, '0 passed, 1 failed'],
    [
      'the counts are coloured',
      '\\033[1mTests:       \\033[22m\\033[33m1 skipped\\033[39m, 2 passed, 3 total',
      0,
      '2 passed, 1 failed, 1 skipped',
    ],
  ])('stops after the tests when %s', async (_what, summary, exit, closing) => {
    await npm({ test: `printf '${summary}\\n'; exit ${exit}` });

    const outcome = await run();

    expect({ failed: outcome.code !== 0, closing: outcome.closing }).toEqual({ failed: true, closing });
    expect(outcome.parts).toEqual(['programs: passed', 'tests: failed, exit 1']);
    expect(outcome.output).toContain('failed: tests; its output is in');
  });

  test('does not test what could not be installed', async () => {
    await npm({ ci: 'exit 7' });

    const { code, parts } = await run();

    expect({ code, parts }).toEqual({ code: 7, parts: ['programs: passed', 'tests: failed, exit 7'] });
    expect(await called()).toEqual(['ci']);
  });

  test.each([
    ['changed', 'echo other > docs/tasks.md', '+other'],
    ['added', 'echo new > docs/new.md', 'generated and not committed: docs/new.md'],
  ])('fails when generating %s a page', async (_what, docs, words) => {
    await npm({ docs });

    const { code, output, parts } = await run();

    expect({ code, last: parts.at(-1) }).toEqual({ code: 1, last: 'docs: failed, exit 1' });
    expect(output).toContain(words);
  });

  test('fails with the synth', async () => {
    await stand('npx', 'exit 3');

    const { code, closing, parts } = await run();

    expect({ code, closing, last: parts.at(-1) }).toEqual({
      code: 3,
      closing: '12 passed, 1 failed',
      last: 'synth: failed, exit 3',
    });
  });

  test.each([
    ['coverage', 4],
    ['crashes', 5],
  ])('fails with the %s', async (name, exit) => {
    await npm({ [name]: `exit ${exit}` });

    const { code, closing, parts } = await run();

    expect({ code, closing, last: parts.at(-1) }).toEqual({
      code: exit,
      closing: '12 passed, 1 failed',
      last: `${name}: failed, exit ${exit}`,
    });
  });

  test.each([
    ['a test of it fails', 'Tests:       1 failed, 2 passed, 3 total', 'exit 6', '14 passed, 1 failed'],
    ['a part of it is skipped', 'Tests:       2 skipped, 1 passed, 3 total', ':', '13 passed, 1 failed, 2 skipped'],
  ])('fails with what is deployed when %s', async (_what, summary, then, closing) => {
    await npm({ e2e: `printf '${summary}\\n'; ${then}` });

    const outcome = await run();

    expect({ failed: outcome.code !== 0, closing: outcome.closing }).toEqual({ failed: true, closing });
    expect(outcome.parts.at(-1)).toMatch(/^e2e: failed/);
  });

  test('names a missing program to who may not install it', async () => {
    await rm(path.join(programs, 'pg_dump'));

    const { code, output, parts } = await run();

    expect({ code, parts }).toEqual({ code: 1, parts: ['programs: failed, exit 1'] });
    expect(output).toContain('missing: postgresql-client-15; install them');
  });

  test('names what Python lacks', async () => {
    await stand('python3', 'exit 1');

    expect((await run()).output).toContain('missing: python3-venv; install them');
  });

  test('installs what is missing as root, and nothing else', async () => {
    await rm(path.join(programs, 'pg_dump'));
    await stand('id', 'echo 0');
    await stand('apt-get', 'echo "apt-get $*" >> called');

    const { code, output } = await run();

    expect(code).toBe(0);
    expect(output).toContain('installing: postgresql-client-15');
    expect((await called()).slice(0, 2)).toEqual([
      'apt-get -qq update',
      'apt-get -qq install --yes --no-install-recommends postgresql-client-15',
    ]);
  });

  test('can be executed', () => {
    expect(() => accessSync(path.join(REPOSITORY, '.ci/run'), constants.X_OK)).not.toThrow();
  });
});

function onPath(tool: string): string {
  return execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
}
