import { readFile, readlink, statfs, type FileHandle } from 'node:fs/promises';
import { askForLease } from './_lease.ts';
import { rootDevice, type LogFolder } from './_log-folder.ts';
import type { ByteName } from './_log-name.ts';
import { readOpenFiles, type FileIdentity, type Holder, type OpenFiles } from './_open-files.ts';

/** Whether somebody has a file open; `unknown` is never taken for `free`. */
export type Openness =
  | { readonly state: 'free'; readonly leased: boolean }
  | { readonly state: 'held'; readonly holder?: Holder }
  | { readonly state: 'unknown' };

/** File systems that this machine's kernel alone writes to: ext, XFS, Btrfs, tmpfs, overlay, ZFS, F2FS, ramfs, bcachefs. */
const LOCAL = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0x858458f6, 0xca451a4e,
]);
/** What the kernel calls the namespace of processes that holds all others. */
const ALL_PROCESSES = 'pid:[4026531836]';
const PTRACE_CAPABILITY = 19n;

/** Tells of the files of one folder tree whether they are open, by what the kernel and the processes say. */
export interface OpennessJudge {
  /** What was open when the judge was made. */
  readonly open: OpenFiles;
  /** Why the processes alone prove nothing; empty where they do. */
  readonly blindness: readonly string[];
  /** Why even a lease proves nothing; empty where it does. */
  readonly shared: readonly string[];
  /** With `keep`, nobody can open the file until the handle is closed, where the answer says `leased`. */
  judge(handle: FileHandle, file: FileIdentity, path: ByteName, options?: { keep?: boolean }): Promise<Openness>;
  /** Whether a file that was found free is so still, its name being another now. */
  confirm(handle: FileHandle, file: FileIdentity, path: ByteName, before: Openness): Promise<boolean>;
}

export async function openOpennessJudge(root: LogFolder, signal: AbortSignal): Promise<OpennessJudge> {
  const look = (handles: readonly FileHandle[]) =>
    readOpenFiles({ own: new Set([...handles, root.handle].map(({ fd }) => fd)), below: root.path, signal });
  const open = await look([]);
  const shared = await sharedWith(root);
  const blindness = [...shared, ...(await blindTo(root, open))];

  async function judge(
    handle: FileHandle,
    file: FileIdentity,
    path: ByteName,
    { keep = false }: { keep?: boolean } = {},
  ): Promise<Openness> {
    const known = open.holderOf(file, path);
    const lease = await askForLease(handle, keep ? 'take' : 'try');
    // What the processes show now counts, not what they showed before.
    const now = lease === 'free' && known === undefined ? undefined : await look([handle]);
    const holder = now?.holderOf(file, path);
    if (holder) return { state: 'held', holder };
    if (lease === 'held') return { state: 'held' };
    if (shared.length > 0) return { state: 'unknown' };
    if (lease === 'free') return { state: 'free', leased: keep };
    return now !== undefined && (await blindTo(root, now)).length === 0
      ? { state: 'free', leased: false }
      : { state: 'unknown' };
  }

  async function confirm(handle: FileHandle, file: FileIdentity, path: ByteName, before: Openness): Promise<boolean> {
    if (before.state !== 'free') return false;
    if (before.leased) return (await askForLease(handle, 'confirm')) === 'free';
    const now = await look([handle]);
    return now.holderOf(file, path) === undefined && (await blindTo(root, now)).length === 0;
  }

  return { open, blindness, shared, judge, confirm };
}

/** Other machines, of which neither this kernel nor its processes know anything. */
async function sharedWith(folder: LogFolder): Promise<string[]> {
  const { type } = await statfs(`/proc/self/fd/${folder.handle.fd}`);
  if (LOCAL.has(type)) return [];
  return [
    `other machines may have files open there, for its file system (type 0x${type.toString(16)}) is no local one`,
  ];
}

/** Why a look into the processes does not show every one that may have a file of this folder open. */
async function blindTo(folder: LogFolder, { hiddenProcesses }: OpenFiles): Promise<string[]> {
  const seesAll = (await readlink('/proc/self/ns/pid')) === ALL_PROCESSES;
  return [
    // What lies on a container's own file system is its own; a volume may be that of others too.
    ...(seesAll || folder.device === (await rootDevice())
      ? []
      : ['the processes outside of this container are not seen, and the folder is a volume that they may have too']),
    ...(hiddenProcesses === 0 ? [] : [`${hiddenProcesses} processes may not be looked into`]),
    ...((await hidesProcesses()) ? ['/proc hides the processes of others (hidepid)'] : []),
  ];
}

async function hidesProcesses(): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  const isHiding = (line: string) => / \/proc .* - proc /.test(line) && /hidepid=(?!0\b|off\b)/.test(line);
  if (!mounts.split('\n').some(isHiding)) return false;
  const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
  return ((BigInt(`0x${effective}`) >> PTRACE_CAPABILITY) & 1n) === 0n;
}
