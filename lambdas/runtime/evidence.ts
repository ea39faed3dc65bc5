import * as z from 'zod';
import { Corrupt } from '../../core/errors.ts';
import { sha256 } from '../../core/json.ts';
import { asText, createRecord, readRecord, requireRecord, updateRecord } from './records.ts';
import { runKeys } from './run-keys.ts';
import type { RecordSource, Store } from './store.ts';

/** `runs/<procedure>/<run id>/manifest.json`: every record of a run with its SHA-256. */
export const Manifest = z.object({
  schemaVersion: z.literal(1),
  runKey: z.string(),
  /** A link that was there before; the run's own one comes after it, so a repeated seal finds it. */
  chainedAfter: z.int().nonnegative(),
  records: z.array(z.object({ key: z.string(), sha256: z.string() })),
});
export type Manifest = z.infer<typeof Manifest>;

/**
 * `chain/<n>.json`: binds the manifest of an ended run to the link before, one chain per platform and environment.
 *
 * Both hashes are those of the stored bytes, so that `sha256sum` alone can follow the chain.
 */
export const Link = z.object({
  n: z.int().positive(),
  runKey: z.string(),
  manifestSha256: z.string(),
  /** Of link n − 1; empty of the first link, and of one behind a gap. */
  previousSha256: z.string(),
});
export type Link = z.infer<typeof Link>;

/** A link and the SHA-256 of its bytes, which stands for all that came before it. */
export interface ChainPlace {
  readonly n: number;
  readonly sha256: string;
}

/** Where the chain probably ends; only a shortcut, the links themselves are the truth. */
export const ChainEnd = z.object({ n: z.int().nonnegative() });
export const CHAIN_END_KEY = 'index/chain.json';
export const CHAIN_PREFIX = 'chain/';

/** Seals the records of a run: writes the manifest once, then takes the next free link of the chain. */
export async function sealRun(store: Store, runKey: string): Promise<ChainPlace> {
  const manifestKey = runKeys(runKey).manifest;
  const records: Manifest['records'] = [];
  for await (const { key } of store.list(`${runKey}/`)) {
    if (key === manifestKey) continue;
    const stored = await store.get(key);
    if (stored) records.push({ key, sha256: sha256(stored.body) });
  }
  const chainedAfter = (await readRecord(store, CHAIN_END_KEY, ChainEnd))?.value.n ?? 0;
  await createRecord(store, manifestKey, { schemaVersion: 1, runKey, chainedAfter, records } satisfies Manifest);
  const place = await appendLink(store, runKey);
  await updateRecord(store, CHAIN_END_KEY, ChainEnd, (end) => (end && end.n >= place.n ? undefined : { n: place.n }));
  return place;
}

/** Looks at every link since the manifest was written: a run that has its link gets no other. */
async function appendLink(store: Store, runKey: string): Promise<ChainPlace> {
  const manifestKey = runKeys(runKey).manifest;
  const { chainedAfter } = await requireRecord(store, manifestKey, Manifest);
  const manifestSha256 = sha256(await requireBytes(store, manifestKey));
  const before = chainedAfter > 0 ? await store.get(linkKey(chainedAfter)) : undefined;
  // Where links were cut off the chain goes on behind the gap, which every examination shows: a run that could not be
  // sealed would be lost besides.
  let previousSha256 = before ? sha256(before.body) : '';
  for (let n = chainedAfter + 1; ; n += 1) {
    const link: Link = { n, runKey, manifestSha256, previousSha256 };
    if (await createRecord(store, linkKey(n), link)) return { n, sha256: sha256(asText(link)) };
    // The loser of the race for n binds itself to the winner.
    const taken = await requireRecord(store, linkKey(n), Link);
    const takenSha256 = sha256(await requireBytes(store, linkKey(n)));
    if (taken.runKey === runKey) return { n, sha256: takenSha256 };
    previousSha256 = takenSha256;
  }
}

/** The link of a sealed run; undefined where it has none yet. */
export async function linkOf(store: RecordSource, runKey: string): Promise<ChainPlace | undefined> {
  const manifest = await readRecord(store, runKeys(runKey).manifest, Manifest);
  if (!manifest) return undefined;
  for (let n = manifest.value.chainedAfter + 1; ; n += 1) {
    const link = await readRecord(store, linkKey(n), Link);
    if (!link) return undefined;
    if (link.value.runKey === runKey) return { n, sha256: sha256(await requireBytes(store, linkKey(n))) };
  }
}

export function linkKey(n: number): string {
  return `${CHAIN_PREFIX}${String(n).padStart(8, '0')}.json`;
}

/** `12:<SHA-256>`, as `fettle verify-runs --anchor` takes it. */
export function anchorText({ n, sha256 }: ChainPlace): string {
  return `${n}:${sha256}`;
}

async function requireBytes(store: Pick<RecordSource, 'get' | 'location'>, key: string): Promise<Uint8Array> {
  const stored = await store.get(key);
  if (!stored) throw new Corrupt(`${key} is missing in ${store.location}`);
  return stored.body;
}
