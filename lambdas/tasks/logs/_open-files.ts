import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { codeOf } from './_log-folder.ts';
import type { ByteName } from './_log-name.ts';

/** What identifies a file whatever it is called. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

export interface Holder {
  readonly pid: number;
  /** Undefined where the file is mapped into memory and its descriptor is closed. */
  readonly fd?: number;
}

/** A file without a name that a process still holds, and with it the space. */
export interface NamelessFile extends FileIdentity {
  readonly path: ByteName;
  readonly sizeBytes: number;
  readonly holder: Holder;
}

export interface OpenFiles {
  /** How many processes could not be looked into; none of the answers proves anything unless it is zero. */
  readonly hiddenProcesses: number;
  readonly nameless: readonly NamelessFile[];
  /** Who holds a file, by its identity or, where it is mapped, by its path too. */
  holderOf(file: FileIdentity, path: ByteName): Holder | undefined;
}

interface Question {
  /** Descriptors that this process opened itself for its work here. */
  readonly own: ReadonlySet<number>;
  /** Files without a name are of interest where they were below this folder. */
  readonly below: ByteName;
  readonly signal: AbortSignal;
}

const ABREAST = 8;
const MOST_ROUNDS = 5;
const DELETED = ' (deleted)';

/**
 * Looks into every process of this machine for the files that it has open or mapped.
 *
 * A process that starts meanwhile is looked into as well: a descriptor may have been handed on to it.
 */
export async function readOpenFiles(question: Question): Promise<OpenFiles> {
  const found = { holders: new Map<string, Holder>(), paths: new Map<ByteName, Holder>(), nameless: [] };
  const state: State = { ...question, ...found, hidden: new Set() };
  const seen = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const fresh = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && !seen.has(name));
    if (fresh.length === 0) break;
    for (const pid of fresh) seen.add(pid);
    const queue = fresh.values();
    const work = async () => {
      for (const pid of queue) await readProcess(pid, state);
    };
    await Promise.all(Array.from({ length: ABREAST }, work));
  }
  return {
    hiddenProcesses: state.hidden.size,
    nameless: state.nameless,
    holderOf: (file, path) => state.holders.get(keyOf(file)) ?? state.paths.get(path),
  };
}

interface State extends Question {
  readonly holders: Map<string, Holder>;
  readonly paths: Map<ByteName, Holder>;
  readonly nameless: NamelessFile[];
  readonly hidden: Set<string>;
}

async function readProcess(pid: string, state: State): Promise<void> {
  state.signal.throwIfAborted();
  try {
    const descriptors = await readDescriptors(`/proc/${pid}/fd`, pid, state);
    // The descriptors of a process whose first thread has ended are seen at its other threads only.
    if (descriptors === 0) {
      for (const thread of await readdir(`/proc/${pid}/task`)) {
        if (thread !== pid) await readDescriptors(`/proc/${pid}/task/${thread}/fd`, pid, state);
      }
    }
    await readMaps(pid, state);
  } catch (thrown) {
    if (isGone(thrown)) return;
    // Whatever the reason is, nobody knows what this process holds.
    if (codeOf(thrown) === undefined) throw thrown;
    state.hidden.add(pid);
  }
}

async function readDescriptors(folder: string, pid: string, state: State): Promise<number> {
  const names = await readdir(folder);
  for (const name of names) {
    if (Number(pid) === process.pid && state.own.has(Number(name))) continue;
    try {
      await readDescriptor(`${folder}/${name}`, { pid: Number(pid), fd: Number(name) }, state);
    } catch (thrown) {
      // Closed since it was listed.
      if (!isGone(thrown)) throw thrown;
    }
  }
  return names.length;
}

async function readDescriptor(descriptor: string, holder: Holder, state: State): Promise<void> {
  const path = await readlink(descriptor, 'latin1');
  if (!path.startsWith('/')) return;
  const seen = await stat(descriptor, { bigint: true });
  if (!seen.isFile()) return;
  const key = keyOf(seen);
  const isNew = !state.holders.has(key);
  if (isNew) state.holders.set(key, holder);
  if (!isNew || seen.nlink > 0n || !path.endsWith(DELETED) || !path.startsWith(`${state.below}/`)) return;
  const { dev, ino } = seen;
  const sizeBytes = Number(seen.blocks) * 512;
  state.nameless.push({ dev, ino, path: path.slice(0, -DELETED.length), sizeBytes, holder });
}

const MAPPED = /^\S+ \S+ \S+ ([0-9a-f]+):([0-9a-f]+) (\d+) +(\/.*)$/gm;

async function readMaps(pid: string, state: State): Promise<void> {
  const maps = await readFile(`/proc/${pid}/maps`, 'latin1');
  const holder = { pid: Number(pid) };
  for (const [, major = '', minor = '', inode = '', shown = ''] of maps.matchAll(MAPPED)) {
    const path = shown.replaceAll('\\012', '\n').replace(/ \(deleted\)$/, '');
    const file = { dev: deviceOf(parseInt(major, 16), parseInt(minor, 16)), ino: BigInt(inode) };
    if (!state.holders.has(keyOf(file))) state.holders.set(keyOf(file), holder);
    // Layered file systems show another device here than `stat` does.
    if (!state.paths.has(path)) state.paths.set(path, holder);
  }
}

/** `makedev` of glibc: the number that `stat` gives for a device. */
function deviceOf(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

/** The name of a program; its process id alone where it has ended meanwhile. */
export async function programOf({ pid }: Holder): Promise<string> {
  try {
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
    return `${name.replace(/\p{C}/gu, '?')} (process ${pid})`;
  } catch (thrown) {
    if (isGone(thrown)) return `process ${pid}`;
    throw thrown;
  }
}

function keyOf({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`;
}

function isGone(thrown: unknown): boolean {
  return ['ENOENT', 'ESRCH', 'ENOTDIR'].includes(codeOf(thrown) ?? '');
}
