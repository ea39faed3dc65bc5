import { sha256 } from '../../core/json.ts';
import { linkKey, Manifest } from '../../lambdas/runtime/evidence.ts';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Chain, HeldRun } from './chain.ts';
import { exactRecord, RunKey } from './exact-record.ts';
import type { Examination } from './examination.ts';
import { inOrder } from './in-order.ts';
import { type RunFolder, runFolder } from './run-folders.ts';

const READ_AHEAD = 4;
const ExactManifest = Manifest.extend({ runKey: RunKey });

/** A run whose every record is what was sealed. */
export interface SealedRun {
  readonly runKey: string;
  readonly link: number;
  /** The records by key, attachments left out: reports are not made of them. */
  readonly records: ReadonlyMap<string, Uint8Array>;
}

/** Holds the records of a run against its manifest, and the manifest against the chain; undefined where they differ. */
export async function examineSeal(
  examination: Examination,
  chain: Chain,
  listed: RunFolder,
): Promise<SealedRun | undefined> {
  const { runKey } = listed;
  const key = runKeys(runKey).manifest;
  let folder = listed;
  const held = await chain.heldRun(runKey);
  if (!folder.keys.includes(key)) {
    if (await examination.isOpen(runKey)) return void examination.open.add(runKey);
    // It may have ended since it was listed.
    folder = await runFolder(examination, runKey);
    if (!folder.keys.includes(key)) return accuseUnsealed(examination, runKey, key, held);
  }
  const stored = await examination.store.get(key);
  if (!stored) return accuseUnsealed(examination, runKey, key, held);
  const found = sha256(stored.body);
  if (held && held.manifestSha256 !== found) {
    const summary = `${key} is not the one that ${linkKey(held.n)} binds`;
    const hashes = { expected: held.manifestSha256, found };
    examination.accuse({ kind: 'altered', key, link: held.n, summary, ...hashes });
    return undefined;
  }
  if (!held) {
    const summary = `${runKey} is sealed and has no link`;
    const isUnlinked = async () => (await chain.heldRun(runKey)) === undefined;
    await examination.accuseUnlessOpen(runKey, { kind: 'unlinked', key, summary }, isUnlinked);
    return undefined;
  }
  const read = exactRecord(stored.body, ExactManifest);
  if ('problem' in read) {
    examination.accuse({ kind: 'no-record', key, link: held.n, summary: `${key}: ${read.problem}` });
    return undefined;
  }
  return examineRecords(examination, read.value, held, folder);
}

function accuseUnsealed(examination: Examination, runKey: string, key: string, held: HeldRun | undefined): undefined {
  const summary = held ? `${key} is gone, and ${linkKey(held.n)} binds it` : `${runKey} has no end and is not open`;
  examination.accuse({ kind: held ? 'missing' : 'unended', key: held ? key : runKey, link: held?.n, summary });
}

async function examineRecords(
  examination: Examination,
  manifest: Manifest,
  { n: link }: HeldRun,
  { runKey, keys }: RunFolder,
): Promise<SealedRun | undefined> {
  const { store, checked } = examination;
  const manifestKey = runKeys(runKey).manifest;
  if (manifest.runKey !== runKey) {
    const summary = `${manifestKey} is the manifest of ${manifest.runKey}`;
    const names = { expected: runKey, found: manifest.runKey };
    examination.accuse({ kind: 'altered', key: manifestKey, link, summary, ...names });
    return undefined;
  }
  const records = new Map<string, Uint8Array>();
  let isWhole = true;
  const read = inOrder(manifest.records, READ_AHEAD, async ({ key, sha256: sealed }) => ({
    key,
    sealed,
    stored: key.startsWith(`${runKey}/`) ? await store.get(key) : undefined,
  }));
  for await (const { key, sealed, stored } of read) {
    checked.records += 1;
    const found = stored && sha256(stored.body);
    if (stored && !key.startsWith(`${runKey}/evidence/`)) records.set(key, stored.body);
    if (found === sealed) continue;
    isWhole = false;
    if (found === undefined) {
      const summary = `${key} is gone, and the manifest of its run has it`;
      examination.accuse({ kind: 'missing', key, link, summary, expected: sealed });
    } else {
      const summary = `${key} is not what was sealed`;
      examination.accuse({ kind: 'altered', key, link, summary, expected: sealed, found });
    }
  }
  const sealedKeys = new Set([manifestKey, ...manifest.records.map(({ key }) => key)]);
  for (const key of keys.filter((one) => !sealedKeys.has(one))) {
    isWhole = false;
    examination.accuse({ kind: 'added', key, link, summary: `${key} is not in the manifest of its run` });
  }
  return isWhole ? { runKey, link, records } : undefined;
}
