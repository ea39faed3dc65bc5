import * as z from 'zod';
import { EXECUTIONS_PREFIX, executionKey, OPEN_RUNS_PREFIX } from '../../lambdas/runtime/run-keys.ts';
import type { RunFacts } from './derived-run.ts';
import { exactRecord, jsonOf, RunKey } from './exact-record.ts';
import type { Examination } from './examination.ts';
import { inOrder } from './in-order.ts';
import type { Selection } from './selection.ts';

const READ_AHEAD = 16;
const Execution = z.object({ execution: z.string(), runKey: RunKey });
const AnyReport = z.object({ procedure: z.string(), runId: z.string() });

type Facts = ReadonlyMap<string, RunFacts>;

/** Holds the pointers of executions against the runs: each leads to one, and each run is led to by its own. */
export async function examineExecutions(examination: Examination, facts: Facts, selection: Selection): Promise<void> {
  const { store, checked } = examination;
  const own = new Map<string, string>();
  for (const [runKey, { execution }] of facts) if (execution !== undefined) own.set(executionKey(execution), runKey);
  const led = new Set<string>();
  const records = inOrder(wanted(examination, own, selection), READ_AHEAD, async (key) => ({
    key,
    stored: await store.get(key),
  }));
  for await (const { key, stored } of records) {
    if (!stored) continue;
    const read = exactRecord(stored.body, Execution);
    if ('problem' in read) {
      examination.accuse({ kind: 'no-record', key, summary: `${key}: ${read.problem}` });
      continue;
    }
    const { execution, runKey } = read.value;
    checked.copies += 1;
    if (executionKey(execution) !== key) {
      examination.accuse({ kind: 'added', key, summary: `${key} is not where the pointer of ${execution} belongs` });
    } else if (own.get(key) === runKey) {
      led.add(key);
      const known = facts.get(runKey);
      if (known?.execution === execution) continue;
      const summary = `${key} names another execution than ${runKey} does`;
      const names = { expected: known?.execution, found: execution };
      examination.accuse({ kind: 'disagrees', key, link: known?.link, summary, ...names });
    } else if (!selection.seen.has(runKey)) {
      const summary = `${key} leads to ${runKey}, and the run is gone`;
      const flaw = { kind: 'missing', key: runKey, summary } as const;
      await examination.accuseUnlessOpen(runKey, flaw, () => selection.isGone(runKey));
    }
  }
  for (const [key, runKey] of own) {
    if (led.has(key)) continue;
    const link = facts.get(runKey)?.link;
    examination.accuse({
      kind: 'missing',
      key,
      link,
      summary: `${key} does not lead to ${runKey}, whose execution it is`,
    });
  }
}

async function* wanted(
  { store }: Examination,
  own: ReadonlyMap<string, string>,
  selection: Selection,
): AsyncIterable<string> {
  if (selection.only !== undefined) {
    yield* own.keys();
    return;
  }
  for await (const { key, lastModified } of store.list(EXECUTIONS_PREFIX)) {
    if (own.has(key) || selection.takesTime(lastModified)) yield key;
  }
}

/** Every copy for the readers of a day is that of a run; those of proven runs were held against their reports. */
export async function examineCopies(examination: Examination, facts: Facts, selection: Selection): Promise<void> {
  if (selection.only !== undefined) return;
  const claimed = new Set([...facts.values()].map(({ copyKey }) => copyKey));
  for await (const { key } of examination.store.list('maintenance/')) {
    if (claimed.has(key) || !selection.takesCopy(key)) continue;
    const stored = await examination.store.get(key);
    const copied = stored && AnyReport.safeParse(jsonOf(stored.body)).data;
    const runKey = copied && `runs/${copied.procedure}/${copied.runId}`;
    if (runKey !== undefined && !facts.has(runKey)) {
      // An older run than was asked for, one that is being ended now, or one that is accused already.
      if (!selection.takes(runKey) || selection.seen.has(runKey)) continue;
      const flaw = {
        kind: 'missing',
        key: runKey,
        summary: `${key} is a copy of ${runKey}, and the run is gone`,
      } as const;
      await examination.accuseUnlessOpen(runKey, flaw, () => selection.isGone(runKey));
    } else if (stored) {
      examination.accuse({ kind: 'added', key, summary: `${key} is the copy of no run` });
    }
  }
}

/** The runs that have begun and not ended. */
export async function noteOpenRuns(examination: Examination, selection: Selection): Promise<void> {
  const OpenRun = z.object({ runKey: RunKey });
  for await (const { key } of examination.store.list(OPEN_RUNS_PREFIX)) {
    const stored = await examination.store.get(key);
    const runKey = stored && OpenRun.safeParse(jsonOf(stored.body)).data?.runKey;
    if (runKey !== undefined && selection.takes(runKey)) examination.open.add(runKey);
  }
}
