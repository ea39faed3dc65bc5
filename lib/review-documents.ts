import { entriesOf, type ResolvedPlatform } from '../core/platform.ts';
import { documentFolder, type DocumentForms } from '../lambdas/runtime/documents.ts';
import type { Catalogue } from '../lambdas/catalogue.ts';
import type { Store } from '../lambdas/runtime/store.ts';

/** The newest document of a review, with the place of its page. */
export interface LatestDocument {
  /** Without the end of its name: `scaling/monthly/20261101`. */
  readonly key: string;
  readonly forms: DocumentForms;
}

/**
 * The folder of each review that the platform has, by its short name: `scaling` is `scaling/monthly/`. Where several
 * of the catalogue begin alike the name is longer: `vulnerabilities/images`.
 */
export function documentFolders(
  { procedures }: Pick<ResolvedPlatform, 'procedures'>,
  catalogue: Catalogue,
): ReadonlyMap<string, { readonly folder: string; readonly task: string }> {
  const used = new Set(Object.values(procedures).flatMap((one) => entriesOf(one).map(({ task }) => task)));
  const folders = [...catalogue].flatMap(([name, { task }]) =>
    task.documentKey === undefined ? [] : [{ folder: documentFolder(task.documentKey), task: name }],
  );
  const alike = Map.groupBy(folders, ({ folder }) => folder.split('/')[0]);
  return new Map(
    folders
      .filter(({ task }) => used.has(task))
      .map((one) => {
        const [first = '', second = ''] = one.folder.split('/');
        return [(alike.get(first)?.length ?? 0) > 1 ? `${first}/${second}` : first, one];
      }),
  );
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
