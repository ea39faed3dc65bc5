import { Duration, Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { StartInput } from '../../core/run.ts';
import { resourceName } from '../../state-machines/names.ts';
import { GrantedRole } from './granted-role.ts';
import type { ProcedureMachine } from './procedure-machine.ts';

export interface AlarmStartsProps {
  /** The names of alarms of this account and region; none of them belongs to the stack. */
  readonly alarms: readonly string[];
  readonly machine: ProcedureMachine;
  readonly undelivered: IQueue;
}

/** What an alarm called for so long ago is no answer to it any more: it goes to the dead letters, where a person sees it. */
const MAX_AGE = Duration.minutes(15);
const MAX_RETRIES = 10;

/** Starts the machine of a procedure each time one of its alarms goes off. */
export class AlarmStarts extends Construct {
  constructor(scope: Construct, id: string, { alarms, machine, undelivered }: AlarmStartsProps) {
    super(scope, id);
    const { role } = new GrantedRole(this, 'Role', {
      description: `${machine.name}: starts it when an alarm goes off`,
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      grants: [
        { actions: ['states:StartExecution'], resources: [machine.arn], because: 'starts it when an alarm goes off' },
      ],
    });
    // A rule for each: its input can then name the alarm without putting a text of the event into JSON.
    const rules = alarms.map((alarm, place) => {
      const input = { trigger: 'alarm', reason: `alarm ${alarm}` } satisfies Partial<StartInput>;
      return new CfnRule(this, `Rule${place + 1}`, {
        name: resourceName(machine.name, `alarm-${place + 1}`),
        description: `Starts ${machine.name} when ${alarm} goes off`.slice(0, 512),
        state: 'ENABLED',
        eventPattern: {
          source: ['aws.cloudwatch'],
          'detail-type': ['CloudWatch Alarm State Change'],
          // Not by its name: another account may be allowed to send its events here.
          resources: [Stack.of(this).formatArn({ service: 'cloudwatch', resource: `alarm:${alarm}` })],
          detail: { state: { value: ['ALARM'] } },
        },
        targets: [
          {
            id: 'Machine',
            arn: machine.arn,
            roleArn: role.roleArn,
            input: JSON.stringify(input),
            retryPolicy: { maximumEventAgeInSeconds: MAX_AGE.toSeconds(), maximumRetryAttempts: MAX_RETRIES },
            deadLetterConfig: { arn: undelivered.queueArn },
          },
        ],
      });
    });
    undelivered.addToResourcePolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        principals: [new ServicePrincipal('events.amazonaws.com')],
        resources: [undelivered.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ attrArn }) => attrArn) } },
      }),
    );
  }
}
