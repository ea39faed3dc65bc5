import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import type { AnswersServer } from '../../../lib/demo/aws/server.ts';
import { named } from '../both.ts';
import { withCloud } from '../cloud/pair.ts';
import { messagesOf } from '../cloud/queue.ts';
import { until, untilEnded } from '../executions.ts';
import { startBucketLine } from './_bucket-line.ts';
import { denyWrites } from './_denial.ts';
import { FaultedPlatform, minuteAgo, STACK } from './_faulted-platform.ts';

const ONCE_EACH = { '/before': 1, '/one': 1, '/two': 1, '/three': 1, '/after': 1 };
/** What the SDK tries for us, the first time included. */
const ATTEMPTS = 4;
const OPERATIONS = ['GetObject', 'PutObject', 'ListObjectsV2', 'DeleteObject'];
const WITHIN_SECONDS = 120;

withCloud('a run whose bucket throttles, fails or denies', () => {
  let platform: FaultedPlatform;
  let line: AnswersServer;
  let bucket: string;

  beforeAll(async () => {
    platform = await FaultedPlatform.deployed('faults-bucket', { auth: true });
    line = await startBucketLine(platform.cloud, STACK);
    bucket = named(platform.outputs, 'BucketName');
  });
  afterEach(() => {
    line.faults.clear();
    platform.shop.letGo();
  });
  afterAll(async () => {
    await line?.stop();
    await platform?.stop();
  });

  /** Nothing is held, every run is proven, and the run that comes next does all that there is to do. */
  async function expectGoodRun(scheduledTime: string, asked: Readonly<Record<string, number>>): Promise<void> {
    platform.shop.letGo();
    const { status, report } = await platform.leftOf(await platform.deliver(scheduledTime));
    expect([status, report.ended, report.verdict]).toEqual(['SUCCEEDED', 'finished', 'pass']);
    expect(platform.shop.asked).toEqual(asked);
    expect(await platform.held()).toEqual([]);
    expect(await platform.flaws()).toEqual([]);
  }

  async function expectToRing(...alarms: readonly string[]): Promise<void> {
    const cloudWatch = new CloudWatchClient({ ...platform.cloud.client, ...awsClientSettings() });
    const AlarmNames = alarms.map((alarm) => `${STACK}-${alarm}`);
    await until(`not all of ${alarms.join(', ')} ring`, WITHIN_SECONDS, async () => {
      const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames }));
      const ringing = MetricAlarms.filter(({ StateValue }) => StateValue === 'ALARM');
      return ringing.length === alarms.length ? true : undefined;
    });
    cloudWatch.destroy();
  }

  /** The event that Reap could not take, as the dead-letter queue of the platform keeps it. */
  async function deadLetter(execution: string): Promise<unknown> {
    const sqs = new SQSClient({ ...platform.cloud.client, ...awsClientSettings() });
    const { QueueUrl: url = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${STACK}-undelivered` }));
    sqs.destroy();
    const isOurs = (message: string) => message.includes(execution);
    const messages = await messagesOf(platform.cloud, { url, arn: '' }, (all) => all.some(isOurs));
    const [letter = ''] = messages.filter(isOurs);
    return (JSON.parse(letter) as { requestPayload: unknown }).requestPayload;
  }

  async function invoke(step: string, event: unknown): Promise<void> {
    const lambda = new LambdaClient({ ...platform.cloud.client, ...awsClientSettings({ requestTimeoutSeconds: 60 }) });
    const asked = { FunctionName: `${STACK}-${step}`, Payload: JSON.stringify(event) };
    const { FunctionError } = await lambda.send(new InvokeCommand(asked));
    lambda.destroy();
    expect(FunctionError).toBeUndefined();
  }

  const reapSaid = (execution: string) =>
    until('Reap did not fail', WITHIN_SECONDS, () =>
      platform.logged(`"function":"${STACK}-reap-run"`, 'SlowDown', execution.split(':').at(-1) ?? execution),
    );

  test('throttling each kind of call three times delays a run and changes nothing of it', async () => {
    platform.shop.forget();
    const before = line.calls.length;
    for (const operation of OPERATIONS) line.faults.throttle('s3', operation, ATTEMPTS - 1);

    await expectGoodRun(minuteAgo(50), ONCE_EACH);

    const first = line.calls.slice(before).find(({ operation }) => operation === 'PutObject');
    const tries = line.calls.filter(({ method, url }) => method === 'PUT' && url.pathname === first?.url.pathname);
    expect(tries).toHaveLength(ATTEMPTS);
  });

  test('that writes and loses its answer, or fails inside, is no second change and no second record', async () => {
    platform.shop.forget();
    line.faults.reset('s3', 'PutObject', ATTEMPTS - 1, { after: true });
    platform.shop.hold('/two');
    const execution = await platform.deliver(minuteAgo(45));
    await platform.shop.untilHeld('/two');
    // What is written next says how the change ended, and what comes then that another one begins.
    const before = line.calls.length;
    line.faults.delay('s3', 'PutObject', 3_000, 1);
    platform.shop.letGo();
    await until('the end of the change was not written', WITHIN_SECONDS, async () =>
      line.calls.slice(before).find(({ url }) => url.pathname.endsWith('.outcome.json')),
    );
    line.faults.reset('s3', 'PutObject', ATTEMPTS - 1, { after: true });
    line.faults.refuse('s3', 'PutObject', { code: 'InternalError', message: 'We are sorry', status: 500 }, 1);

    const { status, report } = await platform.leftOf(execution);

    expect([status, report.ended, report.verdict]).toEqual(['SUCCEEDED', 'finished', 'pass']);
    expect(report.actions.map((action) => [action.subject, action.status])).toEqual([
      ['/one', 'done'],
      ['/two', 'done'],
      ['/three', 'done'],
    ]);
    expect(platform.shop.asked).toEqual(ONCE_EACH);
    const intents = line.calls
      .slice(before)
      .filter(({ method, url }) => method === 'PUT' && /intent-/.test(url.pathname));
    expect(intents).toHaveLength(ATTEMPTS);
    expect(await platform.flaws()).toEqual([]);
  });

  test('that throttles without end lets no run begin, which rings and says why', async () => {
    platform.shop.forget();
    line.faults.throttle('s3', '*');

    const execution = await platform.deliver(minuteAgo(40));
    const { status, cause = '' } = await untilEnded(platform.cloud, execution, WITHIN_SECONDS);

    expect(status).toBe('FAILED');
    expect(cause).toMatch(/failed: SlowDown: S3 is throttling this prefix: .* \(after 4 attempts\)/);
    expect(platform.shop.asked).toEqual({});
    await expectToRing('begin-run-Errors', 'warming-ExecutionsFailed', 'reap-run-Errors');
    expect(await deadLetter(execution)).toMatchObject({ detail: { executionArn: execution, status: 'FAILED' } });
    line.faults.clear();
    await expectGoodRun(minuteAgo(39), ONCE_EACH);
  });

  test('that throttles without end from the middle of a task is outlived by Reap, and nothing more was changed', async () => {
    const execution = await platform.startHeld(minuteAgo(30));
    line.faults.throttle('s3', '*');
    platform.shop.letGo();

    const { status } = await untilEnded(platform.cloud, execution, WITHIN_SECONDS);
    await reapSaid(execution);
    line.faults.clear();
    const { report } = await platform.leftOf(execution);

    expect(status).toBe('FAILED');
    expect(report).toMatchObject({ ended: 'aborted', verdict: 'unknown' });
    expect(report.endedBecause).toContain('SlowDown');
    expect(report.actions.map((action) => [action.subject, action.status])).toEqual([
      ['/one', 'done'],
      ['/two', 'running'],
    ]);
    expect(platform.shop.asked).toEqual({ '/before': 1, '/one': 1, '/two': 1 });
    platform.shop.forget();
    await expectGoodRun(minuteAgo(29), ONCE_EACH);
  });

  test('that denies its records lets no run begin, and the execution names the permission', async () => {
    platform.shop.forget();
    const allow = await denyWrites(platform.cloud, bucket, '');

    const execution = await platform.deliver(minuteAgo(20));
    const { status, cause = '' } = await untilEnded(platform.cloud, execution, WITHIN_SECONDS);
    await allow();

    expect(status).toBe('FAILED');
    expect(cause).toContain(`AccessDenied: the caller needs s3:PutObject on arn:aws:s3:::${bucket}/*`);
    expect(platform.shop.asked).toEqual({});
    await expectGoodRun(minuteAgo(19), ONCE_EACH);
  });

  test('that denies its records from the middle of a task leaves a dead letter, with which the run is ended later', async () => {
    const execution = await platform.startHeld(minuteAgo(10));
    const allow = await denyWrites(platform.cloud, bucket, 'runs/');
    platform.shop.letGo();

    const { status, cause = '' } = await untilEnded(platform.cloud, execution, WITHIN_SECONDS);
    const letter = await deadLetter(execution);
    await allow();

    expect(status).toBe('FAILED');
    expect(cause).toContain('the caller needs s3:PutObject');
    expect(await platform.held()).toEqual(['endpoints/shop']);
    await invoke('reap-run', letter);
    const { report } = await platform.leftOf(execution);
    expect(report).toMatchObject({ ended: 'aborted', verdict: 'unknown' });
    expect(platform.shop.asked).toEqual({ '/before': 1, '/one': 1, '/two': 1, '/after': 1 });
    platform.shop.forget();
    await expectGoodRun(minuteAgo(9), ONCE_EACH);
  });

  test('is ended by Tick where Reap never came to it, an hour after its deadline', async () => {
    const execution = await platform.startHeld(minuteAgo(5));
    line.faults.throttle('s3', '*');
    await platform.stopByHand(execution);
    await platform.signal('SIGKILL');
    await deadLetter(execution);
    line.faults.clear();
    const runKey = await platform.runKeyOf(execution);
    await invoke('tick', {});
    expect(await platform.held()).toEqual(['endpoints/shop']);
    await platform.beginHoursAgo(runKey, 2);

    await invoke('tick', {});

    const { report } = await platform.leftOf(execution);
    expect(report).toMatchObject({ ended: 'aborted', verdict: 'unknown' });
    expect(report.endedBecause).toContain('nobody had ended it an hour after its deadline');
    platform.shop.forget();
    await expectGoodRun(minuteAgo(4), ONCE_EACH);
  });
});
