import {
  CloudWatchClient,
  DisableAlarmActionsCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DisableRuleCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { DeleteFunctionCommand, LambdaClient, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetScheduleCommand, SchedulerClient, UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { SFNClient, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DeployedCheck } from '../../../lib/deployed/check.ts';
import type { PlatformStatus } from '../../../lib/status.ts';
import { type Harbour, startHarbour } from './_harbour.ts';

const STACK = 'fettle-harbour-prod';
let harbour: Harbour;

beforeAll(async () => {
  harbour = await startHarbour('operating-examination');
});
afterAll(() => harbour.stop());

const onProd = () => ['--platform', harbour.profile, '--env', 'prod'];

async function examined(profile = harbour.profile) {
  const { code, stdout, stderr } = await harbour.fettle(['doctor', '--platform', profile, '--json']);
  if (!stdout.startsWith('[')) throw new Error(stderr);
  const checks = JSON.parse(stdout) as DeployedCheck[];
  const verdicts = Object.fromEntries(checks.map(({ part, verdict }) => [part, verdict]));
  return { code, checks, verdicts, detail: (part: string) => checks.find((one) => one.part === part)?.detail ?? '' };
}

/** The parts that are not as they should be; alarms on silence ring until the first scheduled run. */
function bad({ checks }: { readonly checks: readonly DeployedCheck[] }) {
  const others = checks.filter(
    ({ part, verdict }) => verdict !== 'pass' && !/^alarm .*(Silent|Missed|Heart)/.test(part),
  );
  return Object.fromEntries(others.map(({ part, verdict }) => [part, verdict]));
}

describe('fettle doctor', () => {
  test('of a fresh deployment finds every part on, nobody who listens, and no run of which anything is known', async () => {
    const fresh = await examined();
    expect(bad(fresh)).toMatchObject({
      'topic alerts': 'warn',
      'procedure daily': 'unknown',
      'procedure checks': 'unknown',
      heartbeat: 'unknown',
    });
    expect(fresh.verdicts).toMatchObject({
      [`stack ${STACK}`]: 'pass',
      template: 'pass',
      records: 'pass',
      'function begin-run': 'pass',
      'function endpoints-warm-cache': 'pass',
      'state machine daily': 'pass',
      'schedule daily': 'pass',
      'schedule checks': 'pass',
      'schedule tick': 'pass',
      'alarm daily-TargetsFailed': 'pass',
    });
    expect(fresh.code).toBe(1);
  });

  test('knows of the runs that have ended, of the heartbeat and of who listens', async () => {
    await beat();
    const sns = new SNSClient(harbour.cloud.client);
    const listener = { Protocol: 'sqs', Endpoint: 'arn:aws:sqs:us-east-1:123456789012:listener' };
    await sns.send(new SubscribeCommand({ TopicArn: harbour.outputs['TopicArn'], ...listener }));
    for (const procedure of ['daily', 'checks']) await harbour.fettle(['start', procedure, ...onProd()]);
    const { verdicts, detail } = await examined();
    const parts = ['topic alerts', 'procedure daily', 'procedure checks', 'heartbeat'];
    expect(verdicts).toMatchObject(Object.fromEntries(parts.map((part) => [part, 'pass'])));
    expect(detail('topic alerts')).toBe('1 of 1 subscribed and confirmed');
  });

  test('names what a changed profile would change, and warns', async () => {
    const other = await harbour.variation('changed', 'budget: 5m', 'budget: 6m');
    const { verdicts, detail } = await examined(other);
    expect(verdicts['template']).toBe('warn');
    expect(detail('template')).toMatch(/changed: .*Function-begin-run, .*Procedure-checks/);
    expect(detail('template')).not.toContain('Procedure-daily');
  });

  test('finds each part that looks deployed and is broken, and accuses no other', async () => {
    const before = new Set(Object.keys(bad(await examined())));
    await breakParts();
    const broken = await examined();
    const accused = Object.entries(bad(broken)).filter(([part]) => !before.has(part));
    expect(Object.fromEntries(accused.map(([part, verdict]) => [part.replace(/^rule .*/, 'rule'), verdict]))).toEqual({
      'alarm begin-run-Errors': 'fail',
      'function endpoints-warm-cache': 'fail',
      'function reap-run': 'fail',
      [`log group /aws/vendedlogs/states/${STACK}`]: 'warn',
      rule: 'fail',
      'schedule checks': 'fail',
      'state machine checks': 'fail',
    });
    expect(broken.detail('function endpoints-warm-cache')).toContain('reserved concurrency is 0');
    expect(broken.detail('function reap-run')).toContain('somebody has removed it');
    expect(broken.detail('alarm begin-run-Errors')).toContain('nobody hears it');
    expect(broken.code).toBe(1);
  });
});

describe('fettle status', () => {
  test('says what runs, how each procedure ended and is due, and what needs a person', async () => {
    const cloudWatch = new CloudWatchClient(harbour.cloud.client);
    const ring = { StateValue: 'ALARM', StateReason: 'a test' } as const;
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: `${STACK}-Undelivered`, ...ring }));
    await leaveOpen('daily-manual-20261101T000000000Z');
    const { code, stdout } = await harbour.fettle(['status', ...onProd(), '--json']);
    const status = JSON.parse(stdout) as PlatformStatus;
    expect(status.procedures).toMatchObject([
      { procedure: 'daily', scheduled: 'enabled', latest: { verdict: 'fail', mode: 'plan' }, next: expect.any(String) },
      { procedure: 'slow' },
      { procedure: 'checks', scheduled: 'disabled', latest: { verdict: 'pass' }, schedule: 'rate(1 hour)' },
    ]);
    expect(status.running).toMatchObject([{ runId: 'daily-manual-20261101T000000000Z', state: 'died' }]);
    expect(status.alarms?.map(({ name }) => name)).toContain(`${STACK}-Undelivered`);
    expect(status.unread).toEqual([]);
    expect(code).toBe(1);
    const text = (await harbour.fettle(['status', ...onProd()])).stdout;
    expect(text).toContain('daily-manual-20261101T000000000Z died and has not been ended\n');
    expect(text).toContain('the schedule of checks is disabled\n');
    expect(text).toContain(`the alarm ${STACK}-Undelivered rings: `);
  });
});

describe('fettle logs', () => {
  test('shows the lines of a run and of its time, and nothing in them steers the terminal', async () => {
    const [run] = JSON.parse((await harbour.fettle(['runs', ...onProd(), '--json'])).stdout) as { runId: string }[];
    await writeLine(`{"level":"info","message":"wiped \\u001b[2J","function":"${STACK}-finish-run","runId":"x"}`);
    await writeLine('plain \u001b[31m red');
    const since = await harbour.fettle(['logs', ...onProd(), '--since', '10m']);
    expect(since.code).toBe(0);
    expect(since.stdout).toContain(`  finish-run  info  run sealed runId="${run?.runId}"`);
    expect(since.stdout).toContain('  finish-run  info  wiped \\u001b[2J runId="x"\n');
    expect(since.stdout).toContain('  tick  plain \\u001b[31m red\n');
    const ofRun = await harbour.fettle(['logs', run?.runId ?? '', ...onProd(), '--json']);
    const messages = (JSON.parse(ofRun.stdout) as { message: string }[]).map(({ message }) => message);
    expect(messages.some((message) => message.includes('run sealed') && message.includes(run?.runId ?? ''))).toBe(true);
  });

  test('knows no run that has not begun', async () => {
    const { code, stderr } = await harbour.fettle(['logs', 'daily-20200101T020000Z', ...onProd()]);
    expect(stderr).toContain('there is no run "daily-20200101T020000Z" in s3://');
    expect(code).toBe(2);
  });
});

async function breakParts(): Promise<void> {
  const { client } = harbour.cloud;
  const eventBridge = new EventBridgeClient(client);
  const { Rules = [] } = await eventBridge.send(new ListRulesCommand({}));
  for (const { Name } of Rules.filter((rule) => rule.Name?.includes('Reaper')))
    await eventBridge.send(new DisableRuleCommand({ Name }));
  const scheduler = new SchedulerClient(client);
  const schedule = await scheduler.send(new GetScheduleCommand({ Name: `${STACK}-checks` }));
  const { ScheduleExpression, FlexibleTimeWindow, Target } = schedule;
  const disabled = {
    Name: `${STACK}-checks`,
    ScheduleExpression,
    FlexibleTimeWindow,
    Target,
    State: 'DISABLED',
  } as const;
  await scheduler.send(new UpdateScheduleCommand(disabled));
  const cloudWatch = new CloudWatchClient(client);
  await cloudWatch.send(new DisableAlarmActionsCommand({ AlarmNames: [`${STACK}-begin-run-Errors`] }));
  const lambda = new LambdaClient(client);
  const none = { FunctionName: `${STACK}-endpoints-warm-cache`, ReservedConcurrentExecutions: 0 };
  await lambda.send(new PutFunctionConcurrencyCommand(none));
  await lambda.send(new DeleteFunctionCommand({ FunctionName: `${STACK}-reap-run` }));
  const definition = JSON.stringify({ StartAt: 'Pass', States: { Pass: { Type: 'Pass', End: true } } });
  const stateMachineArn = harbour.outputs['Arnchecks'];
  await new SFNClient(client).send(new UpdateStateMachineCommand({ stateMachineArn, definition }));
  const logGroupName = `/aws/vendedlogs/states/${STACK}`;
  await new CloudWatchLogsClient(client).send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 }));
}

/** What Tick puts every 15 minutes. */
async function beat(): Promise<void> {
  const Dimensions = [
    { Name: 'Platform', Value: 'harbour' },
    { Name: 'Environment', Value: 'prod' },
  ];
  const MetricData = [{ MetricName: 'Heartbeat', Value: 1, Dimensions, Timestamp: new Date() }];
  await new CloudWatchClient(harbour.cloud.client).send(new PutMetricDataCommand({ Namespace: 'Fettle', MetricData }));
}

/** A run whose execution is gone and that nothing has ended. */
async function leaveOpen(runId: string): Promise<void> {
  const execution = `arn:aws:states:us-east-1:123456789012:execution:${STACK}-daily:gone`;
  const Body = JSON.stringify({ runKey: `runs/daily/${runId}`, execution });
  const Key = `state/open/${runId}.json`;
  const s3 = new S3Client({ ...harbour.cloud.client, forcePathStyle: true });
  await s3.send(new PutObjectCommand({ Bucket: harbour.outputs['BucketName'], Key, Body }));
}

async function writeLine(message: string): Promise<void> {
  const logs = new CloudWatchLogsClient(harbour.cloud.client);
  const logGroupName = `/aws/vendedlogs/states/${STACK}`;
  const logStreamName = `2026/11/21/${STACK}-tick[$LATEST]${String(message.length)}`;
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  const logEvents = [{ timestamp: Date.now(), message }];
  await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
}
