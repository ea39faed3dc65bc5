import type { RecordedAction } from './action.ts';
import type { Finding, RuntimeKind } from './finding.ts';

/** What an action that was not done says of its target; nothing of one that was. */
export function findingOfAction({
  status,
  target,
  subject,
  summary,
  detail = '',
  reason,
}: RecordedAction): Finding<RuntimeKind>[] {
  if (status === 'failed') return [{ kind: 'action-failed', target, subject, summary: `${summary}: ${detail}` }];
  if (status === 'running') {
    return [{ kind: 'action-unfinished', target, subject, summary: `${summary}: its end was not seen` }];
  }
  if (status !== 'refused') return [];
  return [{ kind: 'action-refused', target, subject, summary: `${summary}: ${reason ?? 'refused'}, ${detail}` }];
}
