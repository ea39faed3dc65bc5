import { fileURLToPath } from 'node:url';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Need } from '../../../core/need.ts';
import { folderGrant, isRefusal, ownUser, refusedPath } from '../../runtime/folder-grant.ts';
import { isDenied, policyGrant } from '../../runtime/policy-grant.ts';
import { catalogue } from './_catalogue.ts';
import { Flaw } from './_flaw.ts';
import { permissionsFor, sourceOf } from './_place.ts';
import { shown } from './_shown.ts';
import type { BackupFile, BackupSource } from './_source.ts';

type Seen = Omit<Need, 'target'>;

interface Names {
  readonly match: string;
  readonly timezone: string;
}

/** What a verification of backups needs of the place where they lie: its list, and the bytes of the newest. */
export async function backupNeeds(url: string, names: Names, signal: AbortSignal): Promise<Seen[]> {
  const source = sourceOf(url, signal);
  const files = await listed(source, url);
  if ('need' in files) return [files];
  const whole = catalogue(files, names).filter(({ unfinished, sizeBytes }) => !unfinished && sizeBytes > 0);
  const [newest] = whole.toSorted((a, b) => b.lastModified.getTime() - a.lastModified.getTime());
  const whom = url.startsWith('file:///') ? ` as ${ownUser()}` : '';
  const list: Seen = {
    need: 'be listed',
    state: 'met',
    detail: shown(`${source.location}${whom}: ${files.length} files, ${whole.length} of them backups`),
  };
  const file = newest?.files.find(({ sizeBytes }) => sizeBytes > 0);
  if (!newest || !file) {
    // A folder that holds something else can be read as well as the right one.
    const called = names.match === '*' ? '' : ` called ${names.match}`;
    return [list, { need: 'read the backups', state: 'unknown', detail: `there is no backup${called} to try it with` }];
  }
  return [list, await firstByte(source, url, file)];
}

async function listed(source: BackupSource, url: string): Promise<readonly BackupFile[] | Seen> {
  try {
    return await source.list();
  } catch (thrown) {
    return missing('be listed', url, thrown);
  }
}

async function firstByte(source: BackupSource, url: string, file: BackupFile): Promise<Seen> {
  const need = 'read the backups';
  try {
    for await (const piece of source.open(file, { startByte: 0, endByte: 1 })) {
      if (piece.length > 0) return { need, state: 'met', detail: shown(`the newest, ${file.path}, begins to come`) };
    }
    return { need, state: 'unknown', detail: shown(`the newest, ${file.path}, came without a byte`) };
  } catch (thrown) {
    // Another one than was listed by now, or in an archive class: only the latter will be so tomorrow.
    if (thrown instanceof Flaw) {
      const state = thrown.kind === 'cannot-be-opened' ? 'missing' : 'unknown';
      return { need, state, detail: shown(`the newest, ${file.path}: ${thrown.message}`) };
    }
    if (isDenied(thrown) || isRefusal(thrown)) return missing(need, url, thrown);
    if (!(thrown instanceof Unavailable)) throw thrown;
    return { need, state: 'unknown', detail: shown(thrown.message) };
  }
}

/** Throws again what is no refusal. */
async function missing(need: string, url: string, thrown: unknown): Promise<Seen> {
  const grant = await grantFor(url, thrown);
  if (grant === 'no-refusal') throw thrown;
  return { need, state: 'missing', detail: shown(wordsOf(thrown)), ...(grant !== undefined && { grant }) };
}

async function grantFor(url: string, thrown: unknown): Promise<string | 'no-refusal' | undefined> {
  if (isDenied(thrown)) return policyGrant(permissionsFor(url), thrown);
  if (!isRefusal(thrown)) return 'no-refusal';
  const folder = fileURLToPath(url);
  return folderGrant({ folder, path: refusedPath(thrown) ?? folder, right: 'read' });
}

/** The words of ours have those of the system in them already. */
function wordsOf(thrown: unknown): string {
  return thrown instanceof Unavailable ? thrown.message : messageOf(thrown);
}
