import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { GrantedRole } from './granted-role.ts';

export interface HeartbeatProps {
  readonly name: string;
  readonly tick: IFunction;
  readonly undelivered: IQueue;
}

/** How often Tick looks. */
export const TICK_MINUTES = 15;
/** One Tick may be late, and its period empty, before nobody is taken to look any more. */
export const HEARTBEATS_MISSING = 2;
const MAX_RETRIES = 3;

/** Calls Tick, which looks for what did not happen, and beats. */
export class Heartbeat extends Construct {
  constructor(scope: Construct, id: string, { name, tick, undelivered }: HeartbeatProps) {
    super(scope, id);
    const { role } = new GrantedRole(this, 'Role', {
      description: `${name}: calls it every ${TICK_MINUTES} minutes`,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      grants: [
        { actions: ['lambda:InvokeFunction'], resources: [tick.functionArn], because: 'calls it' },
        {
          actions: ['sqs:SendMessage'],
          resources: [undelivered.queueArn],
          because: 'keeps a call that could not be delivered',
        },
      ],
    });
    new CfnSchedule(this, 'Resource', {
      name,
      description: `Calls ${name}`,
      state: 'ENABLED',
      scheduleExpression: `rate(${TICK_MINUTES} minutes)`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: tick.functionArn,
        roleArn: role.roleArn,
        input: '{}',
        // The next one looks at the same things: a call that is as late as that has nothing left to do.
        retryPolicy: { maximumEventAgeInSeconds: TICK_MINUTES * 60, maximumRetryAttempts: MAX_RETRIES },
        deadLetterConfig: { arn: undelivered.queueArn },
      },
    });
  }
}
