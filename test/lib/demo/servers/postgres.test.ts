import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execute, startPostgres } from '../../../../lib/demo/servers/postgres.ts';

let parent = '';
let folder = '';
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fettle-demo-postgres-'));
  await chmod(parent, 0o755);
  folder = join(parent, 'data');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function rowsOf(url: string): Promise<unknown> {
  const [result] = await execute(url, 'SELECT id FROM kept');
  return result?.rows;
}

async function serverOf(dataFolder: string): Promise<number> {
  return Number((await readFile(join(dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

test('keeps its data and its password from start to start, on another port', async () => {
  const first = await startPostgres({ folder, durable: false });
  const url = await first.createDatabase('My "data"');
  await execute(url, 'CREATE TABLE kept AS SELECT 7 AS id');
  await first.stop();

  const second = await startPostgres({ folder, durable: false });
  const rows = await rowsOf(await second.createDatabase('My "data"'));
  await second.stop();

  expect(rows).toEqual([{ id: 7 }]);
});

test('takes over from a server whose starter was killed', async () => {
  const module = pathToFileURL(join(import.meta.dirname, '../../../../lib/demo/servers/postgres.ts')).href;
  const script = `
    const { startPostgres, execute } = await import(${JSON.stringify(module)});
    const server = await startPostgres({ folder: ${JSON.stringify(folder)}, durable: false });
    await execute(server.url(), 'CREATE TABLE kept AS SELECT 7 AS id');
    process.kill(process.pid, 'SIGKILL');`;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: 'inherit',
    env,
  });
  await new Promise((resolve) => child.once('exit', resolve));
  const orphan = await serverOf(folder);
  expect(child.signalCode).toBe('SIGKILL');
  expect(() => process.kill(orphan, 0)).not.toThrow();

  const server = await startPostgres({ folder, durable: false });
  const rows = await rowsOf(server.url());
  const successor = await serverOf(folder);
  await server.stop();

  expect(rows).toEqual([{ id: 7 }]);
  expect(successor).not.toBe(orphan);
});

test('is not fooled by the process id of a dead server that another process has now', async () => {
  await (await startPostgres({ folder, durable: false })).stop();
  await writeFile(join(folder, 'postmaster.pid'), `${process.ppid}\n${folder}\n`);

  const server = await startPostgres({ folder, durable: false });
  const [result] = await execute(server.url(), 'SELECT 1 AS one');
  await server.stop();

  expect(result?.rows).toEqual([{ one: 1 }]);
});

test('says why it does not start', async () => {
  await expect(startPostgres({ folder, durable: false, settings: ['no_such_setting=1'] })).rejects.toThrow(
    'unrecognized configuration parameter "no_such_setting"',
  );
});
