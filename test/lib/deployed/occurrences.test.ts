import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Procedure } from '../../../core/platform.ts';
import { openStore } from '../../../lambdas/runtime/open-store.ts';
import type { Store } from '../../../lambdas/runtime/store.ts';
import { type BegunRun, missedOccurrence } from '../../../lib/deployed/occurrences.ts';
import { temporaryFolder } from '../../contract/store-backends.ts';

const PLAIN = { name: 'daily', timezone: 'UTC', budgetSeconds: 1, planOnly: false };
const DAILY = { ...PLAIN, schedule: 'cron(0 2 * * ? *)' };
const HOURLY = { ...DAILY, name: 'hourly', schedule: 'rate(1 hour)' };
const LONG_AGO = new Date('2026-01-01T00:00:00Z');

let folder: string;
let store: Store;

beforeAll(async () => {
  folder = await temporaryFolder();
  store = openStore(pathToFileURL(folder).href);
  await store.createIfAbsent('runs/daily/daily-20261120T020000Z/started.json', '{}');
});
afterAll(() => rm(folder, { recursive: true }));

interface Scene {
  readonly at: string;
  readonly since?: Date;
  readonly begun?: readonly BegunRun[];
}

function missed(procedure: Omit<Procedure, 'steps'>, { at, since = LONG_AGO, begun = [] }: Scene) {
  return missedOccurrence({ procedure: { ...procedure, steps: [] }, store, begun, since, now: new Date(at) });
}

describe('an occurrence of a calendar', () => {
  test('that has its run is not missed', async () => {
    expect(await missed(DAILY, { at: '2026-11-20T12:00:00Z' })).toBeUndefined();
  });

  test('that has none is missed, although a person has started a run since', async () => {
    const begun = [{ procedure: 'daily', trigger: 'person', startedAt: '2026-11-21T03:00:00Z' }] as const;
    expect(await missed(DAILY, { at: '2026-11-21T12:00:00Z', begun })).toEqual(new Date('2026-11-21T02:00:00Z'));
  });

  test('that is due just now may still begin', async () => {
    expect(await missed(DAILY, { at: '2026-11-21T02:19:59Z' })).toBeUndefined();
    expect(await missed(DAILY, { at: '2026-11-21T02:20:01Z' })).toBeDefined();
  });

  test('from before its schedule was made is nobody’s', async () => {
    const since = new Date('2026-11-21T02:00:01Z');
    expect(await missed(DAILY, { at: '2026-11-21T12:00:00Z', since })).toBeUndefined();
  });
});

describe('a rate', () => {
  const scheduled = (startedAt: string) => [{ procedure: 'hourly', trigger: 'schedule', startedAt }] as const;

  test('is kept where a scheduled run has begun within its period', async () => {
    const begun = scheduled('2026-11-21T11:05:00Z');
    expect(await missed(HOURLY, { at: '2026-11-21T12:00:00Z', begun })).toBeUndefined();
  });

  test('is not kept where the last one began longer ago, or where only persons have started runs', async () => {
    const late = scheduled('2026-11-21T10:30:00Z');
    expect(await missed(HOURLY, { at: '2026-11-21T12:00:00Z', begun: late })).toBeDefined();
    const person = [{ ...scheduled('2026-11-21T11:50:00Z')[0], trigger: 'person' }] as const;
    expect(await missed(HOURLY, { at: '2026-11-21T12:00:00Z', begun: person })).toBeDefined();
  });

  test('is given its first period after it was made', async () => {
    const since = new Date('2026-11-21T10:50:00Z');
    expect(await missed(HOURLY, { at: '2026-11-21T12:00:00Z', since })).toBeUndefined();
  });
});

test('what persons and alarms start is never missed', async () => {
  expect(await missed(PLAIN, { at: '2026-11-21T12:00:00Z' })).toBeUndefined();
});
