import { allowedBy } from '../../../core/action.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { groupsUnder, retentionOf, setRetention, type RetainedGroup } from './_log-groups.ts';
import { isExempt } from './_log-name.ts';
import type { FolderKind, GroupKind } from './_retention-findings.ts';
import type { RetentionWork } from './_retention-work.ts';
import { bytesInWords } from './_retention.ts';

/** What CloudWatch Logs takes; `DELETE` of the retention is never asked for. */
export const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

export interface GroupLimits {
  readonly retentionDays: number;
  readonly shortenRetention: boolean;
  readonly exempt: readonly string[];
}

/** What a group needs: a first retention, a shorter one, or nothing. */
export type GroupDue = 'set-retention' | 'shorten-retention' | 'kept-longer' | 'exempt' | 'none';

type Kept = Pick<RetainedGroup, 'logGroupName' | 'retentionInDays' | 'logGroupClass'>;

export function groupDue({ logGroupName, retentionInDays, logGroupClass }: Kept, limits: GroupLimits): GroupDue {
  if (isExempt(logGroupName, limits.exempt)) return 'exempt';
  // Its events live for a day, and the service takes no other retention for it.
  if (logGroupClass === 'DELIVERY') return 'none';
  if (retentionInDays === undefined) return 'set-retention';
  if (retentionInDays <= limits.retentionDays) return 'none';
  return limits.shortenRetention ? 'shorten-retention' : 'kept-longer';
}

interface Examined {
  readonly findings: readonly Finding<GroupKind | FolderKind>[];
  readonly measurements: readonly Measurement[];
}

const MOST_MEASURED = 50;
const WORST_CASE_SECONDS = 60;

/** Looks after the log groups under one address; throws `Unavailable` where they cannot be listed. */
export async function retainGroups(work: RetentionWork, limits: GroupLimits, address: string): Promise<Examined> {
  const { target } = work;
  const groups = await groupsUnder(address, work.signal);
  const judged = groups.map((group) => ({ group, due: groupDue(group, limits) }));
  // What grows without end and is largest comes first.
  const waiting = judged
    .filter(({ due }) => due === 'set-retention' || due === 'shorten-retention')
    .sort((a, b) => b.group.storedBytes - a.group.storedBytes);
  const scope = { planned: waiting.length, population: groups.length };
  const allowed = allowedBy({ absolute: work.maxChanges, percent: work.maxPercent }, groups.length);
  const settled = new Set<string>();
  let started = 0;
  for (const { group, due } of waiting.slice(0, allowed)) {
    if (work.mode === 'execute' && work.deadline.getTime() - work.clock().getTime() <= WORST_CASE_SECONDS * 1_000)
      break;
    started += 1;
    const status = await change(work, limits, group, due, scope);
    // Skipped means that somebody else has set one meanwhile.
    if (status === 'done' || status === 'skipped') settled.add(group.logGroupName);
  }
  const findings: Examined['findings'][number][] = judged
    .filter(({ group }) => !settled.has(group.logGroupName))
    .flatMap(({ group, due }) => findingOf(target, limits, group, due));
  if (groups.length === 0) {
    findings.push({ kind: 'no-logs', target, summary: `there is no log group ${address}`, value: 0, limit: 1 });
  }
  const exempt = judged.filter(({ due }) => due === 'exempt');
  if (exempt.length > 0) {
    const bytes = exempt.reduce((sum, { group }) => sum + group.storedBytes, 0);
    const summary = `${exempt.length} log groups with ${bytesInWords(bytes)} are exempt`;
    findings.push({ kind: 'exempt', target, summary, value: bytes, unit: 'bytes' });
  }
  if (waiting.length > started) {
    const left = waiting.length - started;
    const summary = `${left} of ${waiting.length} log groups are left to the next run, ${started} were in its cap or time`;
    findings.push({ kind: 'files-left', target, summary, value: left, limit: 0, unit: 'count' });
  }
  return { findings, measurements: measurementsOf(target, groups) };
}

async function change(
  { act, target, signal }: RetentionWork,
  { retentionDays }: GroupLimits,
  { logGroupName, retentionInDays, storedBytes }: RetainedGroup,
  verb: GroupDue,
  scope: { readonly planned: number; readonly population: number },
): Promise<string> {
  const outcome = await act(
    {
      verb,
      target,
      subject: logGroupName,
      summary: `${verb} ${logGroupName}, ${bytesInWords(storedBytes)}, from ${daysOf(retentionInDays)} to ${retentionDays} days`,
      statement: command(logGroupName, retentionDays),
      before: { retentionInDays: retentionInDays ?? null },
      after: { retentionInDays: retentionDays },
      scope,
      worstCaseSeconds: WORST_CASE_SECONDS,
      look: async () =>
        (await retentionOf(logGroupName, signal)) === retentionDays ? { state: 'done' } : { state: 'not-done' },
    },
    async () => {
      // Somebody may have set another one since the list was made.
      if ((await retentionOf(logGroupName, signal)) !== retentionInDays) {
        return { state: 'skipped', detail: 'its retention was changed meanwhile' };
      }
      await setRetention(logGroupName, retentionDays, signal);
      return { state: 'done', after: { retentionInDays: retentionDays } };
    },
  );
  return outcome.status;
}

function findingOf(
  target: string,
  { retentionDays }: GroupLimits,
  { logGroupName, retentionInDays, storedBytes }: RetainedGroup,
  due: GroupDue,
): Finding<GroupKind>[] {
  const stored = bytesInWords(storedBytes);
  if (due === 'set-retention') {
    return [
      {
        kind: 'no-retention',
        target,
        subject: logGroupName,
        summary: `${logGroupName}: ${stored} kept without end, ${retentionDays} days expected`,
        command: command(logGroupName, retentionDays),
      },
    ];
  }
  if (due !== 'kept-longer' && due !== 'shorten-retention') return [];
  return [
    {
      kind: 'kept-longer',
      target,
      subject: logGroupName,
      summary: `${logGroupName}: ${stored} kept for ${daysOf(retentionInDays)}, ${retentionDays} days expected`,
      ...(retentionInDays !== undefined && { value: retentionInDays }),
      limit: retentionDays,
      unit: 'days',
    },
  ];
}

/** Names of groups have no letter that means something to a shell, but `#` at the start of a word. */
function command(logGroupName: string, days: number): string {
  return `aws logs put-retention-policy --log-group-name '${logGroupName}' --retention-in-days ${days}`;
}

function daysOf(retentionInDays: number | undefined): string {
  return retentionInDays === undefined ? 'no end' : `${retentionInDays} days`;
}

function measurementsOf(target: string, groups: readonly RetainedGroup[]): Measurement[] {
  const largest = groups.toSorted((a, b) => b.storedBytes - a.storedBytes).slice(0, MOST_MEASURED);
  return [
    { name: 'log-groups', value: groups.length, unit: 'count', target },
    { name: 'stored-bytes', value: groups.reduce((sum, one) => sum + one.storedBytes, 0), unit: 'bytes', target },
    ...largest.map(({ logGroupName, storedBytes }): Measurement => ({
      name: 'group-stored-bytes',
      value: storedBytes,
      unit: 'bytes',
      target,
      subject: logGroupName,
    })),
  ];
}
