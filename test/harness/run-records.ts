import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { RUNTIME_KINDS, type ReportedFinding } from '../../core/finding.ts';
import type { Entry, Procedure, ResolvedPlatform } from '../../core/platform.ts';
import type { Ended, RunPointer, Started, StepRecord } from '../../core/run.ts';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import type { StepRuntime } from '../../lambdas/runtime/handler.ts';
import { createLog } from '../../lambdas/runtime/log.ts';
import type { Store } from '../../lambdas/runtime/store.ts';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A real store in a folder of its own that goes when the tests of the file have ended. */
export async function temporaryStore(): Promise<DirectoryStore> {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-records-'));
  folders.push(folder);
  return new DirectoryStore(folder);
}

/** Every key with this prefix. */
export async function keysOf(store: Store, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** The text of a stored object; fails where there is none. */
export async function textOf(store: Store, key: string): Promise<string> {
  const stored = await store.get(key);
  if (!stored) throw new Error(`${key} is not there`);
  return Buffer.from(stored.body).toString('utf8');
}

export const NOW = new Date('2026-11-21T02:00:00.000Z');

export function secondsLater(seconds: number, from: Date = NOW): Date {
  return new Date(from.getTime() + seconds * 1_000);
}

/** The runtime of a step whose log lines go to the given list. */
export function runtimeOf(store: Store, clock: () => Date = () => NOW, lines: string[] = []): StepRuntime {
  return {
    store,
    clock,
    log: createLog({}, clock, (line) => void lines.push(line)),
    bundleSha256: 'b'.repeat(64),
    holder: undefined,
    assetFolder: '.',
  };
}

export function entryOf(over: Partial<Entry> = {}): Entry {
  return {
    index: 1,
    task: 'postgres-vacuum',
    kind: 'postgres',
    effect: 'mutating',
    pauses: false,
    input: {},
    targets: ['main'],
    required: false,
    timeoutSeconds: 60,
    ...over,
  };
}

export function procedureOf(over: Partial<Procedure> = {}): Procedure {
  return { name: 'daily', timezone: 'UTC', budgetSeconds: 1_800, planOnly: false, steps: [entryOf()], ...over };
}

export function platformOf(procedure: Procedure, over: Partial<ResolvedPlatform> = {}): ResolvedPlatform {
  return {
    schemaVersion: 1,
    platform: 'shop',
    environment: 'local',
    allowAddresses: ['127.0.0.0/8', '::1/128'],
    targets: { postgres: { main: { url: 'postgres://db.example/main' }, copy: { url: 'postgres://db.example/copy' } } },
    procedures: { [procedure.name]: procedure },
    ...over,
  };
}

export function pointerOf(id = 'daily-20261121T020000Z', mode: RunPointer['mode'] = 'execute'): RunPointer {
  return { id, procedure: 'daily', key: `runs/daily/${id}`, mode };
}

export function startedOf(run: RunPointer, over: Partial<Started> = {}): Started {
  return {
    schemaVersion: 1,
    platform: 'shop',
    environment: 'local',
    procedure: run.procedure,
    runId: run.id,
    trigger: 'schedule',
    requestedMode: run.mode,
    mode: run.mode,
    startedAt: NOW.toISOString(),
    deadline: secondsLater(1_800).toISOString(),
    execution: `execution-of-${run.id}`,
    ...over,
  };
}

export function endedOf(over: Partial<Ended> = {}): Ended {
  return {
    schemaVersion: 1,
    ended: 'finished',
    endedAt: secondsLater(90).toISOString(),
    caught: {},
    records: [],
    bundleSha256: 'b'.repeat(64),
    ...over,
  };
}

export function reportedFinding(over: Partial<ReportedFinding> = {}): ReportedFinding {
  return {
    task: 'postgres-vacuum',
    kind: 'not-readable',
    target: 'main',
    summary: 'main does not answer',
    ...RUNTIME_KINDS['not-readable'],
    ...over,
  };
}

export function stepRecordOf(over: Partial<StepRecord> = {}): StepRecord {
  return {
    schemaVersion: 1,
    task: 'postgres-vacuum',
    index: 1,
    mode: 'execute',
    startedAt: NOW.toISOString(),
    finishedAt: secondsLater(3).toISOString(),
    bundleSha256: 'b'.repeat(64),
    verdict: 'pass',
    targets: [{ target: 'main', verdict: 'pass' }],
    findings: [],
    measurements: [],
    actions: [],
    evidence: [],
    pauses: 0,
    ...over,
  };
}
