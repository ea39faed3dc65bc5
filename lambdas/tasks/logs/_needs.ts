import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Need } from '../../../core/need.ts';
import type { Permission } from '../../../core/task.ts';
import { folderGrant, isRefusal, refusedPath } from '../../runtime/folder-grant.ts';
import { accountIn, isDenied, policyGrant } from '../../runtime/policy-grant.ts';
import { logsRegion } from './_log-groups.ts';

export type Seen = Omit<Need, 'target'>;

/** What both tasks need, in the same words. */
export const BE_LISTED = 'be listed';
export const READ_EVERY_FILE = 'read every file';

/** The words of ours have those of the system in them already. */
export function wordsOf(thrown: unknown): string {
  return thrown instanceof Unavailable ? thrown.message : messageOf(thrown);
}

/** The need that a folder refuses to be listed; throws again what is no refusal. */
export async function folderRefused(folder: string, thrown: unknown): Promise<Seen> {
  if (!isRefusal(thrown)) throw thrown;
  const grant = await folderGrant({ folder, path: refusedPath(thrown) ?? folder, right: 'read' });
  return { need: BE_LISTED, state: 'missing', detail: wordsOf(thrown), ...(grant !== undefined && { grant }) };
}

type PermissionsAt = (where: { readonly region: string; readonly account: string }) => readonly Permission[];

/** Asks for one thing of a log group: met with what came, missing where AWS refuses it, unknown where it fails otherwise. */
export async function groupNeed(need: string, permissions: PermissionsAt, ask: () => Promise<string>): Promise<Seen> {
  try {
    return { need, state: 'met', detail: await ask() };
  } catch (thrown) {
    if (!isDenied(thrown)) {
      if (!(thrown instanceof Unavailable)) throw thrown;
      return { need, state: 'unknown', detail: thrown.message };
    }
    const where = { region: await logsRegion(), account: accountIn(thrown) ?? '*' };
    return { need, state: 'missing', detail: wordsOf(thrown), grant: policyGrant(permissions(where), thrown) };
  }
}
