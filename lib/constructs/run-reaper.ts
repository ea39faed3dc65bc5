import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ProcedureMachine } from './procedure-machine.ts';

export interface RunReaperProps {
  readonly machines: readonly ProcedureMachine[];
  readonly reapRun: IFunction;
  readonly undelivered: IQueue;
}

/** An event pattern has at most 2 KiB and each ARN takes up to 130 characters of it. */
const MACHINES_PER_RULE = 10;

/** Hands every execution of these machines that ended without its last state to reap-run. */
export class RunReaper extends Construct {
  constructor(scope: Construct, id: string, { machines, reapRun, undelivered }: RunReaperProps) {
    super(scope, id);
    for (let start = 0; start < machines.length; start += MACHINES_PER_RULE) {
      const arns = machines.slice(start, start + MACHINES_PER_RULE).map(({ arn }) => arn);
      new Rule(this, `Rule${start / MACHINES_PER_RULE + 1}`, {
        description: 'Executions that ended without their last state',
        eventPattern: {
          source: ['aws.states'],
          detailType: ['Step Functions Execution Status Change'],
          detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: arns },
        },
        targets: [
          new LambdaFunction(reapRun, {
            deadLetterQueue: undelivered,
            retryAttempts: 20,
            // Longer than any disturbance of one service; the leases of a dead run end by themselves before that.
            maxEventAge: Duration.hours(6),
          }),
        ],
      });
    }
  }
}
