import { join } from 'node:path';
import { folderGrant, ownUser } from '../../runtime/folder-grant.ts';
import { openLog } from './_auth-file.ts';
import { listLogs, NoLogs } from './_auth-folder.ts';
import { describeGroup, lastEventMs, tryEvents } from './_auth-group.ts';
import { shownPath } from './_log-name.ts';
import type { TimeWindow } from './_login-tally.ts';
import { BE_LISTED, folderRefused, groupNeed, READ_EVERY_FILE, type Seen } from './_needs.ts';

/** What the reading of the logs of a folder needs of it; every log is opened, and none is read. */
export async function folderNeeds(folder: string, files: readonly string[], signal: AbortSignal): Promise<Seen[]> {
  let logs: Awaited<ReturnType<typeof listLogs>>;
  try {
    logs = await listLogs(folder, files);
  } catch (thrown) {
    if (thrown instanceof NoLogs) return [{ need: 'hold logs of logins', state: 'missing', detail: thrown.message }];
    return [await folderRefused(folder, thrown)];
  }
  const called = files.join(' or ');
  return [
    { need: BE_LISTED, state: 'met', detail: `${folder} as ${ownUser()}: ${logs.length} files called ${called}` },
    await filesSeen(
      folder,
      logs.map(({ name }) => name),
      signal,
    ),
  ];
}

async function filesSeen(folder: string, names: readonly string[], signal: AbortSignal): Promise<Seen> {
  const need = READ_EVERY_FILE;
  const refused: { readonly name: string; readonly reason: string }[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    const log = await openLog(folder, name);
    if ('close' in log) await log.close();
    else if (log.reason !== undefined) refused.push({ name, reason: log.reason });
  }
  const [first] = refused;
  if (!first) return { need, state: 'met', detail: `${names.length} of ${names.length} can be opened` };
  const closed = refused.find(({ reason }) => reason === 'permission denied');
  const grant = closed && (await folderGrant({ folder, path: join(folder, closed.name), right: 'read' }));
  const { name, reason } = closed ?? first;
  const detail = `${refused.length} of ${names.length} cannot be opened, such as ${shownPath(name)}: ${reason}`;
  return { need, state: 'missing', detail, ...(grant !== undefined && { grant }) };
}

interface GroupOptions {
  readonly window: TimeWindow;
  readonly signal: AbortSignal;
  readonly permissions: Parameters<typeof groupNeed>[1];
}

/** What the reading of a log group needs of it: one question of each kind. */
export async function groupNeeds(name: string, { window, signal, permissions }: GroupOptions): Promise<Seen[]> {
  const listed = await groupNeed(BE_LISTED, permissions, async () => {
    const { retentionInDays } = await describeGroup(name, signal);
    return `${name}, its events kept ${retentionInDays === undefined ? 'without end' : `for ${retentionInDays} days`}`;
  });
  // Of a group that is not there no right can be seen.
  if (listed.state === 'unknown') return [listed];
  return [
    listed,
    await groupNeed('read its events', permissions, async () => {
      const events = await tryEvents(name, window, signal);
      return events > 0 ? 'there are some in the window' : 'they may be read, and the first page has none';
    }),
    await groupNeed('list its streams', permissions, async () => {
      const lastMs = await lastEventMs(name, signal);
      return lastMs === undefined ? 'it has none yet' : `its newest event is of ${new Date(lastMs).toISOString()}`;
    }),
  ];
}
