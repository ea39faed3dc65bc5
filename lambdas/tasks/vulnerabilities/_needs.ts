import { fileURLToPath } from 'node:url';
import { Unavailable } from '../../../core/errors.ts';
import type { Need } from '../../../core/need.ts';
import { folderGrant, isRefusal, ownUser, refusedPath } from '../../runtime/folder-grant.ts';
import { printable } from '../../runtime/http-failure.ts';
import { isDenied, policyGrant } from '../../runtime/policy-grant.ts';
import { statusOf } from '../../runtime/s3-failure.ts';
import { Flaw } from './_flaw.ts';
import { permissionsFor, placeOf } from './_place.ts';
import type { Source, SourceFile } from './_source.ts';

type Seen = Omit<Need, 'target'>;

/** What is looked for in a place. */
export interface Wanted {
  /** A few words that follow "read the": `reports`, `files`. */
  readonly what: string;
  readonly isWanted: (file: SourceFile) => boolean;
  readonly leftOut: ReadonlySet<string>;
}

/** What a review needs of the place: its list, and the bytes of the newest file of those it would read. */
export async function placeNeeds(url: string, wanted: Wanted, signal: AbortSignal): Promise<Seen[]> {
  const { source, archive } = placeOf(url, signal);
  const whom = url.startsWith('file:///') ? ` as ${ownUser()}` : '';
  if (archive !== undefined) {
    return [
      await tried('read the archive', url, async () =>
        firstByte('read the archive', source, await source.look(archive)),
      ),
    ];
  }
  let files: readonly SourceFile[] = [];
  const list = await tried('be listed', url, async () => {
    files = (await source.list(wanted.leftOut)).files.filter(wanted.isWanted);
    return {
      need: 'be listed',
      state: 'met',
      detail: printable(`${source.location}${whom}: ${files.length} ${wanted.what}`),
    };
  });
  if (list.state !== 'met') return [list];
  const need = `read the ${wanted.what}`;
  const [newest] = files
    .filter(({ sizeBytes }) => sizeBytes > 0)
    .toSorted((a, b) => b.lastModified.getTime() - a.lastModified.getTime());
  if (newest === undefined)
    return [list, { need, state: 'unknown', detail: `there are no ${wanted.what} to try it with` }];
  return [list, await tried(need, url, () => firstByte(need, source, newest))];
}

async function firstByte(need: string, source: Source, file: SourceFile): Promise<Seen> {
  for await (const piece of source.open(file)) {
    if (piece.length > 0) return { need, state: 'met', detail: printable(`${file.path} begins to come`) };
  }
  return { need, state: 'unknown', detail: printable(`${file.path} came without a byte`) };
}

async function tried(need: string, url: string, look: () => Promise<Seen>): Promise<Seen> {
  try {
    return await look();
  } catch (thrown) {
    if (thrown instanceof Flaw) return { need, state: 'unknown', detail: printable(`the newest ${thrown.message}`) };
    if (!(thrown instanceof Unavailable)) throw thrown;
    const detail = printable(thrown.message);
    if (isRefusal(thrown)) {
      const folder = fileURLToPath(url);
      const grant = await folderGrant({ folder, path: refusedPath(thrown.cause) ?? folder, right: 'read' });
      return { need, state: 'missing', detail, ...(grant !== undefined && { grant }) };
    }
    if (isDenied(thrown) || statusOf(thrown.cause) === 403) {
      return { need, state: 'missing', detail, grant: policyGrant(permissionsFor(url), thrown) };
    }
    return { need, state: 'unknown', detail };
  }
}
