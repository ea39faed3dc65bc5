import { awsCommand } from '../_recommendation.ts';
import type { Cluster } from './cluster.ts';
import { addDays, dayOf, daysUntil } from './days.ts';
import { notKnown, type Ground, type Note } from './hop.ts';
import { previousMinor } from './versions.ts';

/** For so long EKS rolls a control plane back to the minor version before. */
export const ROLLBACK_DAYS = 7;

/** Whether the control plane was upgraded so recently that EKS still rolls it back, and until when. */
export function judgeRollback(
  { name, version, updates }: Pick<Cluster, 'name' | 'version' | 'updates'>,
  { now, region }: Ground,
): { readonly to?: string; readonly until?: Date; readonly notes: Note[] } {
  if (updates === undefined) return { notes: [] };
  const subject = `cluster ${name}`;
  const moves = updates.filter(
    ({ type, status }) => (type === 'VersionUpdate' || type === 'VersionRollback') && status === 'Successful',
  );
  const undated = moves.find(({ startedAt }) => startedAt === undefined);
  if (undated) return { notes: [notKnown(subject, 'EKS does not say when its version was changed')] };
  const last = moves.toSorted((a, b) => +(b.startedAt ?? 0) - +(a.startedAt ?? 0))[0];
  if (last?.type !== 'VersionUpdate' || last.startedAt === undefined) return { notes: [] };
  const until = addDays(last.startedAt, ROLLBACK_DAYS);
  const days = daysUntil(until, now);
  if (days <= 0) return { notes: [] };
  const to = previousMinor(version);
  const summary = `${subject}: upgraded to ${version} on ${dayOf(last.startedAt)}; it can be rolled back to ${to} until ${dayOf(until)}, for ${days} days more`;
  const command = awsCommand(region, 'eks', 'update-cluster-version', '--name', name, '--kubernetes-version', to);
  return {
    to,
    until,
    notes: [{ kind: 'rollback-open', subject, summary, value: days, limit: ROLLBACK_DAYS, unit: 'days', command }],
  };
}
