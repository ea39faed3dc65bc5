import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PlatformStatus } from '../../lib/status.ts';
import { fettleCommand } from '../harness/fettle-command.ts';

const PROFILE = `platform: shop
targets: { endpoints: { web: { url: https://shop.example } } }
procedures:
  daily: { schedule: cron(0 2 * * ? *), tasks: [certificates-check-endpoints] }
  by-hand: { tasks: [certificates-check-endpoints] }
`;
let folder: string;
let profile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-status-'));
  profile = join(folder, 'shop.yaml');
  await writeFile(profile, PROFILE);
});
afterAll(() => rm(folder, { recursive: true }));

async function storeWith(name: string, records: Readonly<Record<string, unknown>>): Promise<string> {
  const store = join(folder, name);
  await mkdir(store);
  for (const [key, value] of Object.entries(records)) {
    await mkdir(dirname(join(store, key)), { recursive: true });
    await writeFile(join(store, key), typeof value === 'string' ? value : JSON.stringify(value));
  }
  return store;
}

async function status(store: string) {
  const { code, stdout } = await fettleCommand('status', '--platform', profile, '--store', store, '--json');
  return { code, ...(JSON.parse(stdout) as PlatformStatus) };
}

test('on one machine nothing is said of alarms, and an empty store needs nobody', async () => {
  const { code, procedures, running, unread, ...rest } = await status(await storeWith('empty', {}));
  expect({ code, running, unread, alarms: rest.alarms }).toEqual({
    code: 0,
    running: [],
    unread: [],
    alarms: undefined,
  });
  expect(procedures).toEqual([
    { procedure: 'daily', schedule: 'cron(0 2 * * ? *)', next: expect.stringMatching(/T02:00:00\.000Z$/) },
    { procedure: 'by-hand' },
  ]);
});

test('a run whose process is gone has died; one whose pointer is damaged is not passed over', async () => {
  const gone = { host: hostname(), pid: 999_999_999, processStartedAt: 'never' };
  const store = await storeWith('open', {
    'state/open/daily-manual-1.json': { runKey: 'runs/daily/daily-manual-1', execution: 'local:1', holder: gone },
    'state/open/daily-manual-2.json': 'not JSON',
  });
  const { code, running, unread } = await status(store);
  expect(running).toMatchObject([
    { runId: 'daily-manual-1', procedure: 'daily', state: 'died', tasksEnded: 0, tasks: 1 },
  ]);
  expect(unread).toEqual([expect.stringContaining('state/open/daily-manual-2.json')]);
  expect(code).toBe(1);
});
