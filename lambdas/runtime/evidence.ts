import * as z from 'zod';
import { canonicalJson, sha256 } from '../../core/json.ts';
import { createRecord, readRecord, requireRecord, updateRecord } from './records.ts';
import { runKeys } from './run-keys.ts';
import type { Store } from './store.ts';

/** `runs/<procedure>/<run id>/manifest.json`: every record of a run with its SHA-256. */
export const Manifest = z.object({
  schemaVersion: z.literal(1),
  runKey: z.string(),
  /** A link that was there before; the run's own one comes after it, so a repeated seal finds it. */
  chainedAfter: z.int().nonnegative(),
  records: z.array(z.object({ key: z.string(), sha256: z.string() })),
});
export type Manifest = z.infer<typeof Manifest>;

/** `chain/<n>.json`: binds the manifest of an ended run to the link before, one chain per platform and environment. */
export const Link = z.object({
  n: z.int().positive(),
  runKey: z.string(),
  manifestSha256: z.string(),
  /** Of link n − 1; of the first link it is empty. */
  previousSha256: z.string(),
});
export type Link = z.infer<typeof Link>;

/** Where the chain probably ends; only a shortcut, the links themselves are the truth. */
const ChainEnd = z.object({ n: z.int().nonnegative() });
const CHAIN_END_KEY = 'index/chain.json';

/** Seals the records of a run: writes the manifest once, then takes the next free link of the chain. */
export async function sealRun(store: Store, runKey: string): Promise<void> {
  const manifestKey = runKeys(runKey).manifest;
  const records: Manifest['records'] = [];
  for await (const { key } of store.list(`${runKey}/`)) {
    if (key === manifestKey) continue;
    const stored = await store.get(key);
    if (stored) records.push({ key, sha256: sha256(stored.body) });
  }
  const chainedAfter = (await readRecord(store, CHAIN_END_KEY, ChainEnd))?.value.n ?? 0;
  await createRecord(store, manifestKey, { schemaVersion: 1, runKey, chainedAfter, records } satisfies Manifest);
  await appendLink(store, await requireRecord(store, manifestKey, Manifest));
}

/** Looks at every link since the manifest was written: a run that has its link gets no other. */
async function appendLink(store: Store, manifest: Manifest): Promise<void> {
  const { runKey, chainedAfter } = manifest;
  const manifestSha256 = sha256(canonicalJson(manifest));
  let previous = chainedAfter > 0 ? await requireRecord(store, linkKey(chainedAfter), Link) : undefined;
  for (let n = chainedAfter + 1; ; n += 1) {
    const previousSha256 = previous ? sha256(canonicalJson(previous)) : '';
    const link: Link = { n, runKey, manifestSha256, previousSha256 };
    if (previous?.runKey === runKey) return;
    if (await createRecord(store, linkKey(n), link)) {
      await updateRecord(store, CHAIN_END_KEY, ChainEnd, (end) => (end && end.n >= n ? undefined : { n }));
      return;
    }
    // The loser of the race for n binds itself to the winner.
    previous = await requireRecord(store, linkKey(n), Link);
  }
}

function linkKey(n: number): string {
  return `chain/${String(n).padStart(8, '0')}.json`;
}
