import { CfnOutput, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { entriesOf, type Entry, type Procedure, type ResolvedPlatform } from '../../core/platform.ts';
import type { TargetKind } from '../../core/target-kinds.ts';
import type { Task } from '../../core/task.ts';
import { resourceName, stackName } from '../../state-machines/names.ts';
import { STEP_TIMEOUTS, type StepName } from '../../state-machines/procedure.ts';
import type { Bundles } from '../bundle.ts';
import { AlarmStarts } from '../constructs/alarm-starts.ts';
import { AlertsTopic } from '../constructs/alerts-topic.ts';
import type { Grant } from '../constructs/granted-role.ts';
import { Heartbeat } from '../constructs/heartbeat.ts';
import { HandlerFunction, type HandlerFunctionProps } from '../constructs/handler-function.ts';
import { PlatformAlarms } from '../constructs/platform-alarms.ts';
import { PlatformDashboard } from '../constructs/platform-dashboard.ts';
import { ProcedureMachine } from '../constructs/procedure-machine.ts';
import { ProcedureSchedule } from '../constructs/procedure-schedule.ts';
import { RunReaper } from '../constructs/run-reaper.ts';
import { StoreBucket } from '../constructs/store-bucket.ts';
import { stepStoreGrants, taskStoreGrants } from '../constructs/store-grants.ts';
import { UndeliveredQueue } from '../constructs/undelivered-queue.ts';
import type { TasksByName } from '../profiles/entry-schema.ts';
import { narrowedTo } from './narrowed-platform.ts';

export interface PlatformStackProps {
  readonly platform: ResolvedPlatform;
  readonly catalogue: TasksByName;
  /** The folders of Begin and Tick have the profile in them. */
  readonly bundles: Bundles;
}

/** Kinds whose targets answer only inside of the environment's network, where it has one. */
const PRIVATE_KINDS: readonly TargetKind[] = ['postgres', 'redis', 'kubernetes'];

/** What each step does, and what it means that it does not. */
const STEPS: Readonly<Record<StepName, { readonly summary: string; readonly failing: string }>> = {
  'begin-run': {
    summary: 'Decides whether a run may go on, claims it and takes its leases',
    failing: 'a run did not begin',
  },
  'finish-run': {
    summary: 'Derives verdict and report of a run and seals its records',
    failing: 'a run has no report yet, and holds its leases until it is reaped',
  },
  'reap-run': {
    summary: 'Ends the runs whose executions died',
    failing: 'a run that died stays open and holds its leases until they expire',
  },
  tick: {
    summary: 'Makes records of the runs that did not happen, ends those that nobody ended, and beats',
    failing: 'what did not happen is not noticed for now',
  },
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
    const undeliveredName = resourceName(this.stackName, 'undelivered');
    const undelivered = new UndeliveredQueue(this, 'Undelivered', { queueName: undeliveredName }).queue;

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
    const tick = this.step('tick', { undelivered, ...telling });
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
      if (procedure.alarms !== undefined) {
        new AlarmStarts(this, `Alarms-${procedure.name}`, { alarms: procedure.alarms, machine, undelivered });
      }
      alarms.watchProcedure(procedure, machine);
      return machine;
    });
    new RunReaper(this, 'Reaper', { machines, reapRun: reapRun.function, undelivered });
    const tickName = resourceName(this.stackName, 'tick');
    new Heartbeat(this, 'Heartbeat', { name: tickName, tick: tick.function, undelivered });
    const steps = { 'begin-run': beginRun, 'finish-run': finishRun, 'reap-run': reapRun, tick };
    for (const [step, handler] of Object.entries(steps)) {
      alarms.watchStep(step, handler.function, { means: STEPS[step as StepName].failing });
    }
    alarms.watchUndelivered(undelivered);
    alarms.watchHeartbeat();
    new PlatformDashboard(this, 'Dashboard', {
      platform,
      functionNames: [...Object.keys(steps), ...tasks.keys()].map((name) => resourceName(this.stackName, name)),
      undeliveredName,
      alarms: alarms.all,
    });
    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName });
    new CfnOutput(this, 'TopicArn', { value: topic.topicArn });
    Tags.of(this).add('platform', platform.platform);
    Tags.of(this).add('environment', platform.environment);
  }

  private step(step: StepName, props: Pick<HandlerFunctionProps, 'undelivered' | 'environment' | 'grants'>) {
    return this.handler(step, {
      ...props,
      description: STEPS[step].summary,
      timeoutSeconds: STEP_TIMEOUTS[step],
      grants: [...stepStoreGrants(step, this.bucket.bucketArn), ...props.grants],
    });
  }

  private task(name: string, entries: readonly Entry[]): HandlerFunction {
    const task = this.taskOf(name);
    const isPrivate = PRIVATE_KINDS.includes(task.target);
    const declared = declaredGrants(task, narrowedTo(this.platform, task.target, entries));
    return this.handler(name, {
      description: task.summary,
      timeoutSeconds: Math.max(...entries.map(({ timeoutSeconds }) => timeoutSeconds)),
      network: isPrivate ? this.platform.network : undefined,
      grants: [...taskStoreGrants(task, this.bucket.bucketArn), ...declared],
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

/** What a permission of each service is for, where the task does not say it itself. */
const REASONS: Readonly<Record<string, string>> = {
  s3: 'the objects of its targets, whose names are not known before',
  logs: 'the log groups of its targets; the star stands for their streams, which come and go',
  secretsmanager: 'the secrets that its targets name; AWS ends each name with six characters of its own',
};

/** What the task declares for its targets, unchanged. */
function declaredGrants(task: Task, platform: ResolvedPlatform): readonly Grant[] {
  return task.permissions(platform).map((permission) => {
    const [service = ''] = permission.actions[0]?.split(':') ?? [];
    return { because: `${task.name} reaches ${REASONS[service] ?? 'its targets by it'}`, ...permission };
  });
}

function tellingGrants(topicArn: string): readonly Grant[] {
  return [
    { actions: ['sns:Publish'], resources: [topicArn], because: 'tells whoever has subscribed how a run ended' },
    {
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'cloudwatch:namespace': 'Fettle' } },
      because: 'metrics have no ARNs; the condition leaves the one namespace of these runs',
    },
  ];
}
