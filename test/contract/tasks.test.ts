import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadTask, taskEntryPoints, type CataloguedTask } from '../../lambdas/catalogue.ts';
import { TASK_CONTRACT } from './task-contract.ts';

const REPOSITORY = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
const FILES = [...(await taskEntryPoints())];

test('the catalogue is not empty', () => {
  expect(FILES.length).toBeGreaterThan(0);
});

describe.each(FILES)('%s', (name, file) => {
  let entry: CataloguedTask;

  beforeAll(async () => {
    entry = await loadTask(name, file);
  });

  test.each(TASK_CONTRACT)('$title', ({ broken }) => {
    expect(broken(entry, REPOSITORY)).toEqual([]);
  });
});

describe('importing every task', () => {
  test('opens nothing and needs no credentials, no home and no network', async () => {
    expect(await importAll()).toEqual({ imported: FILES.map(([name]) => name), opened: [], left: [] });
  });

  test('would show a task that opens something', async () => {
    const root = await realpath(await mkdtemp(path.join(tmpdir(), 'fettle-import-')));
    const folder = path.join(root, 'lambdas/tasks/redis');
    await mkdir(folder, { recursive: true });
    const end = 'export const task = { name: "t", run() {}, findings: {} };\n';
    await writeFile(
      path.join(folder, 'check-a.ts'),
      `import net from 'node:net';\nnet.connect(1, '127.0.0.1').on('error', () => {});\n${end}`,
    );
    await writeFile(
      path.join(folder, 'check-b.ts'),
      `import { spawn } from 'node:child_process';\nspawn('true');\n${end}`,
    );
    await writeFile(
      path.join(folder, 'check-c.ts'),
      `import { writeFileSync } from 'node:fs';\nwriteFileSync('${root}/x', '');\n${end}`,
    );
    await writeFile(path.join(folder, 'check-d.ts'), `setInterval(() => {}, 1_000);\n${end}`);

    const { opened, left } = await importAll(root).finally(() => rm(root, { recursive: true, force: true }));

    expect(opened.map((what) => what.split(' ').slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining(['redis-check-a: connect', 'redis-check-b: spawn', 'redis-check-c: writeFileSync']),
    );
    expect(left).toContain('Timeout');
  });
});

interface Imported {
  readonly imported: readonly string[];
  readonly opened: readonly string[];
  readonly left: readonly string[];
}

async function importAll(...root: readonly string[]): Promise<Imported> {
  const script = path.join(REPOSITORY, 'test/contract/import-every-task.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...root], {
    cwd: REPOSITORY,
    env: { PATH: process.env['PATH'], HOME: path.join(tmpdir(), 'fettle-no-such-home') },
    timeout: 50_000,
  });
  return JSON.parse(stdout) as Imported;
}
