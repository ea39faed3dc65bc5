import { partitionOf } from '../../core/aws-partition.ts';
import { paginateDescribeAlarms, type StateValue } from '@aws-sdk/client-cloudwatch';
import { everyPage } from './aws-call.ts';
import type { Clients } from './clients.ts';
import type { Home } from './own-region.ts';

/** An alarm as CloudWatch has it. */
export interface DeployedAlarm {
  readonly name: string;
  readonly state: StateValue;
  /** Since when it is in this state. */
  readonly since: Date | undefined;
  readonly description: string;
  /** True where it tells somebody when it goes off. */
  readonly isHeard: boolean;
}

/** CloudWatch takes no more names in one call. */
const NAMES_PER_CALL = 100;

/** The alarms of these names; one that is not there is missing in the answer. */
export async function readAlarms(
  { cloudWatch }: Clients,
  names: readonly string[],
  { region, account }: Home,
): Promise<DeployedAlarm[]> {
  const resource = `arn:${partitionOf(region)}:cloudwatch:${region}:${account}:alarm:*`;
  const need = { what: 'the alarms', permission: 'cloudwatch:DescribeAlarms', resource };
  const alarms: DeployedAlarm[] = [];
  for (let start = 0; start < names.length; start += NAMES_PER_CALL) {
    const AlarmNames = names.slice(start, start + NAMES_PER_CALL);
    const pages = paginateDescribeAlarms(
      { client: cloudWatch },
      { AlarmNames, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] },
    );
    const found = await everyPage(need, pages, (page) => [
      ...(page.MetricAlarms ?? []),
      ...(page.CompositeAlarms ?? []),
    ]);
    for (const one of found)
      alarms.push({
        name: one.AlarmName ?? '',
        state: one.StateValue ?? 'INSUFFICIENT_DATA',
        since: one.StateUpdatedTimestamp,
        description: one.AlarmDescription ?? '',
        isHeard: one.ActionsEnabled === true && (one.AlarmActions ?? []).length > 0,
      });
  }
  return alarms;
}
