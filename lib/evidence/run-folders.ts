import type { Examination } from './examination.ts';
import { isRunKey } from './exact-record.ts';

/** A run as the listing of the store has it. */
export interface RunFolder {
  readonly runKey: string;
  readonly keys: readonly string[];
}

/** Every run below `runs/`, one after the other: keys come in the order of their bytes, so those of a run are together. */
export async function* runFolders(examination: Examination): AsyncIterable<RunFolder> {
  let runKey = '';
  let keys: string[] = [];
  for await (const { key } of examination.store.list('runs/')) {
    const owner = key.split('/').slice(0, 3).join('/');
    if (!isRunKey(owner) || owner === key) {
      examination.accuse({ kind: 'added', key, summary: `${key} belongs to no run` });
      continue;
    }
    if (owner !== runKey && keys.length > 0) yield { runKey, keys };
    if (owner !== runKey) [runKey, keys] = [owner, []];
    keys.push(key);
  }
  if (keys.length > 0) yield { runKey, keys };
}

/** One run as it is listed now. */
export async function runFolder({ store }: Examination, runKey: string): Promise<RunFolder> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${runKey}/`)) keys.push(key);
  return { runKey, keys };
}
