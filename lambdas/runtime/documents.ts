import { messageOf } from '../../core/errors.ts';
import type { Finding, RuntimeKind } from '../../core/finding.ts';
import type { DocumentPlatform, Task, TaskResult } from '../../core/task.ts';
import { findingOfEach } from './judge-step.ts';
import { asText, putText } from './records.ts';
import type { Store } from './store.ts';

/** A document in each of its forms, by the end of its file's name. */
export type DocumentForms = Readonly<Partial<Record<'json' | 'html' | 'md', string>>>;

/**
 * What a task's document looks like in its forms; none where it made none. A page that cannot be made takes neither the
 * document nor what was found with it: it is said of each target.
 */
export function formsOf(
  { documentKey, documentPages }: Task,
  targets: readonly string[],
  { document }: Pick<TaskResult<string>, 'document'>,
  platform: DocumentPlatform,
): { readonly forms: DocumentForms; readonly unwritten: readonly Finding<RuntimeKind>[] } {
  if (document === undefined || documentKey === undefined) return { forms: {}, unwritten: [] };
  const json = asText(document);
  try {
    const pages = documentPages?.(document, platform);
    return { forms: { json, ...(pages && { html: pages.html, md: pages.markdown }) }, unwritten: [] };
  } catch (thrown) {
    const summary = `its page cannot be written: ${messageOf(thrown)}`;
    return { forms: { json }, unwritten: findingOfEach('task-failed', targets, summary) };
  }
}

/** The names of a document's forms among the evidence of its run, with their content. */
export function asEvidence(forms: DocumentForms): Record<string, string> {
  return Object.fromEntries(Object.entries(forms).map(([form, text]) => [`document.${form}`, text]));
}

/** Puts a document where people look for it, in the place of an earlier one of the same day or quarter. */
export async function publish(store: Store, task: Task, now: Date, forms: DocumentForms): Promise<void> {
  const key = task.documentKey?.(now).replace(/\.json$/, '');
  for (const [form, text] of Object.entries(forms)) await putText(store, `${key}.${form}`, text);
}

/** The part of a document's key that does not depend on the time: the folder in which all of a task's documents are. */
export function documentFolder(documentKey: (now: Date) => string): string {
  const keys = [new Date(Date.UTC(2021, 0, 2, 3, 4, 5)), new Date(Date.UTC(1999, 10, 29, 16, 47, 58))].map(documentKey);
  const [first = [], second = []] = keys.map((key) => key.split('/'));
  const shared = first.findIndex((part, place) => part !== second[place]);
  if (shared === -1) return keys[0] ?? '';
  if (shared === 0) throw new Error(`the document ${keys[0]} has no folder of its own`);
  return `${first.slice(0, shared).join('/')}/`;
}
