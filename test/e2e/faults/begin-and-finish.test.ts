import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  CreateScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { basicForm } from '../../../core/run.ts';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { runKeys } from '../../../lambdas/runtime/run-keys.ts';
import type { AnswersServer } from '../../../lib/demo/aws/server.ts';
import { withCloud } from '../cloud/pair.ts';
import { executionsOf, until, untilEnded } from '../executions.ts';
import { startBucketLine } from './_bucket-line.ts';
import { FaultedPlatform, minuteAgo, STACK } from './_faulted-platform.ts';

const ONCE_EACH = { '/before': 1, '/one': 1, '/two': 1, '/three': 1, '/after': 1 };
const STARTED_WITHIN_SECONDS = 60;
const ENDED_WITHIN_SECONDS = 120;
/** Long enough to see that a write is under way, and to kill whoever waits for it. */
const WRITES_FOR_MILLISECONDS = 2_500;

withCloud('one occurrence', () => {
  let platform: FaultedPlatform;
  let line: AnswersServer;

  beforeAll(async () => {
    platform = await FaultedPlatform.deployed('faults-begin-and-finish');
    line = await startBucketLine(platform.cloud, STACK);
  });
  afterEach(() => line.faults.clear());
  afterAll(async () => {
    await line?.stop();
    await platform?.stop();
  });

  /** How each execution ended: with a verdict, or as the duplicate of the other one's run. */
  async function endsOf(executions: readonly string[]): Promise<string[]> {
    const ended = await Promise.all(
      executions.map((execution) => untilEnded(platform.cloud, execution, ENDED_WITHIN_SECONDS)),
    );
    return ended
      .map(({ status, output, cause }) => {
        const { verdict, next } = JSON.parse(output ?? '{}') as { verdict?: string; next?: string };
        return `${status}: ${verdict ?? next ?? cause}`;
      })
      .sort();
  }

  const begunAs = (execution: string) =>
    until('it did not begin', STARTED_WITHIN_SECONDS, () => platform.runKeyIfKnown(execution));

  /** Kills a step while it waits for S3 to take a record: everything before it is written, and it is not. */
  async function killAt(step: string, record: string): Promise<void> {
    await until(`${step} did not write ${record}`, ENDED_WITHIN_SECONDS, async () =>
      line.calls.find(({ method, url }) => method === 'PUT' && url.pathname.includes(record)),
    );
    await platform.signal('SIGKILL', step);
    line.faults.clear();
  }

  async function expectOneRun(executions: readonly string[]): Promise<string> {
    expect(await endsOf(executions)).toEqual(['SUCCEEDED: end', 'SUCCEEDED: pass']);
    expect(platform.shop.asked).toEqual(ONCE_EACH);
    const runs = await Promise.all(executions.map((execution) => platform.runKeyOf(execution)));
    expect(new Set(runs).size).toBe(1);
    expect(await platform.held()).toEqual([]);
    expect(await platform.flaws()).toEqual([]);
    return runs[0] ?? '';
  }

  test('that is delivered twice in the same moment is one run, also where both have seen that nobody has it; and once more after its end', async () => {
    platform.shop.forget();
    const scheduledTime = minuteAgo(20);
    // Both have looked before either can claim.
    line.faults.delay('s3', 'PutObject', 1_500, 4);

    const executions = await Promise.all([platform.deliver(scheduledTime), platform.deliver(scheduledTime)]);
    const runKey = await expectOneRun(executions);

    const claims = line.calls.filter(({ url }) => url.pathname.endsWith(runKeys(runKey).started));
    const firstClaim = claims.findIndex(({ method }) => method === 'PUT');
    expect(claims.slice(0, firstClaim).filter(({ method }) => method === 'GET')).toHaveLength(2);
    expect(claims.filter(({ method }) => method === 'PUT')).toHaveLength(2);
    expect(await endsOf([await platform.deliver(scheduledTime)])).toEqual(['SUCCEEDED: end']);
    expect(platform.shop.asked).toEqual(ONCE_EACH);
    expect(await platform.keysBelow('chain/')).toHaveLength(1);
  });

  test('that the scheduler itself delivers twice is one run of the time that it means', async () => {
    platform.shop.forget();
    const known = await executionsOf(platform.cloud, platform.machine);
    const scheduler = new SchedulerClient({ ...platform.cloud.client, ...awsClientSettings() });
    const { Target, FlexibleTimeWindow } = await scheduler.send(new GetScheduleCommand({ Name: `${STACK}-warming` }));
    // In whole seconds, and late enough that both are there.
    const due = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 6_000);
    const once = { Target, FlexibleTimeWindow, ScheduleExpression: `at(${due.toISOString().slice(0, 19)})` };
    await scheduler.send(new UpdateScheduleCommand({ ...once, Name: `${STACK}-warming` }));
    await scheduler.send(new CreateScheduleCommand({ ...once, Name: `${STACK}-warming-again` }));
    scheduler.destroy();

    const executions = await until('the schedule did not start twice', STARTED_WITHIN_SECONDS, async () => {
      const all = await executionsOf(platform.cloud, platform.machine);
      const started = all.filter((execution) => !known.includes(execution));
      return started.length === 2 ? started : undefined;
    });

    expect(await expectOneRun(executions)).toBe(`runs/warming/warming-${basicForm(due)}`);
  });

  test('whose Begin is killed when it has taken its leases changes nothing, and is ended by Reap', async () => {
    platform.shop.forget();
    line.faults.delay('s3', 'PutObject', WRITES_FOR_MILLISECONDS);
    const execution = await platform.deliver(minuteAgo(10));
    await killAt('begin-run', `${await begunAs(execution)}/leases.json`);

    const { status, report } = await platform.leftOf(execution);

    expect(status).toBe('FAILED');
    expect(report).toMatchObject({ ended: 'aborted', actions: [] });
    expect(platform.shop.asked).toEqual({});
    expect(await platform.held()).toEqual([]);
    expect(await platform.flaws()).toEqual([]);
  });

  test('whose Finish is killed while it writes the report is ended by Reap as what it was', async () => {
    platform.shop.forget();
    platform.shop.hold('/after');
    const execution = await platform.deliver(minuteAgo(5));
    await platform.shop.untilHeld('/after');
    line.faults.delay('s3', 'PutObject', WRITES_FOR_MILLISECONDS);
    platform.shop.letGo();
    await killAt('finish-run', `${await begunAs(execution)}/report.json`);

    const { status, report } = await platform.leftOf(execution);

    expect(status).toBe('FAILED');
    expect(report).toMatchObject({ ended: 'finished', verdict: 'pass' });
    expect(platform.shop.asked).toEqual(ONCE_EACH);
    expect(await platform.held()).toEqual([]);
    expect(await platform.flaws()).toEqual([]);
  });
});
