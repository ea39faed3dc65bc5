import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunReport } from '../../core/report.ts';
import { isRoot } from '../harness/plain-user.ts';
import { type Exit, fettle } from './_fettle.ts';

let folder: string;
let silent: Server;

/** A profile whose only task looks at a server that takes calls and never answers. */
async function profileOf(name: string, more = ''): Promise<string> {
  const { port } = silent.address() as AddressInfo;
  const file = join(folder, `${name}.yaml`);
  const target = `targets: { endpoints: { web: { url: "http://127.0.0.1:${port}/" } } }`;
  await writeFile(
    file,
    `platform: shop\n${target}\n${more}procedures: { daily: { tasks: [endpoints-check-health] } }\n`,
  );
  return file;
}

async function emptyFolder(name: string): Promise<string> {
  await mkdir(join(folder, name));
  return join(folder, name);
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'fettle-streams-')));
  await chmod(folder, 0o755);
  silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
});
afterAll(async () => {
  silent.close();
  await rm(folder, { recursive: true });
});

describe('what a command answers', () => {
  test('may be read only in part: a reader that goes away is no error', async () => {
    const { code, stdout, stderr } = await fettle(['explain', '--json'], { cwd: folder, behind: '| head -1' });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '[\n', stderr: '' });
  });

  test('and cannot be written, for the disk is full, is an error that is told', async () => {
    const { code, stderr } = await fettle(['tasks'], { cwd: folder, behind: '> /dev/full' });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'fettle: the answer could not be written: the disk is full [OUTPUT_UNWRITTEN]\n',
    });
  });

  test('keeps its exit code where nobody can be talked to and nothing can be read', async () => {
    const { code, stdout } = await fettle(['rnu', '--json'], { cwd: folder, behind: '2> /dev/full <&-' });
    expect({ code, error: JSON.parse(stdout) as unknown }).toMatchObject({
      code: 2,
      error: { error: { code: 'CLI_UNKNOWN_COMMAND' } },
    });
  });

  test('needs neither a home nor any other variable', async () => {
    const { code, stderr } = await fettle(['explain', 'CFG_TYPE'], { cwd: folder, env: {} });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('that is not understood comes with its stack only where it is asked for', async () => {
    const env = { PATH: process.env['PATH'] ?? '', FETTLE_DEBUG: '1' };
    const { code, stderr } = await fettle(['rnu'], { cwd: folder, env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/\n {4}at /);
  });
});

describe('Ctrl-C', () => {
  test('before anything has happened ends the command with 130 and leaves nothing', async () => {
    const cwd = await emptyFolder('before');
    const profile = await profileOf('before');
    const { code, stdout } = await fettle(['run', 'daily', '-p', profile], { cwd, interruptAt: '' });
    expect({ code, stdout, left: await readdir(cwd) }).toEqual({ code: 130, stdout: '', left: [] });
  });

  test('before the run has begun ends the command with 130, and there is no run', async () => {
    const cwd = await emptyFolder('early');
    const profile = await profileOf('early', 'people: { team: [ann] }\n');
    const { code, stdout, stderr } = await fettle(['run', 'daily', '-p', profile, '--json'], {
      cwd,
      interruptAt: 'people is checked',
    });
    expect({ code, error: JSON.parse(stdout) as unknown }).toMatchObject({
      code: 130,
      error: { error: { code: 'RUN_INTERRUPTED' } },
    });
    expect(stderr).toMatch(/fettle: interrupted before the run began; nothing was changed \[RUN_INTERRUPTED\]\n$/);
    expect(existsSync(join(cwd, '.fettle/shop/local/runs'))).toBe(false);
  });

  test('while a task works ends the run with a report that says so, and the command with 130', async () => {
    const cwd = await emptyFolder('during');
    const profile = await profileOf('during');
    const { code, stdout } = await fettle(['run', 'daily', '-p', profile, '--json'], {
      cwd,
      interruptAt: 'endpoints-check-health …',
    });
    const report = JSON.parse(stdout) as RunReport;
    expect(code).toBe(130);
    expect(report).toMatchObject({ ended: 'aborted', verdict: 'unknown' });
    expect(await readFile(join(cwd, '.fettle/shop/local/runs/daily', report.runId, 'report.json'), 'utf8')).toContain(
      report.runId,
    );
  });
});

// Root may write everywhere, so only it can show what another user may not.
const asRoot = isRoot ? describe : describe.skip;
asRoot('a user who may not write (seen by root only, who can become one)', () => {
  const expectDenied = ({ code, stdout, stderr }: Exit, place: string) => {
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(`fettle: the store ${place} cannot be written: your user may not [STORE_DENIED]\n`);
  };

  test('in the current folder is told so before a run, and nothing is made', async () => {
    const cwd = await emptyFolder('foreign');
    const profile = await profileOf('foreign');
    const denied = await fettle(['run', 'daily', '-p', profile], { cwd, asNobody: true });
    expectDenied(denied, join(cwd, '.fettle/shop/local'));
    expect(await readdir(cwd)).toEqual([]);
  });

  test('in a store that is there and belongs to another is told so before a run', async () => {
    const store = await emptyFolder('others');
    const profile = await profileOf('others');
    const denied = await fettle(['plan', 'daily', '-p', profile, '--store', store], { cwd: folder, asNobody: true });
    expectDenied(denied, store);
    expect(await readdir(store)).toEqual([]);
  });

  test('nor read it is told so, for an empty answer would look right', async () => {
    const store = await emptyFolder('closed');
    await chmod(store, 0o700);
    const profile = await profileOf('closed');
    const { code, stdout, stderr } = await fettle(['runs', '-p', profile, '--store', store], {
      cwd: folder,
      asNobody: true,
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(`fettle: the store ${store} cannot be read: your user may not [STORE_DENIED]\n`);
  });

  test('is told so by the demo too, whose libraries would end it with 0', async () => {
    const { code, stdout, stderr } = await fettle(['demo'], { cwd: await emptyFolder('demo'), asNobody: true });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^fettle: EACCES: .* \[UNAVAILABLE\]\n$/);
  });
});
