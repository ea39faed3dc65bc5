import { unwatchFile, watchFile } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../core/errors.ts';

const LOOKED_AT_EVERY_MILLISECONDS = 250;

export interface LiveFiles {
  readonly paths: readonly string[];
  stop(): void;
}

/**
 * Writes files and hands their texts on each time one of them changes, so that a person can break a running server
 * with an editor or `cp`. What cannot be used, a key without its certificate for example, is said and changes nothing.
 */
export async function keepFilesLive(
  texts: Readonly<Record<string, string>>,
  use: (texts: Readonly<Record<string, string>>) => void,
  say: (problem: string) => void,
): Promise<LiveFiles> {
  const paths = Object.keys(texts);
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o600 });
  }
  const reread = async () => {
    try {
      use(
        Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')] as const))),
      );
    } catch (thrown) {
      say(`${paths.join(' and ')} cannot be used yet: ${messageOf(thrown)}`);
    }
  };
  const onChange = () => void reread();
  // Polling sees what an editor does, which writes another file and renames it.
  for (const path of paths) watchFile(path, { interval: LOOKED_AT_EVERY_MILLISECONDS, persistent: false }, onChange);
  return {
    paths,
    stop: () => {
      for (const path of paths) unwatchFile(path, onChange);
    },
  };
}
