import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { chainOf } from '../../core/errors.ts';
import { shellWord } from './shell-word.ts';

/** What was refused to the user of this process, and what it should have been allowed. */
export interface RefusedPath {
  /** The folder that the grant is for: to read, all that is and will be in it; to write, its own names alone. */
  readonly folder: string;
  /** What was refused: the folder itself, or something in it. */
  readonly path: string;
  /** To read it, or also to add and remove names in it. */
  readonly right: 'read' | 'write';
}

const GROUP_BITS = { read: 0o040, write: 0o030 } as const;

/** The user whose rights count here: its name, or its number where it has none. */
export function ownUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? '');
  }
}

/**
 * The commands that give the user of this process a right to a folder, for somebody who may give it: as its owner, by
 * the group that has the right already, or else for this user alone.
 *
 * Undefined for root: what is refused to root, no right mends.
 */
export async function folderGrant(refused: RefusedPath): Promise<string | undefined> {
  const uid = process.geteuid?.();
  if (uid === undefined || uid === 0) return undefined;
  const closed = await closedFolderAbove(refused.path);
  const acl = aclGrant(refused);
  if (closed !== undefined) return `setfacl -m u:${shellWord(ownUser())}:x ${shellWord(closed)}\n${acl}`;
  const { uid: owner, gid, mode } = await stat(refused.path);
  if (owner === uid) {
    return `chmod ${refused.right === 'read' ? '-R u+rX' : 'u+rwx'} ${shellWord(refused.folder)}`;
  }
  const bits = GROUP_BITS[refused.right];
  const group = gid !== 0 && (mode & bits) === bits ? await groupName(gid) : undefined;
  if (group !== undefined) return `usermod -aG ${shellWord(group)} ${shellWord(ownUser())}`;
  return acl;
}

function aclGrant({ folder, right }: RefusedPath): string {
  const user = shellWord(ownUser());
  if (right === 'write') return `setfacl -m u:${user}:rwx ${shellWord(folder)}`;
  // The second entry is for what will be made there: logs and backups are new ones every day.
  return `setfacl -R -m u:${user}:rX,d:u:${user}:rX ${shellWord(folder)}`;
}

/** The first folder on the way to a path that may not be passed. */
async function closedFolderAbove(path: string): Promise<string | undefined> {
  const above: string[] = [];
  for (let folder = dirname(path); !above.includes(folder); folder = dirname(folder)) above.unshift(folder);
  for (const folder of above) {
    try {
      await access(folder, constants.X_OK);
    } catch (thrown) {
      if (isRefusal(thrown)) return folder;
      throw thrown;
    }
  }
  return undefined;
}

async function groupName(gid: number): Promise<string | undefined> {
  const lines = (await readFile('/etc/group', 'utf8')).split('\n').map((line) => line.split(':'));
  return lines.find(([, , number]) => number === String(gid))?.[0];
}

/** True for the system's word that this user may not do what it asked for, also where it is the cause of another error. */
export function isRefusal(thrown: unknown): boolean {
  return chainOf(thrown).some(
    (one) =>
      typeof one === 'object' && one !== null && 'code' in one && (one.code === 'EACCES' || one.code === 'EPERM'),
  );
}

/** The path that the system refused; undefined where it does not say. */
export function refusedPath(thrown: unknown): string | undefined {
  for (const one of chainOf(thrown)) {
    if (typeof one === 'object' && one !== null && 'path' in one && typeof one.path === 'string') return one.path;
  }
  return undefined;
}
