import { documentFolder, type DocumentForms } from '../lambdas/runtime/documents.ts';
import type { Catalogue } from '../lambdas/catalogue.ts';
import type { Store } from '../lambdas/runtime/store.ts';

/** The newest document of a review, with the place of its page. */
export interface LatestDocument {
  /** Without the end of its name: `scaling/monthly/20261101`. */
  readonly key: string;
  readonly forms: DocumentForms;
}

/** The folder of each review's documents by its short name: `scaling` is `scaling/monthly/`. */
export function documentFolders(
  catalogue: Catalogue,
): ReadonlyMap<string, { readonly folder: string; readonly task: string }> {
  const folders = [...catalogue.values()].flatMap(({ task }) =>
    task.documentKey === undefined ? [] : [{ folder: documentFolder(task.documentKey), task: task.name }],
  );
  return new Map(folders.map((one) => [one.folder.split('/')[0] ?? '', one]));
}

/** The document that was written for the latest day or quarter; undefined where there is none. */
export async function latestDocument(store: Store, folder: string): Promise<LatestDocument | undefined> {
  let latest: string | undefined;
  for await (const { key } of store.list(folder)) if (key.endsWith('.json')) latest = key.slice(0, -'.json'.length);
  if (latest === undefined) return undefined;
  const forms: Record<string, string> = {};
  for (const form of ['json', 'html', 'md']) {
    const stored = await store.get(`${latest}.${form}`);
    if (stored) forms[form] = Buffer.from(stored.body).toString('utf8');
  }
  return { key: latest, forms };
}
