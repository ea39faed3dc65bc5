import { CfnOutput, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { entriesOf, type Entry, type Procedure, type ResolvedPlatform } from '../../core/platform.ts';
import type { TargetKind } from '../../core/target-kinds.ts';
import type { Task } from '../../core/task.ts';
import { resourceName, stackName } from '../../state-machines/names.ts';
import { STEP_TIMEOUTS, type StepName } from '../../state-machines/procedure.ts';
import type { Bundles } from '../bundle.ts';
import { AlertsTopic } from '../constructs/alerts-topic.ts';
import type { Grant } from '../constructs/granted-role.ts';
import { HandlerFunction, type HandlerFunctionProps } from '../constructs/handler-function.ts';
import { PlatformAlarms } from '../constructs/platform-alarms.ts';
import { ProcedureMachine } from '../constructs/procedure-machine.ts';
import { ProcedureSchedule } from '../constructs/procedure-schedule.ts';
import { RunReaper } from '../constructs/run-reaper.ts';
import { StoreBucket } from '../constructs/store-bucket.ts';
import { stepStoreGrants, taskStoreGrants } from '../constructs/store-grants.ts';
import { UndeliveredQueue } from '../constructs/undelivered-queue.ts';
import type { TasksByName } from '../profiles/entry-schema.ts';

export interface PlatformStackProps {
  readonly platform: ResolvedPlatform;
  readonly catalogue: TasksByName;
  /** Begin's folder has the profile in it. */
  readonly bundles: Bundles;
}

/** Kinds whose targets answer only inside of the environment's network, where it has one. */
const PRIVATE_KINDS: readonly TargetKind[] = ['postgres', 'redis', 'kubernetes'];

const STEP_SUMMARIES: Readonly<Record<StepName, string>> = {
  'begin-run': 'Decides whether a run may go on, claims it and takes its leases',
  'finish-run': 'Derives verdict and report of a run and seals its records',
  'reap-run': 'Ends the runs whose executions died',
};

/** Everything of one platform in one environment. */
export class PlatformStack extends Stack {
  private readonly platform: ResolvedPlatform;
  private readonly props: PlatformStackProps;
  private readonly bucket = new StoreBucket(this, 'Store').bucket;
  private readonly logGroup: LogGroup;

  constructor(scope: Construct, props: PlatformStackProps) {
    const { platform } = props;
    const { account = '', region = '' } = platform;
    super(scope, stackName(platform.platform, platform.environment), {
      env: { account, region },
      description: `Fettle keeps ${platform.platform} ${platform.environment} in fine fettle`,
    });
    this.platform = platform;
    this.props = props;
    // Step Functions gives a log under this prefix without a resource policy, of which an account has few.
    const logGroupName = `/aws/vendedlogs/states/${this.stackName}`;
    // It may go with its stack, and so may have a name: the evidence is in the bucket.
    const removalPolicy = RemovalPolicy.DESTROY;
    this.logGroup = new LogGroup(this, 'Log', { logGroupName, retention: RetentionDays.ONE_YEAR, removalPolicy });
    const { topic } = new AlertsTopic(this, 'Alerts', { topicName: resourceName(this.stackName, 'alerts') });
    const undelivered = new UndeliveredQueue(this, 'Undelivered', {
      queueName: resourceName(this.stackName, 'undelivered'),
    }).queue;

    const telling = {
      environment: { FETTLE_METRICS: '1', FETTLE_TOPIC_ARN: topic.topicArn },
      grants: tellingGrants(topic.topicArn),
    };
    const none = (step: string) => ({
      none: `${step} is invoked synchronously by state machines only; where it fails the execution fails, and is reaped`,
    });
    const beginRun = this.step('begin-run', { undelivered: none('begin-run'), grants: [] });
    const finishRun = this.step('finish-run', { undelivered: none('finish-run'), ...telling });
    const reapRun = this.step('reap-run', { undelivered, ...telling });
    const tasks = new Map(this.entriesByTask().map(([name, entries]) => [name, this.task(name, entries)]));

    const alarms = new PlatformAlarms(this, 'Alarms', { platform, topic });
    const machines = Object.values(platform.procedures).map((procedure) => {
      const own = [...new Set(entriesOf(procedure).map(({ task }) => task))].flatMap((name) => tasks.get(name) ?? []);
      const functions = [beginRun, ...own, finishRun].map((handler) => handler.function);
      const machine = this.machine(procedure, functions);
      const { schedule } = procedure;
      if (schedule !== undefined) {
        new ProcedureSchedule(this, `Schedule-${procedure.name}`, { procedure, schedule, machine, undelivered });
      }
      alarms.watchProcedure(procedure, machine);
      return machine;
    });
    new RunReaper(this, 'Reaper', { machines, reapRun: reapRun.function, undelivered });
    for (const [step, handler] of Object.entries({
      'begin-run': beginRun,
      'finish-run': finishRun,
      'reap-run': reapRun,
    })) {
      alarms.watchStep(step, handler.function);
    }
    alarms.watchUndelivered(undelivered);
    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName });
    new CfnOutput(this, 'TopicArn', { value: topic.topicArn });
    Tags.of(this).add('platform', platform.platform);
    Tags.of(this).add('environment', platform.environment);
  }

  private step(step: StepName, props: Pick<HandlerFunctionProps, 'undelivered' | 'environment' | 'grants'>) {
    return this.handler(step, {
      ...props,
      description: STEP_SUMMARIES[step],
      timeoutSeconds: STEP_TIMEOUTS[step],
      grants: [...stepStoreGrants(step, this.bucket.bucketArn), ...props.grants],
    });
  }

  private task(name: string, entries: readonly Entry[]): HandlerFunction {
    const task = this.taskOf(name);
    const isPrivate = PRIVATE_KINDS.includes(task.target);
    return this.handler(name, {
      description: task.summary,
      timeoutSeconds: Math.max(...entries.map(({ timeoutSeconds }) => timeoutSeconds)),
      network: isPrivate ? this.platform.network : undefined,
      grants: [...taskStoreGrants(task, this.bucket.bucketArn), ...declaredGrants(task, this.platform)],
      undelivered: {
        none: `${name} is invoked synchronously by state machines only, which catch its errors and record them`,
      },
    });
  }

  private handler(
    name: string,
    props: Omit<HandlerFunctionProps, 'functionName' | 'folder' | 'logGroup' | 'bucketName'>,
  ): HandlerFunction {
    const folder = this.props.bundles.get(name);
    if (folder === undefined) throw new Error(`${name} is not among the bundles`);
    return new HandlerFunction(this, `Function-${name}`, {
      ...props,
      functionName: resourceName(this.stackName, name),
      folder,
      logGroup: this.logGroup,
      bucketName: this.bucket.bucketName,
    });
  }

  private machine(procedure: Procedure, functions: readonly HandlerFunction['function'][]): ProcedureMachine {
    const { platform, logGroup } = this;
    const id = `Procedure-${procedure.name}`;
    const machine = new ProcedureMachine(this, id, { platform, procedure, functions, logGroup });
    new CfnOutput(this, `Arn-${procedure.name}`, {
      value: machine.arn,
      description: `The state machine of ${procedure.name}`,
    });
    return machine;
  }

  /** The tasks in use with every entry that uses them, in the order of their names. */
  private entriesByTask(): [string, readonly Entry[]][] {
    const entries = Object.values(this.platform.procedures).flatMap(entriesOf);
    const byTask = Map.groupBy(entries, ({ task }) => task);
    return [...byTask].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  private taskOf(name: string): Task {
    const known = this.props.catalogue.get(name);
    if (!known) throw new Error(`the profile was resolved with another catalogue: there is no task ${name}`);
    return known.task;
  }
}

/** What the task declares for the targets of this platform, unchanged. */
function declaredGrants(task: Task, platform: ResolvedPlatform): readonly Grant[] {
  const because = `${task.name} declares it: its targets hold things whose names are not known before`;
  return task.permissions(platform).map((permission) => ({ because, ...permission }));
}

function tellingGrants(topicArn: string): readonly Grant[] {
  return [
    { actions: ['sns:Publish'], resources: [topicArn] },
    {
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'cloudwatch:namespace': 'Fettle' } },
      because: 'metrics have no ARNs; the condition leaves the one namespace of these runs',
    },
  ];
}
