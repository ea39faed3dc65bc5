import { partitionOf } from '../../core/aws-partition.ts';
import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { isResourceNotFound, unlessAbsent } from './aws-call.ts';
import type { Clients } from './clients.ts';
import type { Home } from './own-region.ts';

/** A schedule as EventBridge Scheduler has it. */
export interface DeployedSchedule {
  readonly isEnabled: boolean;
  readonly expression: string;
  readonly timezone: string;
  /** Since when it is as it is: its occurrences before that were another schedule's. */
  readonly changedAt: Date | undefined;
}

/** The schedule of this name; undefined where there is none. */
export async function readSchedule(
  { scheduler }: Clients,
  name: string,
  { region, account }: Home,
): Promise<DeployedSchedule | undefined> {
  const resource = `arn:${partitionOf(region)}:scheduler:${region}:${account}:schedule/default/${name}`;
  const need = { what: `the schedule ${name}`, permission: 'scheduler:GetSchedule', resource };
  const found = await unlessAbsent(need, isResourceNotFound, () =>
    scheduler.send(new GetScheduleCommand({ Name: name })),
  );
  return (
    found && {
      isEnabled: found.State === 'ENABLED',
      expression: found.ScheduleExpression ?? '',
      timezone: found.ScheduleExpressionTimezone ?? 'UTC',
      changedAt: found.LastModificationDate ?? found.CreationDate,
    }
  );
}
