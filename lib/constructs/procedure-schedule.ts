import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Procedure } from '../../core/platform.ts';
import { START_MAX_AGE_SECONDS } from '../../core/run.ts';
import { GrantedRole } from './granted-role.ts';
import type { ProcedureMachine } from './procedure-machine.ts';

export interface ProcedureScheduleProps {
  readonly procedure: Procedure;
  readonly schedule: string;
  readonly machine: ProcedureMachine;
  readonly undelivered: IQueue;
}

const MAX_RETRIES = 10;

/** Starts the machine of a procedure when its calendar says so, in its time zone. */
export class ProcedureSchedule extends Construct {
  constructor(scope: Construct, id: string, { procedure, schedule, machine, undelivered }: ProcedureScheduleProps) {
    super(scope, id);
    const { role } = new GrantedRole(this, 'Role', {
      description: `${machine.name}: starts it when it is due`,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      grants: [
        { actions: ['states:StartExecution'], resources: [machine.arn], because: 'starts it when it is due' },
        {
          actions: ['sqs:SendMessage'],
          resources: [undelivered.queueArn],
          because: 'keeps a start that could not be delivered',
        },
      ],
    });
    new CfnSchedule(this, 'Resource', {
      name: machine.name,
      description: `Starts ${machine.name}`,
      state: 'ENABLED',
      scheduleExpression: schedule,
      scheduleExpressionTimezone: procedure.timezone,
      // The window of a procedure is its own matter; a start that drifts within it would only shorten it.
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: machine.arn,
        roleArn: role.roleArn,
        input: JSON.stringify({ trigger: 'schedule', scheduledTime: '<aws.scheduler.scheduled-time>' }),
        // What is later goes to the dead letters, where a person sees it.
        retryPolicy: { maximumEventAgeInSeconds: START_MAX_AGE_SECONDS, maximumRetryAttempts: MAX_RETRIES },
        deadLetterConfig: { arn: undelivered.queueArn },
      },
    });
  }
}
