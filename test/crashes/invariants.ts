import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Intent, type RecordedAction } from '../../core/action.ts';
import { sha256 } from '../../core/json.ts';
import { RunReport } from '../../core/report.ts';
import { Link, Manifest } from '../../lambdas/runtime/evidence.ts';
import { readRecord, requireRecord } from '../../lambdas/runtime/records.ts';
import { MonthIndex, monthKey } from '../../lambdas/runtime/run-index.ts';
import { openRunKey, runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import type { Shown } from './scene.ts';

const Lease = z.object({ heldBy: z.unknown().optional() });

async function keysOf(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

async function hashOf(store: Store, key: string): Promise<string> {
  const stored = await store.get(key);
  return stored ? sha256(stored.body) : 'nothing';
}

/** What is wrong with the records of runs that have all ended; empty where nothing is. */
export async function recordProblems(store: Store): Promise<string[]> {
  const problems = (await keysOf(store, openRunKey({ id: '' }).replace('.json', ''))).map((key) => `${key} is left`);
  for (const key of await keysOf(store, 'state/leases/')) {
    if ((await requireRecord(store, key, Lease)).heldBy !== undefined) problems.push(`${key} is still held`);
  }
  const links: Link[] = [];
  let previousSha256 = '';
  for (const key of await keysOf(store, 'chain/')) {
    const link = await requireRecord(store, key, Link);
    links.push(link);
    if (link.n !== links.length || link.previousSha256 !== previousSha256)
      problems.push(`${key} does not follow the link before it`);
    previousSha256 = await hashOf(store, key);
  }
  for (const runKey of await runKeysOf(store)) problems.push(...(await runProblems(store, runKey, links)));
  return problems;
}

/** The runs that were claimed. */
export async function runKeysOf(store: Store): Promise<string[]> {
  const started = (await keysOf(store, 'runs/')).filter((key) => key.endsWith('/started.json'));
  return started.map((key) => key.replace('/started.json', ''));
}

async function runProblems(store: Store, runKey: string, links: readonly Link[]): Promise<string[]> {
  const keys = runKeys(runKey);
  const report = await readRecord(store, keys.report, RunReport);
  const manifest = await readRecord(store, keys.manifest, Manifest);
  if (!report || !manifest || !(await store.get(keys.page))) return [`${runKey} has no report, no page or no manifest`];
  const problems: string[] = [];
  const present = (await keysOf(store, `${runKey}/`)).filter((key) => key !== keys.manifest);
  const sealed = new Map(manifest.value.records.map(({ key, sha256: hash }) => [key, hash]));
  for (const key of new Set([...present, ...sealed.keys()])) {
    if ((await hashOf(store, key)) !== sealed.get(key)) problems.push(`${key} is not as it was sealed`);
  }
  const own = links.filter((link) => link.runKey === runKey);
  if (own.length !== 1 || own[0]?.manifestSha256 !== (await hashOf(store, keys.manifest)))
    problems.push(`${runKey} has ${own.length} links in the chain, or another manifest`);
  const month = await readRecord(store, monthKey(report.value.date.slice(0, 7)), MonthIndex);
  if (month?.value.runs.filter((run) => run.runKey === runKey).length !== 1)
    problems.push(`${runKey} is not in the index of its month, once`);
  return [...problems, ...(await actionProblems(store, runKey, report.value))];
}

/** The report must say of each action what the records of the action say, and must not be fine where an end is unknown. */
async function actionProblems(store: Store, runKey: string, report: RunReport): Promise<string[]> {
  const problems: string[] = [];
  const keys = await keysOf(store, `${runKey}/actions/`);
  for (const key of keys.filter((one) => one.includes('.intent-'))) {
    const { id, action } = await requireRecord(store, key, Intent);
    const named = `${action.verb} ${action.subject} in ${report.runId}`;
    const reported = report.actions.find((one) => one.id === id);
    const hasOutcome = keys.some((one) => one.endsWith(`/${id}.outcome.json`));
    if (!reported) problems.push(`${named} was begun and is not in the report`);
    else if (hasOutcome ? reported.status === 'running' : !['running', 'refused'].includes(reported.status))
      problems.push(`${named} is reported as ${reported.status} and has ${hasOutcome ? 'an' : 'no'} outcome`);
  }
  const isOpen = report.actions.some(({ status }) => status === 'running');
  if (isOpen && report.verdict !== 'unknown' && report.verdict !== 'fail')
    problems.push(`${report.runId} is ${report.verdict} although the end of an action was not seen`);
  return problems;
}

/** Every action that any run reports. */
export async function reportedActions(store: Store): Promise<RecordedAction[]> {
  const reports = (await runKeysOf(store)).map((runKey) => readRecord(store, runKeys(runKey).report, RunReport));
  return (await Promise.all(reports)).flatMap((report) => report?.value.actions ?? []);
}

/** Where the reports of all runs and the target do not say the same. */
export function effectProblems({ effects, mayRepeat, damage }: Shown, actions: readonly RecordedAction[]): string[] {
  const problems = [...damage];
  for (const [effect, times] of Object.entries(effects)) {
    const reported = actions.filter(({ verb, subject }) => `${verb} ${subject}` === effect);
    const count = (...wanted: readonly string[]) => reported.filter(({ status }) => wanted.includes(status)).length;
    const [done, unsure] = [count('done'), count('running', 'failed')];
    if (times > 1 && !mayRepeat) problems.push(`${effect} was done ${times} times`);
    if (times < (mayRepeat ? Math.min(done, 1) : done)) problems.push(`${effect} is reported as done and was not`);
    if (times > (mayRepeat && reported.length > 0 ? Infinity : done + unsure))
      problems.push(
        `${effect} was done and no report says so: ${reported.map(({ status }) => status).join() || 'none'}`,
      );
  }
  return problems;
}

/** The processes that still have this store as theirs. */
export async function processesOf(storeFolder: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: string[] = [];
  for (const id of ids) {
    const environment = await readFile(join('/proc', id, 'environ'), 'latin1').catch((gone: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ESRCH', 'EACCES'].includes(gone.code ?? '')) return '';
      throw gone;
    });
    if (environment.split('\0').includes(`FETTLE_STORE=file://${storeFolder}`)) found.push(id);
  }
  return found;
}
