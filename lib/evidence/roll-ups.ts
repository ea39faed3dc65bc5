import { canonicalJson, sha256 } from '../../core/json.ts';
import { CHAIN_END_KEY } from '../../lambdas/runtime/evidence.ts';
import { type IndexedRun, LATEST_KEY, LatestIndex, MonthIndex, monthKey } from '../../lambdas/runtime/run-index.ts';
import type { RunFacts } from './derived-run.ts';
import { exactRecord } from './exact-record.ts';
import type { Examination } from './examination.ts';
import type { Selection } from './selection.ts';

type Facts = ReadonlyMap<string, RunFacts>;

/** Holds the roll-ups against the proven runs: every run once, in its month, as its report has it; nothing else. */
export async function examineRollUps(examination: Examination, facts: Facts, selection: Selection): Promise<void> {
  const seen = new Set<string>();
  for await (const { key } of examination.store.list('index/')) {
    const month = /^index\/(\d{4}-\d{2})\.json$/.exec(key)?.[1];
    if (month !== undefined) await examineMonth(examination, { key, month, facts, selection, seen });
    else if (key !== LATEST_KEY && key !== CHAIN_END_KEY) {
      examination.accuse({ kind: 'added', key, summary: `${key} is no roll-up` });
    }
  }
  for (const [runKey, { month, link }] of facts) {
    if (seen.has(runKey)) continue;
    const key = monthKey(month);
    const flaw = { kind: 'disagrees', key, link, summary: `${key} does not have ${runKey}` } as const;
    await examination.accuseUnlessOpen(runKey, flaw, async () => !(await monthHas(examination, key, runKey)));
  }
  await examineLatest(examination, facts, selection);
}

interface Month {
  readonly key: string;
  readonly month: string;
  readonly facts: Facts;
  readonly selection: Selection;
  readonly seen: Set<string>;
}

async function examineMonth(examination: Examination, { key, month, facts, selection, seen }: Month): Promise<void> {
  const stored = await examination.store.get(key);
  if (!stored) return;
  const read = exactRecord(stored.body, MonthIndex);
  if ('problem' in read) {
    examination.accuse({ kind: 'no-record', key, summary: `${key}: ${read.problem}` });
    return;
  }
  const here = new Set<string>();
  for (const run of read.value.runs) {
    const { runKey } = run;
    if (!selection.takes(runKey)) continue;
    const known = facts.get(runKey);
    examination.checked.copies += 1;
    const accuse = (summary: string) =>
      examination.accuse({ kind: 'disagrees', key, link: known?.link, summary: `${key} ${summary}` });
    if (here.has(runKey)) accuse(`has ${runKey} twice`);
    else if (!known) await accuseUnknown(examination, { key, runKey, selection });
    else if (known.month !== month) accuse(`has ${runKey}, which began in ${known.month}`);
    else if (known.indexSha256 !== hashOf(run)) accuse(`says of ${runKey} something else than its report`);
    here.add(runKey);
    seen.add(runKey);
  }
}

/** A run that is not proven has its flaws where it stands; one that is nowhere is known here alone. */
async function accuseUnknown(
  examination: Examination,
  { key, runKey, selection }: { key: string; runKey: string; selection: Selection },
): Promise<void> {
  if (selection.seen.has(runKey) || examination.open.has(runKey)) return;
  const flaw = { kind: 'missing', key: runKey, summary: `${key} has ${runKey}, and the run is gone` } as const;
  await examination.accuseUnlessOpen(runKey, flaw, () => selection.isGone(runKey));
}

async function monthHas({ store }: Examination, key: string, runKey: string): Promise<boolean> {
  const stored = await store.get(key);
  const read = stored && exactRecord(stored.body, MonthIndex);
  return read !== undefined && 'value' in read && read.value.runs.some((run) => run.runKey === runKey);
}

async function examineLatest(examination: Examination, facts: Facts, selection: Selection): Promise<void> {
  const key = LATEST_KEY;
  const stored = await examination.store.get(key);
  const newest = newestOf(facts);
  if (!stored) {
    for (const [runKey] of [...newest.values()].slice(0, 1)) {
      const flaw = { kind: 'missing', key, summary: `${key} is gone, and runs have ended` } as const;
      await examination.accuseUnlessOpen(runKey, flaw, () => examination.isGone(key));
    }
    return;
  }
  const read = exactRecord(stored.body, LatestIndex);
  if ('problem' in read) {
    examination.accuse({ kind: 'no-record', key, summary: `${key}: ${read.problem}` });
    return;
  }
  const { procedures } = read.value;
  const isStillSo = async () => {
    const again = await examination.store.get(key);
    return again !== undefined && Buffer.from(again.body).equals(stored.body);
  };
  for (const [procedure, { latest, compared }] of Object.entries(procedures)) {
    for (const run of compared ? [latest, compared] : [latest]) {
      if (!selection.takes(run.runKey)) continue;
      const known = facts.get(run.runKey);
      examination.checked.copies += 1;
      const isWrong = known && (known.indexSha256 !== hashOf(run) || known.procedure !== procedure);
      const isBlind = run === compared && known?.sawNothing === true;
      const summary = `${key} says of ${procedure} something else than ${run.runKey} does`;
      if (isWrong || isBlind) examination.accuse({ kind: 'disagrees', key, link: known.link, summary });
      if (!known) await accuseUnknown(examination, { key, runKey: run.runKey, selection });
    }
  }
  for (const [procedure, [runKey, { link, startedAt }]] of newest) {
    const latest = procedures[procedure]?.latest;
    const known = latest && facts.get(latest.runKey);
    // Of two that end at once either may be the last; one that began and ended later is the newer one for sure.
    if (latest && (!known || known.link >= link || known.startedAt >= startedAt)) continue;
    const summary = `${key} does not have ${runKey}, the newest run of ${procedure}`;
    await examination.accuseUnlessOpen(runKey, { kind: 'disagrees', key, link, summary }, isStillSo);
  }
}

/** The newest run of each procedure by the chain. */
function newestOf(facts: Facts): Map<string, [string, RunFacts]> {
  const newest = new Map<string, [string, RunFacts]>();
  for (const [runKey, known] of facts) {
    const other = newest.get(known.procedure)?.[1];
    if (!other || other.link < known.link) newest.set(known.procedure, [runKey, known]);
  }
  return newest;
}

function hashOf(run: IndexedRun): string {
  return sha256(canonicalJson(run));
}
