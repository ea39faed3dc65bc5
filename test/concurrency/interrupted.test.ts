import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunReport } from '../../core/report.ts';
import type { RunPointer } from '../../core/run.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { requireRecord } from '../../lambdas/runtime/records.ts';
import { startFettle } from './_command.ts';
import { until } from './_handler-process.ts';
import { keysBelow, leaseOf, makeScene, sceneBundles, type Scene } from './_scene.ts';

/** A service that answers nobody until it is told to, so that a run stands where the test wants it. */
interface Service {
  readonly url: string;
  waiting: number;
  answers: boolean;
  close(): void;
}

async function startService(): Promise<Service> {
  const server: Server = createServer((request, response) => {
    if (service.answers) return void response.end('warm');
    service.waiting += 1;
    request.socket.once('close', () => (service.waiting -= 1));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const service: Service = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    waiting: 0,
    answers: false,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return service;
}

const cleanUp: (() => unknown)[] = [];
afterAll(async () => {
  for (const clean of cleanUp) await clean();
});

describe('a run of the command line that a person stops', () => {
  /** A folder with a profile whose run warms a path of the service. */
  async function platform() {
    const service = await startService();
    const folder = await mkdtemp(join(tmpdir(), 'fettle-interrupted-'));
    cleanUp.push(service.close, () => rm(folder, { recursive: true, force: true }));
    const warm = 'endpoints-warm-cache: { paths: ["/"], expectCached: false, within: 30s, stopAbove: 30s }';
    const profile = ['platform: shop', 'targets:', `  endpoints: { web: { url: "${service.url}" } }`];
    await writeFile(
      join(folder, 'shop.yaml'),
      [...profile, 'procedures:', '  daily:', '    tasks:', `      - ${warm}`, ''].join('\n'),
    );
    const store = new DirectoryStore(join(folder, '.fettle', 'shop', 'local'));
    const run = () => {
      const command = startFettle(['run', 'daily', '--platform', 'shop.yaml'], folder);
      cleanUp.unshift(() => command.signalGroup('SIGKILL'));
      return command;
    };
    return { service, store, run };
  }

  test('with Ctrl-C until it is gone, or with kill -9, is ended by the next command with the truth and its lease back', async () => {
    const { service, store, run } = await platform();
    const stopped = run();
    await until('the request has come', () => service.waiting === 1);
    let ended = false;
    void stopped.ended.then(() => (ended = true));
    while (!ended) {
      stopped.signalGroup('SIGINT');
      await sleep(10);
    }
    const { code, signal } = await stopped.ended;
    expect(code ?? signal).toBe(code === null ? 'SIGINT' : 130);

    await until('nobody is left of it', () => service.waiting === 0);
    const killed = run();
    await until('the next request has come', () => service.waiting === 1);
    killed.signalGroup('SIGKILL');
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    await until('nobody is left of it', () => service.waiting === 0);
    const [open] = await keysBelow(store, 'state/open/');

    service.answers = true;
    const last = await run().ended;
    expect(last).toMatchObject({ code: 0, stderr: expect.stringContaining('had been left open and was ended') });
    expect(open).toMatch(/daily-manual-/);
    const reports = (await keysBelow(store, 'runs/')).filter((key) => key.endsWith('/report.json'));
    const read = await Promise.all(reports.map((key) => requireRecord(store, key, RunReport)));
    expect(read.map(({ ended, verdict }) => [ended, verdict])).toEqual([
      ['aborted', 'unknown'],
      ['aborted', 'unknown'],
      ['finished', 'pass'],
    ]);
    expect(await leaseOf(store, 'endpoints', 'web')).toEqual({ kind: 'endpoints', target: 'web', epoch: 3 });
    expect(await keysBelow(store, 'state/open/')).toEqual([]);
    expect(await keysBelow(store, 'chain/')).toHaveLength(3);
  }, 180_000);
});

describe('a reaper', () => {
  let scene: Scene;
  beforeAll(async () => {
    const lines = (...all: readonly string[]) => [{ task: 'test-append-lines', input: { lines: [...all] } }];
    scene = await makeScene({
      bundles: await sceneBundles(),
      procedures: { daily: lines('one'), weekly: lines('two') },
    });
    cleanUp.push(scene.remove);
  });

  test('that comes twice at once, and one that was suspended since, end their run once and never touch the lease of a newer one', async () => {
    const begin = async (procedure: string) =>
      ((await scene.begin(procedure, procedure, { mode: 'execute' }).answer) as { run: RunPointer }).run;
    const reap = (options = {}) => {
      const detail = { executionArn: 'daily', status: 'ABORTED' };
      return scene.handler('reap-run', { detail }, options);
    };
    const run = await begin('daily');
    const late = reap({ stopAfter: `${run.key}/ended.json` });
    await late.suspended();
    await Promise.all([reap().answer, reap().answer]);
    const report = await scene.store.get(`${run.key}/report.json`);
    const newer = await begin('weekly');

    late.resume();
    await late.answer;
    await reap().answer;

    expect(await leaseOf(scene.store)).toMatchObject({ epoch: 2, heldBy: { runId: newer.id } });
    await scene.step(newer, 'test-append-lines').answer;
    expect(await scene.lines()).toEqual(['two']);
    expect(await scene.store.get(`${run.key}/report.json`)).toEqual(report);
    expect(await keysBelow(scene.store, 'chain/')).toHaveLength(1);
    expect(await keysBelow(scene.store, 'state/open/')).toEqual([`state/open/${newer.id}.json`]);
  });
});
