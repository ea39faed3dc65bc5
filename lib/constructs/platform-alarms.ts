import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData, type MetricProps } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Procedure, ResolvedPlatform } from '../../core/platform.ts';
import { stackName } from '../../state-machines/names.ts';
import { HEARTBEATS_MISSING, TICK_MINUTES } from './heartbeat.ts';
import type { ProcedureMachine } from './procedure-machine.ts';
import { silentAfterHours } from './silence.ts';

export interface PlatformAlarmsProps {
  readonly platform: ResolvedPlatform;
  readonly topic: ITopic;
}

interface AlarmOn {
  /** What has happened, and what that means for the platform. */
  readonly means: string;
  /** The first command to type, without platform and environment. */
  readonly first: string;
  readonly metric: Pick<MetricProps, 'namespace' | 'metricName'> & { readonly dimensions: Record<string, string> };
  readonly statistic?: 'Sum' | 'Maximum';
}

const FIVE_MINUTES = Duration.minutes(5);

/** The alarms of a platform, each on the topic, each with what no data means for it and with the first command to type. */
export class PlatformAlarms extends Construct {
  private readonly stack: string;
  private readonly platform: ResolvedPlatform;
  private readonly action: SnsAction;
  /** All of them, in the order in which they were made. */
  readonly all: Alarm[] = [];

  constructor(scope: Construct, id: string, { platform, topic }: PlatformAlarmsProps) {
    super(scope, id);
    this.platform = platform;
    this.stack = stackName(platform.platform, platform.environment);
    this.action = new SnsAction(topic);
  }

  /** What a procedure found, that tasks or its machine fell, that a run did not happen, and that it fell silent. */
  watchProcedure(procedure: Procedure, machine: ProcedureMachine): void {
    const { name, schedule } = procedure;
    const dimensions = this.dimensionsOf({ Procedure: name });
    const report = `report ${name}`;
    for (const [metricName, first, means] of [
      ['TargetsFailed', report, 'found targets that fail: something is broken now'],
      ['TargetsUnknown', report, 'could not see some of its targets: they may be broken, nobody knows'],
      ['TasksLost', report, 'lost tasks: their functions failed, ran out of time or were throttled away'],
    ] as const) {
      this.add(`${name}-${metricName}`, {
        means: `${name} ${means}`,
        first,
        metric: { namespace: 'Fettle', metricName, dimensions },
      });
    }
    if (schedule !== undefined) {
      this.add(`${name}-RunsMissed`, {
        means: `${name} was due and no run of it began: what it does was not done, and what it checks was not checked`,
        first: 'doctor',
        metric: { namespace: 'Fettle', metricName: 'RunsMissed', dimensions },
      });
    }
    this.add(`${name}-ExecutionsFailed`, {
      means: `the state machine of ${name} fell before its end; its run is ended as aborted, if it had begun`,
      first: report,
      metric: {
        namespace: 'AWS/States',
        metricName: 'ExecutionsFailed',
        dimensions: { StateMachineArn: machine.arn },
      },
    });
    const hours = silentAfterHours(procedure);
    if (hours !== undefined) this.addSilence(procedure, hours);
  }

  /**
   * That a step of the runs themselves failed, or was not let in.
   *
   * The functions of tasks have no such alarms: what their states caught is counted as `TasksLost`, which does not ring
   * for a task that was throttled once and ran then.
   */
  watchStep(step: string, { functionName }: IFunction, { means }: { readonly means: string }): void {
    const metric = (metricName: string) => ({
      namespace: 'AWS/Lambda',
      metricName,
      dimensions: { FunctionName: functionName },
    });
    this.add(`${step}-Errors`, { means: `${step} failed: ${means}`, first: 'logs', metric: metric('Errors') });
    this.add(`${step}-Throttles`, {
      means: `${step} was throttled, for the account has too many functions at work at once: ${means}`,
      first: 'status',
      metric: metric('Throttles'),
    });
  }

  /** That something could not be delivered. */
  watchUndelivered({ queueName }: IQueue): void {
    const metricName = 'ApproximateNumberOfMessagesVisible';
    this.add('Undelivered', {
      means:
        'a start or an ending could not be delivered and waits in the dead-letter queue: a run may be missing, or stay open',
      first: 'doctor',
      metric: { namespace: 'AWS/SQS', metricName, dimensions: { QueueName: queueName } },
      statistic: 'Maximum',
    });
  }

  /** That nobody looks any more for what does not happen. Until its first Tick a new platform has no heartbeat, and says so. */
  watchHeartbeat(): void {
    const minutes = HEARTBEATS_MISSING * TICK_MINUTES;
    this.alarm('Heartbeat', {
      alarmDescription: this.text(
        `Tick has not come to its end for ${minutes} minutes, so that nobody notices what does not happen; ` +
          `behind a first deployment it comes within ${TICK_MINUTES} minutes`,
        'doctor',
      ),
      metric: new Metric({
        namespace: 'Fettle',
        metricName: 'Heartbeat',
        dimensionsMap: this.dimensionsOf({}),
        period: Duration.minutes(TICK_MINUTES),
        statistic: 'Sum',
      }),
      evaluationPeriods: HEARTBEATS_MISSING,
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  private add(name: string, { means, first, metric, statistic = 'Sum' }: AlarmOn): void {
    const { dimensions, ...named } = metric;
    this.alarm(name, {
      alarmDescription: this.text(means, first),
      metric: new Metric({ ...named, dimensionsMap: dimensions, period: FIVE_MINUTES, statistic }),
      evaluationPeriods: 1,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // These count what goes wrong: between two runs there is nothing to count.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** Until its first run has ended a new procedure is silent, and says so. */
  private addSilence({ name }: Procedure, hours: number): void {
    this.alarm(`${name}-Silent`, {
      alarmDescription: this.text(`no run of ${name} has ended for ${hours} hours`, 'status'),
      metric: new Metric({
        namespace: 'Fettle',
        metricName: 'RunsEnded',
        dimensionsMap: this.dimensionsOf({ Procedure: name }),
        period: Duration.hours(1),
        statistic: 'Sum',
      }),
      evaluationPeriods: hours,
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  /** What it means, and what to type: read at night, by somebody who has just been woken. */
  private text(means: string, first: string): string {
    const { platform, environment } = this.platform;
    return `${this.stack}: ${means}. First: npx fettle ${first} --platform ${platform} --env ${environment}`;
  }

  private alarm(name: string, props: ConstructorParameters<typeof Alarm>[2]): void {
    const alarm = new Alarm(this, name, { ...props, alarmName: `${this.stack}-${name}`.slice(0, 255) });
    alarm.addAlarmAction(this.action);
    this.all.push(alarm);
  }

  private dimensionsOf(own: Readonly<Record<string, string>>): Record<string, string> {
    const { platform, environment } = this.platform;
    return { Platform: platform, Environment: environment, ...own };
  }
}
