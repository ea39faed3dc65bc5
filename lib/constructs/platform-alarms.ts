import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData, type MetricProps } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Procedure, ResolvedPlatform } from '../../core/platform.ts';
import { stackName } from '../../state-machines/names.ts';
import type { ProcedureMachine } from './procedure-machine.ts';
import { silentAfterHours } from './silence.ts';

export interface PlatformAlarmsProps {
  readonly platform: ResolvedPlatform;
  readonly topic: ITopic;
}

interface AlarmOn {
  readonly means: string;
  readonly metric: Pick<MetricProps, 'namespace' | 'metricName'> & { readonly dimensions: Record<string, string> };
  readonly statistic?: 'Sum' | 'Maximum';
}

const FIVE_MINUTES = Duration.minutes(5);

/** The alarms of a platform, each on the topic and each with what no data means for it. */
export class PlatformAlarms extends Construct {
  private readonly stack: string;
  private readonly platform: ResolvedPlatform;
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, { platform, topic }: PlatformAlarmsProps) {
    super(scope, id);
    this.platform = platform;
    this.stack = stackName(platform.platform, platform.environment);
    this.action = new SnsAction(topic);
  }

  /** What a procedure found, that its machine fell, and that it fell silent. */
  watchProcedure(procedure: Procedure, machine: ProcedureMachine): void {
    const { name } = procedure;
    for (const [metricName, means] of [
      ['TargetsFailed', 'has targets that fail'],
      ['TargetsUnknown', 'has targets of which nothing is known'],
    ] as const) {
      const metric = { namespace: 'Fettle', metricName, dimensions: this.dimensionsOf(procedure) };
      this.add(`${name}-${metricName}`, { means: `${name} ${means}`, metric });
    }
    this.add(`${name}-ExecutionsFailed`, {
      means: `${name} fell before its end`,
      metric: {
        namespace: 'AWS/States',
        metricName: 'ExecutionsFailed',
        dimensions: { StateMachineArn: machine.arn },
      },
    });
    const hours = silentAfterHours(procedure);
    if (hours !== undefined) this.addSilence(procedure, hours);
  }

  /** That a step of the runs themselves failed. */
  watchStep(step: string, { functionName }: IFunction): void {
    const metric = { namespace: 'AWS/Lambda', metricName: 'Errors', dimensions: { FunctionName: functionName } };
    this.add(`${step}-Errors`, { means: `${step} failed`, metric });
  }

  /** That something could not be delivered. */
  watchUndelivered({ queueName }: IQueue): void {
    const metricName = 'ApproximateNumberOfMessagesVisible';
    this.add('Undelivered', {
      means: 'a start or an ending could not be delivered and waits in the dead-letter queue',
      metric: { namespace: 'AWS/SQS', metricName, dimensions: { QueueName: queueName } },
      statistic: 'Maximum',
    });
  }

  private add(name: string, { means, metric: { dimensions, ...metric }, statistic = 'Sum' }: AlarmOn): void {
    this.alarm(name, {
      alarmDescription: `${this.stack}: ${means}`,
      metric: new Metric({ ...metric, dimensionsMap: dimensions, period: FIVE_MINUTES, statistic }),
      evaluationPeriods: 1,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // These count what goes wrong: between two runs there is nothing to count.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** Until its first run has ended a new procedure is silent, and says so. */
  private addSilence(procedure: Procedure, hours: number): void {
    this.alarm(`${procedure.name}-Silent`, {
      alarmDescription: `${this.stack}: no run of ${procedure.name} has ended for ${hours} hours`,
      metric: new Metric({
        namespace: 'Fettle',
        metricName: 'RunsEnded',
        dimensionsMap: this.dimensionsOf(procedure),
        period: Duration.hours(1),
        statistic: 'Sum',
      }),
      evaluationPeriods: hours,
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  private alarm(name: string, props: ConstructorParameters<typeof Alarm>[2]): void {
    const alarm = new Alarm(this, name, { ...props, alarmName: `${this.stack}-${name}`.slice(0, 255) });
    alarm.addAlarmAction(this.action);
  }

  private dimensionsOf({ name }: Procedure): Record<string, string> {
    const { platform, environment } = this.platform;
    return { Platform: platform, Environment: environment, Procedure: name };
  }
}
