import { isAbsolute } from 'node:path';
import { sha256 } from '../../core/json.ts';
import { type ChainPlace, linkKey } from '../../lambdas/runtime/evidence.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { type Chain, readChain } from './chain.ts';
import { Deriver, type OwnBundles, type RunFacts } from './derived-run.ts';
import { type Checked, Examination, type OtherVersion } from './examination.ts';
import type { Flaw } from './flaw.ts';
import { inOrder } from './in-order.ts';
import { examineCopies, examineExecutions, noteOpenRuns } from './pointers.ts';
import { examineHistories } from './replaced-on-disk.ts';
import { examineRollUps } from './roll-ups.ts';
import { type RunFolder, runFolder, runFolders } from './run-folders.ts';
import { examineSeal } from './sealed-run.ts';
import { Selection } from './selection.ts';

const RUNS_AT_ONCE = 8;
const RUNS_PER_PROGRESS = 1_000;

export interface VerifyOptions {
  readonly store: Store;
  readonly ownBundles: OwnBundles;
  /** `runs/<procedure>/<run id>`, where only this one is meant. */
  readonly only?: string | undefined;
  /** A day, `YYYY-MM-DD`: of runs before it only the links are verified. */
  readonly since?: string | undefined;
  /** An end of the chain as it was noted elsewhere. */
  readonly anchor?: ChainPlace | undefined;
  readonly onProgress?: (checked: Readonly<Checked>) => void;
}

export interface Verification {
  readonly location: string;
  readonly isProven: boolean;
  readonly only?: string;
  readonly since?: string;
  readonly checked: Readonly<Checked>;
  /** The newest link: what stands for the whole store, wherever else it is kept. */
  readonly end: ChainPlace;
  /** The note that the chain was held against. */
  readonly anchor?: ChainPlace;
  readonly open: readonly string[];
  /** Records that came between the end of their run and its seal, and are no part of its report. */
  readonly late: readonly string[];
  readonly otherVersions: readonly OtherVersion[];
  readonly flaws: readonly Flaw[];
}

/**
 * Proves from the store alone that no record of an ended run was altered, removed, added or moved, that no run is
 * missing from the chain, and that reports, pages, copies and roll-ups follow from the records.
 *
 * Reads only, and may do so while runs begin and end. Holds a few runs at a time and a line for each that it has seen.
 */
export async function verifyRuns(options: VerifyOptions): Promise<Verification> {
  const { store, only, since, anchor } = options;
  const examination = new Examination(store);
  const selection = new Selection(examination, { only, since });
  await noteOpenRuns(examination, selection);
  const chain = await readChain(examination);
  if (anchor) await examineAnchor(examination, anchor);
  const facts = await examineRuns(examination, chain, selection, options);
  await examineLinkedRuns(examination, chain, selection);
  await examineCopies(examination, facts, selection);
  await examineRollUps(examination, facts, selection);
  await examineExecutions(examination, facts, selection);
  if (isAbsolute(store.location)) await examineHistories(examination, store.location);
  const { checked, open, late, otherVersions, flaws } = examination;
  return {
    location: store.location,
    isProven: flaws.length === 0 && checked.links > 0,
    ...(only !== undefined && { only }),
    ...(since !== undefined && { since }),
    checked,
    end: chain.end,
    ...(anchor && { anchor }),
    open: [...open].sort(),
    late,
    otherVersions,
    flaws,
  };
}

async function examineRuns(
  examination: Examination,
  chain: Chain,
  selection: Selection,
  { ownBundles, onProgress }: VerifyOptions,
): Promise<Map<string, RunFacts>> {
  const { checked } = examination;
  const deriver = new Deriver(examination, chain, ownBundles);
  const facts = new Map<string, RunFacts>();
  const examined = inOrder(folders(examination, selection), RUNS_AT_ONCE, async (folder) => {
    const sealed = await examineSeal(examination, chain, folder);
    return { runKey: folder.runKey, known: sealed && (await deriver.examine(sealed)) };
  });
  for await (const { runKey, known } of examined) {
    checked.runs += 1;
    if (known) facts.set(runKey, known);
    if (checked.runs % RUNS_PER_PROGRESS === 0) onProgress?.(checked);
  }
  return facts;
}

async function* folders(examination: Examination, selection: Selection): AsyncIterable<RunFolder> {
  if (selection.only !== undefined) {
    const folder = await runFolder(examination, selection.only);
    if (folder.keys.length === 0) return;
    selection.seen.add(folder.runKey);
    yield folder;
    return;
  }
  for await (const folder of runFolders(examination)) {
    selection.seen.add(folder.runKey);
    if (selection.takes(folder.runKey)) yield folder;
  }
}

/** A link without its run is a run that was taken away. */
async function examineLinkedRuns(examination: Examination, chain: Chain, selection: Selection): Promise<void> {
  for (const [runKey, { n }] of chain.runs) {
    if (selection.seen.has(runKey)) continue;
    if (selection.only !== undefined && selection.only !== runKey) continue;
    if (!(await selection.isGone(runKey))) continue;
    const summary = `${linkKey(n)} holds ${runKey}, and nothing of the run is left`;
    examination.accuse({ kind: 'missing', key: runKey, link: n, summary });
  }
}

async function examineAnchor(examination: Examination, { n, sha256: expected }: ChainPlace): Promise<void> {
  const key = linkKey(n);
  const stored = await examination.store.get(key);
  const found = stored && sha256(stored.body);
  if (found === expected) return;
  const summary = stored ? `${key} is not the link that was noted` : `${key} was noted, and the chain ends before it`;
  examination.accuse({ kind: stored ? 'other-chain' : 'cut-off', key, link: n, summary, expected, found });
}
