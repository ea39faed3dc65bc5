import { expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeWithControlPlane, startTestCluster } from './control-plane.ts';
import { until } from './until.ts';

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'];
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** The processes, running or standing still, that have something of this folder among their flags. */
async function processesOf(folder: string): Promise<{ readonly pid: number; readonly program: string }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
  const lines = stdout.split('\n').filter((line) => line.includes(folder));
  return lines.map((line) => {
    const [pid, , program = line] = line.trim().split(/ +/);
    return { pid: Number(pid), program };
  });
}

async function programsOf(folder: string): Promise<string[]> {
  return (await processesOf(folder)).map(({ program }) => program).sort();
}

describeWithControlPlane('a cluster', () => {
  test('runs every program of a control plane, and leaves none and no file when it stops', async () => {
    const cluster = await startTestCluster();
    const running = await programsOf(cluster.folder);
    await cluster.stop();

    expect(running).toEqual(PROGRAMS);
    expect(await programsOf(cluster.folder)).toEqual([]);
    expect(existsSync(cluster.folder)).toBe(false);
  });

  test('stops also while one of its programs stands still', async () => {
    const cluster = await startTestCluster();
    cluster.pause('kube-apiserver');
    await cluster.stop();

    expect(await programsOf(cluster.folder)).toEqual([]);
  });

  test('two of them stand beside each other', async () => {
    const [one, other] = await Promise.all([startTestCluster(), startTestCluster()]);
    try {
      await one.client.create('/api/v1/namespaces', { metadata: { name: 'only-here' } });
      const { items } = await other.client.get<{ items: { metadata: { name: string } }[] }>('/api/v1/namespaces');

      expect(items.map(({ metadata }) => metadata.name)).not.toContain('only-here');
    } finally {
      await Promise.all([one.stop(), other.stop()]);
    }
  });

  test('ends with the process that started it, even where that one is killed and a program stands still', async () => {
    const starter = spawn(process.execPath, [fileURLToPath(new URL('./start-and-wait.ts', import.meta.url))], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const [first] = (await once(starter.stdout, 'data')) as [Buffer];
    const folder = first.toString().trim();
    const running = await processesOf(folder);
    const apiServer = running.find(({ program }) => program === 'kube-apiserver');
    // One that stands still cannot see that its starter is gone; elsewhere than on Linux it stays.
    if (process.platform === 'linux' && apiServer) process.kill(apiServer.pid, 'SIGSTOP');
    starter.kill('SIGKILL');
    try {
      await until('every program to end', async () => (await programsOf(folder)).length === 0);
    } finally {
      for (const { pid } of await processesOf(folder)) process.kill(pid, 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }

    expect(running.map(({ program }) => program).sort()).toEqual(PROGRAMS);
  });
});
