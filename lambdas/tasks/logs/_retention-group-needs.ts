import { randomUUID } from 'node:crypto';
import { permissionsOn } from './_group-permissions.ts';
import { groupsUnder, setRetention } from './_log-groups.ts';
import { BE_LISTED, groupNeed, type Seen } from './_needs.ts';
import { RETENTION_DAYS } from './_retention-groups.ts';

/**
 * What the retention of log groups needs of CloudWatch.
 *
 * Whether a retention may be set shows when it is asked for a group that cannot exist: AWS looks at the rights first,
 * and there is nothing that it could change.
 */
export async function groupRetentionNeeds(name: string, signal: AbortSignal): Promise<Seen[]> {
  const permissions = (where: { readonly region: string; readonly account: string }) =>
    permissionsOn([`cloudwatch-logs:${name}`], where);
  const listed = await groupNeed(BE_LISTED, permissions, async () => {
    const groups = await groupsUnder(name, signal);
    return groups.length === 0 ? `there is no log group ${name}` : `${groups.length} log groups under ${name}`;
  });
  const isNone = listed.state === 'met' && listed.detail.startsWith('there is no');
  const set = await groupNeed('set a retention', permissions, () => tryRetention(name, signal));
  return [isNone ? { ...listed, state: 'unknown' } : listed, set];
}

async function tryRetention(name: string, signal: AbortSignal): Promise<string> {
  const nobodys = `${name.replace(/\/$/, '')}/fettle-doctor-${randomUUID()}`;
  try {
    await setRetention(nobodys, RETENTION_DAYS.at(-1) ?? 0, signal);
  } catch (thrown) {
    if (isNotFound(thrown)) return 'it may be asked for: a group that does not exist is not found, and not refused';
    throw thrown;
  }
  return 'it may be asked for';
}

function isNotFound(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false;
  if ('name' in thrown && thrown.name === 'ResourceNotFoundException') return true;
  return 'cause' in thrown && isNotFound(thrown.cause);
}
