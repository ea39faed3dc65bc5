import { ApiException } from '@kubernetes/client-node';
import { Unavailable } from '../../../core/errors.ts';

/** A page of a list as the official client gives it; a server of another mind may leave any of it out. */
export interface Page<Item> {
  readonly items?: readonly Item[] | null;
  readonly metadata?: { readonly _continue?: string; readonly resourceVersion?: string } | null;
}

const SNAPSHOTS = 3;
const LARGEST_LIST = 200_000;

class OtherSnapshot extends Error {
  override readonly name = 'Fettle.OtherSnapshot';
}

/**
 * Reads a list to its end, page by page, all of it from one snapshot.
 *
 * The continue token alone says whether there is more: a page may be empty, the count of the rest may be absent.
 * When the snapshot expires (410) the list begins again, at most three times; pages of two snapshots would show
 * things twice, or not at all. Throws `Unavailable` where no snapshot can be read to its end.
 */
export async function listAll<Item, Kept>(
  fetchPage: (continueToken: string | undefined) => Promise<Page<Item> | null>,
  keep: (item: Item) => Kept,
): Promise<Kept[]> {
  for (let snapshot = 1; snapshot <= SNAPSHOTS; snapshot += 1) {
    try {
      return await readSnapshot(fetchPage, keep);
    } catch (thrown) {
      if (!isExpired(thrown)) throw thrown;
    }
  }
  throw new Unavailable(`the list expired before its end, ${SNAPSHOTS} times over (410)`);
}

function isExpired(thrown: unknown): boolean {
  return thrown instanceof OtherSnapshot || (thrown instanceof ApiException && thrown.code === 410);
}

async function readSnapshot<Item, Kept>(
  fetchPage: (continueToken: string | undefined) => Promise<Page<Item> | null>,
  keep: (item: Item) => Kept,
): Promise<Kept[]> {
  const kept: Kept[] = [];
  const tokens = new Set<string>();
  let token: string | undefined;
  let version: string | undefined;
  do {
    const { items, metadata } = (await fetchPage(token)) ?? {};
    if (!Array.isArray(items)) throw new Unavailable('the answer is no list: it has no `items`');
    version ??= metadata?.resourceVersion;
    if (metadata?.resourceVersion !== version) throw new OtherSnapshot(`${metadata?.resourceVersion} after ${version}`);
    for (const item of items as readonly Item[]) kept.push(keep(item));
    if (kept.length > LARGEST_LIST) throw new Unavailable(`the list has more than ${LARGEST_LIST} items`);
    token = metadata?._continue || undefined;
    if (token !== undefined && tokens.has(token))
      throw new Unavailable('the list never ends: a continue token came twice');
    if (token !== undefined) tokens.add(token);
  } while (token !== undefined);
  return kept;
}
