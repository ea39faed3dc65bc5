import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Corrupt, InvalidInput, messageOf, Unavailable } from '../../core/errors.ts';
import {
  hasCode,
  makeFolder,
  readWhole,
  statOf,
  unlessMissing,
  unlessRefused,
  writeDurably,
} from './directory-files.ts';
import {
  assertNoFolder,
  assertReplaced,
  createPlain,
  describe,
  holderOf,
  mendPlainFile,
  placeOf,
  type Place,
} from './directory-object.ts';
import {
  advance,
  beginHistory,
  bodyPath,
  currentVersion,
  prune,
  versionAfter,
  type Version,
} from './directory-versions.ts';
import { assertKey, assertPrefix, isKey, TEMPORARY_FOLDER, VERSIONS_FOLDER } from './store-key.ts';
import type { ListedObject, Store, StoredObject } from './store.ts';

const CALL_TIMEOUT_SECONDS = 30;
/** No write takes that long; what is older was left behind by a process that was killed. */
const LEFTOVER_AGE_MS = 3_600_000;

/** What a disk answers to a change that it does not take now. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  ENOSPC: 'no space left on the disk',
  EPERM: 'not permitted',
  EROFS: 'the disk is read-only',
};

/**
 * A store in a folder: each object is the plain file `<folder>/<key>`, safe among processes and against `kill -9`.
 *
 * A file that was created and never replaced is the object itself. For others the truth is in `.versions` beside
 * the file, and the plain file follows it: one that lags, after a crash or an edit by hand, is mended by the next
 * call for that key, unless that one `onlyReads`. The folder must be on one disk with hard links.
 */
export class DirectoryStore implements Store {
  readonly location: string;
  readonly #temporaryFolder: string;
  readonly #onlyReads: boolean;
  #hasSwept = false;

  constructor(folder: string, { onlyReads = false } = {}) {
    if (!isAbsolute(folder))
      throw new InvalidInput('STORE_LOCATION', `the store's folder ${JSON.stringify(folder)} must be absolute`);
    this.location = folder;
    this.#onlyReads = onlyReads;
    this.#temporaryFolder = join(folder, TEMPORARY_FOLDER);
  }

  get(key: string): Promise<StoredObject | undefined> {
    return this.#call('read', key, async (place) => {
      for (;;) {
        const holder = await holderOf(place);
        if (holder.kind === 'nothing') return undefined;
        if (holder.kind === 'plain') return { body: holder.body, etag: holder.id };
        const { id, removed } = holder.version;
        const read = removed ? undefined : await readWhole(bodyPath(place.history, id));
        if (read === undefined && !removed) {
          await assertReplaced(place, holder.version);
          continue;
        }
        await this.#mendPlainFile(place);
        return read && { body: read.body, etag: id };
      }
    });
  }

  createIfAbsent(key: string, body: string | Uint8Array): Promise<string | undefined> {
    return this.#call('create', key, (place) =>
      this.#withTemporaryFile(body, async (written) => {
        for (;;) {
          const seen = await currentVersion(place.history);
          if (seen !== undefined && !seen.removed) return undefined;
          await assertNoFolder(place);
          if (seen === undefined) {
            const created = await createPlain(place, written, body);
            if (created !== undefined) return created.etag;
          } else {
            const next = versionAfter(seen);
            if (await advance(place.history, seen, next, written)) return this.#settle(place, next);
          }
        }
      }),
    );
  }

  replace(key: string, body: string | Uint8Array, etag: string): Promise<string | undefined> {
    return this.#call('replace', key, (place) =>
      this.#withTemporaryFile(body, async (written) => {
        for (;;) {
          const holder = await holderOf(place);
          if (holder.kind === 'nothing') return undefined;
          if (holder.kind === 'plain') {
            if (holder.id !== etag) return undefined;
            await beginHistory(place.history, holder, this.#temporaryFolder);
          } else {
            if (holder.version.removed || holder.version.id !== etag) return undefined;
            const next = versionAfter(holder.version);
            if (await advance(place.history, holder.version, next, written)) return this.#settle(place, next);
          }
        }
      }),
    );
  }

  remove(key: string): Promise<void> {
    return this.#call('remove', key, async (place) => {
      for (;;) {
        const holder = await holderOf(place);
        if (holder.kind === 'nothing') return;
        if (holder.kind === 'plain') {
          await this.#prepareTemporaryFolder();
          await beginHistory(place.history, holder, this.#temporaryFolder);
        } else {
          if (holder.version.removed) return this.#mendPlainFile(place);
          const next = versionAfter(holder.version, { removed: true });
          if (await advance(place.history, holder.version, next)) return void (await this.#settle(place, next));
        }
      }
    });
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    assertPrefix(prefix);
    const cut = prefix.lastIndexOf('/') + 1;
    yield* this.#walk(prefix.slice(0, cut), prefix.slice(cut));
  }

  async *#walk(folder: string, nameStart: string): AsyncIterable<ListedObject> {
    const entries = await this.#within('list', folder, () => entriesOf(join(this.location, folder), nameStart));
    for (const { name, isFolder } of entries) {
      if (isFolder) {
        yield* this.#walk(`${folder}${name}/`, '');
        continue;
      }
      const key = folder + name;
      const listed = isKey(key) ? await this.#call('list', key, describe) : undefined;
      if (listed !== undefined) yield listed;
    }
  }

  async #call<Answer>(verb: string, key: string, work: (place: Place) => Promise<Answer>): Promise<Answer> {
    assertKey(key);
    return this.#within(verb, key, () => work(placeOf(this.location, key)));
  }

  /** A disk on the network may never answer, and a call to it cannot be taken back, only no longer waited for. */
  async #within<Answer>(verb: string, key: string, work: () => Promise<Answer>): Promise<Answer> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const what = `cannot ${verb} ${JSON.stringify(key)} in ${this.location}`;
    const timer = setTimeout(() => {
      reject(new Unavailable(`${what}: no answer from the disk within ${CALL_TIMEOUT_SECONDS} s`));
    }, CALL_TIMEOUT_SECONDS * 1_000);
    try {
      return await Promise.race([work(), late]);
    } catch (thrown) {
      throw diskFailure(what, thrown);
    } finally {
      clearTimeout(timer);
    }
  }

  async #withTemporaryFile<Answer>(body: string | Uint8Array, use: (path: string) => Promise<Answer>): Promise<Answer> {
    await this.#prepareTemporaryFolder();
    const path = join(this.#temporaryFolder, randomUUID());
    await writeDurably(path, body);
    try {
      return await use(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  async #prepareTemporaryFolder(): Promise<void> {
    await makeFolder(this.#temporaryFolder);
    if (this.#hasSwept) return;
    this.#hasSwept = true;
    await sweep(this.#temporaryFolder, new Date(Date.now() - LEFTOVER_AGE_MS));
  }

  async #settle(place: Place, won: Version): Promise<string> {
    await unlessRefused(prune(place.history, won), ...Object.keys(REFUSALS));
    await this.#mendPlainFile(place);
    return won.id;
  }

  /** The current version is the truth without the plain file, so a disk that refuses to mend it is no failure. */
  async #mendPlainFile(place: Place): Promise<void> {
    if (this.#onlyReads) return;
    const mending = mendPlainFile(place, this.#temporaryFolder);
    await unlessRefused(mending, 'EISDIR', 'ENOENT', 'ENOTDIR', ...Object.keys(REFUSALS));
  }
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** What a folder has, in the order that the keys below it have. */
async function entriesOf(folder: string, nameStart: string): Promise<readonly Entry[]> {
  const found = (await unlessMissing(readdir(folder, { withFileTypes: true }))) ?? [];
  // An object whose plain file is not yet there, or no longer what counts, has a history.
  const histories = (await unlessMissing(readdir(join(folder, VERSIONS_FOLDER)))) ?? [];
  const files = found.filter((entry) => entry.isFile()).map(({ name }) => name);
  const folders = found.filter((entry) => entry.isDirectory()).map(({ name }) => `${name}/`);
  return [...new Set([...files, ...histories, ...folders])]
    .filter((name) => name.startsWith(nameStart))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => ({ name: name.replace(/\/$/, ''), isFolder: name.endsWith('/') }))
    .filter(({ name }) => isKey(name));
}

async function sweep(folder: string, before: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const stats = await statOf(join(folder, name));
    if (stats !== undefined && stats.mtime < before) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** The error as callers know it: what a disk refuses, in words. */
function diskFailure(what: string, thrown: unknown): unknown {
  if (thrown instanceof InvalidInput || thrown instanceof Corrupt || thrown instanceof Unavailable) return thrown;
  const code = Object.keys(REFUSALS).find((known) => hasCode(thrown, known));
  const why = code === undefined ? messageOf(thrown) : `${REFUSALS[code]} (${code})`;
  return new Unavailable(`${what}: ${why}`, { cause: thrown });
}
