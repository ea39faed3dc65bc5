import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  type Datapoint,
  GetDashboardCommand,
  GetMetricStatisticsCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  InvokeCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { GetScheduleCommand, SchedulerClient, UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { RunReport } from '../../../core/report.ts';
import { basicForm } from '../../../core/run.ts';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { asText, requireRecord } from '../../../lambdas/runtime/records.ts';
import { S3Store } from '../../../lambdas/runtime/s3-store.ts';
import { TICK_KEY, TickState } from '../../../lambdas/runtime/tick-state.ts';
import { bootstrap, deploy, type StackOutputs } from '../cloud/deploy.ts';
import { cloudEnvironment } from '../cloud/environment.ts';
import { startCloud, type Cloud } from '../cloud/server.ts';
import { reportOf, startExecution, until } from '../executions.ts';
import { Subscriber } from './subscriber.ts';

const STACK = 'fettle-watched-prod';
const PROFILE = fileURLToPath(new URL('./watched.yaml', import.meta.url));
const CALLS_WITHIN_SECONDS = 60;
const RUN_SECONDS = 120;
const HOUR_MS = 3_600_000;
/** Of each hour in which the schedule is due: half an hour away, so that it starts nothing meanwhile. */
const DUE_MINUTE = (new Date().getUTCMinutes() + 30) % 60;

const environment = await cloudEnvironment();
const python = 'python' in environment ? environment.python : '';
if ('missing' in environment) process.stderr.write(`skipped: ${environment.missing}\n`);
const onCloud = python === '' ? describe.skip : describe;

/** The alarms that the emulator has no metric for; what is shown of these is the way from the alarm to the person. */
const SET_BY_HAND = ['checks-ExecutionsFailed', 'Undelivered'];
const STEPS = ['begin-run', 'finish-run', 'reap-run', 'tick'];

onCloud('every alarm of a deployed platform reaches whoever has subscribed to its topic', () => {
  let folder: string;
  let cloud: Cloud;
  let outputs: StackOutputs;
  let pager: Subscriber;
  let lambda: LambdaClient;
  let cloudWatch: CloudWatchClient;
  let store: S3Store;
  const shown = new Set<string>();

  beforeAll(async () => {
    // Signatures and policies enforced: what Tick's role lacks fails here as it would on AWS.
    cloud = await startCloud({ python, name: 'watching', auth: true });
    const settings = { ...cloud.client, ...awsClientSettings() };
    const secrets = new SecretsManagerClient(settings);
    await secrets.send(new CreateSecretCommand({ Name: 'watched/shop', SecretString: 'http://127.0.0.1:1' }));
    secrets.destroy();
    await bootstrap(cloud);
    folder = await mkdtemp(join(tmpdir(), 'fettle-watching-'));
    const profile = join(folder, 'watched.yaml');
    await writeFile(profile, (await readFile(PROFILE, 'utf8')).replace('cron(0 ', `cron(${DUE_MINUTE} `));
    outputs = (await deploy(cloud, profile))[STACK] ?? {};
    lambda = new LambdaClient(settings);
    cloudWatch = new CloudWatchClient(settings);
    store = new S3Store(output('BucketName'), new S3Client({ ...settings, forcePathStyle: true }));
    pager = await Subscriber.of(cloud, output('TopicArn'));
  });
  afterAll(async () => {
    pager.close();
    lambda.destroy();
    cloudWatch.destroy();
    await cloud.stop();
    await rm(folder, { recursive: true });
  });

  function output(name: string): string {
    const value = outputs[name];
    if (value === undefined) throw new Error(`the stack has no output ${name}: ${Object.keys(outputs).join(', ')}`);
    return value;
  }

  async function called(alarm: string): Promise<void> {
    const { AlarmDescription } = await pager.called(`${STACK}-${alarm}`, CALLS_WITHIN_SECONDS);
    expect(AlarmDescription).toContain('First: npx fettle ');
    shown.add(alarm);
  }

  const set = (alarm: string, StateValue: 'OK' | 'ALARM') =>
    cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName: `${STACK}-${alarm}`, StateValue, StateReason: 'set by the test' }),
    );

  async function invoke(step: string, event: unknown): Promise<{ readonly failed: boolean; readonly answer: unknown }> {
    const asked = { FunctionName: `${STACK}-${step}`, Payload: JSON.stringify(event) };
    const { FunctionError, Payload } = await lambda.send(new InvokeCommand(asked));
    return { failed: FunctionError !== undefined, answer: JSON.parse(Buffer.from(Payload ?? []).toString() || 'null') };
  }

  async function heartbeats(): Promise<readonly Datapoint[]> {
    const asked = new GetMetricStatisticsCommand({
      Namespace: 'Fettle',
      MetricName: 'Heartbeat',
      Dimensions: [
        { Name: 'Platform', Value: 'watched' },
        { Name: 'Environment', Value: 'prod' },
      ],
      StartTime: new Date(Date.now() - HOUR_MS),
      EndTime: new Date(Date.now() + 60_000),
      Period: 60,
      Statistics: ['Sum'],
    });
    return (await cloudWatch.send(asked)).Datapoints ?? [];
  }

  async function run(): Promise<RunReport> {
    const execution = await startExecution(cloud, output('Arnchecks'), {});
    return reportOf(cloud, output('BucketName'), execution, RUN_SECONDS);
  }

  test('where nothing was put yet, heartbeat and silence call by the absence of their metrics', async () => {
    // They rang before anybody had subscribed; quietened by hand, what is missing rings them again.
    for (const alarm of ['Heartbeat', 'checks-Silent']) {
      await set(alarm, 'OK');
      await called(alarm);
    }
  });

  test('a broken target calls by the metric of the run that found it', async () => {
    expect(await run()).toMatchObject({ verdict: 'fail', ended: 'finished' });
    await called('checks-TargetsFailed');
  });

  test('a function of a task that cannot run calls by the metric of the run that lost it, and so do its targets', async () => {
    const FunctionName = `${STACK}-endpoints-check-health`;
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Handler: 'index.nothing' }));
    expect(await run()).toMatchObject({ verdict: 'unknown', tasks: [{ recorded: false }] });
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Handler: 'index.handler' }));
    await called('checks-TasksLost');
    await called('checks-TargetsUnknown');
  });

  test('Tick is called by its schedule, and beats', async () => {
    const scheduler = new SchedulerClient({ ...cloud.client, ...awsClientSettings() });
    const schedule = await scheduler.send(new GetScheduleCommand({ Name: `${STACK}-tick` }));
    expect(schedule).toMatchObject({ State: 'ENABLED', ScheduleExpression: 'rate(15 minutes)' });
    // The same schedule, due in a moment instead of in a quarter of an hour.
    const soon = new Date(Date.now() + 3_000).toISOString().slice(0, 19);
    const { Name, Target, FlexibleTimeWindow } = schedule;
    await scheduler.send(
      new UpdateScheduleCommand({ Name, Target, FlexibleTimeWindow, ScheduleExpression: `at(${soon})` }),
    );
    scheduler.destroy();

    await until('Tick remembers nothing', CALLS_WITHIN_SECONDS, () => store.get(TICK_KEY));
    await until('there is no heartbeat', CALLS_WITHIN_SECONDS, async () => {
      const [beat] = await heartbeats();
      return beat;
    });
  });

  test('a run that did not happen is a record, and calls by the metric of the Tick that missed it', async () => {
    expect(await invoke('tick', {})).toMatchObject({ failed: false, answer: { missed: { checks: 0 } } });
    // Tick has watched since two hours and a half ago; the schedule has started nothing in that time.
    const began = new Date(Date.now() - 2.5 * HOUR_MS);
    const dueMs = DUE_MINUTE * 60_000;
    const first = new Date(Math.ceil((began.getTime() - dueMs) / HOUR_MS) * HOUR_MS + dueMs);
    const known = await requireRecord(store, TICK_KEY, TickState);
    const procedures = { checks: { ...known.procedures['checks'], until: began.toISOString() } };
    const { etag = '' } = (await store.get(TICK_KEY)) ?? {};
    await store.replace(TICK_KEY, asText({ ...known, procedures }), etag);

    const { failed, answer } = await invoke('tick', {});

    expect({ failed, answer }).toMatchObject({ failed: false, answer: { missed: { checks: expect.any(Number) } } });
    const report = `runs/checks/checks-${basicForm(first)}/report.json`;
    expect(await requireRecord(store, report, RunReport)).toMatchObject({ ended: 'missed', verdict: 'unknown' });
    await called('checks-RunsMissed');
    expect(pager.others.join('\n')).toContain('checks of watched prod (execute, missed): unknown');
  });

  test.each(STEPS)('%s calls by its own errors', async (step) => {
    if (step === 'tick') {
      const { etag = '' } = (await store.get(TICK_KEY)) ?? {};
      await store.replace(TICK_KEY, 'half a rec', etag);
    }
    expect(await invoke(step, {})).toMatchObject({ failed: true });
    await called(`${step}-Errors`);
  });

  test.each(STEPS)('%s calls by its throttles', async (step) => {
    const FunctionName = `${STACK}-${step}`;
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
    await expect(invoke(step, {})).rejects.toThrow();
    await called(`${step}-Throttles`);
  });

  test.each(SET_BY_HAND)('%s calls when its state is set', async (alarm) => {
    await set(alarm, 'ALARM');
    await called(alarm);
  });

  test('that was every alarm that the stack has', async () => {
    const cloudFormation = new CloudFormationClient({ ...cloud.client, ...awsClientSettings() });
    const { StackResources = [] } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName: STACK }));
    cloudFormation.destroy();
    const alarms = StackResources.filter(({ ResourceType }) => ResourceType === 'AWS::CloudWatch::Alarm');

    expect([...shown].sort()).toEqual(
      alarms.map(({ PhysicalResourceId = '' }) => PhysicalResourceId.replace(`${STACK}-`, '')).sort(),
    );
  });

  test('the dashboard is deployed and can be read', async () => {
    const { DashboardBody = '' } = await cloudWatch.send(new GetDashboardCommand({ DashboardName: STACK }));

    expect(JSON.stringify(JSON.parse(DashboardBody))).toContain('SecondsSincePass');
  });
});
