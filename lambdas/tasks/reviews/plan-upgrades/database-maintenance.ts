import { awsCommand } from '../_recommendation.ts';
import type { Database } from './database.ts';
import { dayOf, daysUntil } from './days.ts';
import { hopId, type Ground, type Hop, type Note } from './hop.ts';

/** Books a week for each pending action, and warns where RDS acts by itself soon. */
export function judgePending(
  { id, stage, pending }: Pick<Database, 'id' | 'stage' | 'pending'>,
  { now, region, input }: Ground,
): { readonly hops: Hop[]; readonly notes: Note[]; readonly versions: Map<string, string> } {
  const hops: Hop[] = [];
  const notes: Note[] = [];
  const versions = new Map<string, string>();
  for (const { action, arn, appliedAfter, forcedOn, plannedFor } of pending) {
    const name = arn.split(':').at(-1) ?? id;
    const subject = `maintenance ${action} of ${name}`;
    versions.set(subject, 'pending');
    // What was opted into has its day already.
    const date = [forcedOn, appliedAfter, plannedFor].flatMap((day) => day ?? []).toSorted((a, b) => +a - +b)[0];
    const command = awsCommand(
      region,
      ...['rds', 'apply-pending-maintenance-action', '--resource-identifier', arn],
      ...['--apply-action', action, '--opt-in-type', 'next-maintenance'],
    );
    const why = 'RDS carries it out by itself';
    hops.push({
      id: hopId('database-maintenance', subject, 'pending', 'done'),
      kind: 'database-maintenance',
      family: action,
      subject,
      stage,
      from: 'pending',
      to: 'done',
      step: 1,
      after: [],
      ...(date && { dueBy: { date: dayOf(date), why } }),
      preChecks: [`a restart of ${name} in its window is announced`],
      command,
    });
    if (date === undefined || daysUntil(date, now) > input.urgentDays) continue;
    const days = daysUntil(date, now);
    notes.push({
      kind: 'forced-maintenance',
      subject,
      summary: `database ${name}: RDS carries out ${action} by itself on ${dayOf(date)}, ${days > 0 ? `in ${days} days` : 'which is past'}`,
      value: days,
      limit: input.urgentDays,
      unit: 'days',
      command,
    });
  }
  return { hops, notes, versions };
}
