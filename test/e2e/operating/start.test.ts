import { DeleteFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RunReport } from '../../../core/report.ts';
import type { PlatformStatus } from '../../../lib/status.ts';
import { type Harbour, startHarbour } from './_harbour.ts';

let harbour: Harbour;
let stepFunctions: SFNClient;

beforeAll(async () => {
  harbour = await startHarbour('operating-start');
  stepFunctions = new SFNClient(harbour.cloud.client);
});
afterAll(async () => {
  stepFunctions.destroy();
  await harbour.stop();
});

const onProd = () => ['--platform', harbour.profile, '--env', 'prod'];

async function executions(): Promise<number> {
  const stateMachineArn = harbour.outputs['Arndaily'] ?? '';
  return (await stepFunctions.send(new ListExecutionsCommand({ stateMachineArn }))).executions?.length ?? 0;
}

async function reportOf(...words: readonly string[]) {
  const { code, stdout, stderr } = await harbour.fettle([...words, ...onProd(), '--json']);
  return { code, stderr, report: RunReport.parse(JSON.parse(stdout)) };
}

describe('fettle start', () => {
  test('plans in the account where nothing else is said, and changes nothing', async () => {
    const { code, stderr, report } = await reportOf('start', 'daily');
    expect(code).toBe(1);
    expect(report).toMatchObject({ mode: 'plan', trigger: 'person', verdict: 'fail', ended: 'finished' });
    expect(report.actions.map(({ status }) => status)).toEqual(['planned']);
    expect(stderr).toMatch(/^started arn:aws:states:us-east-1:123456789012:execution:fettle-harbour-prod-daily:daily-/);
    expect(stderr).toContain(`${report.runId}: plan\n  endpoints-check-health fail\n  endpoints-warm-cache pass\n`);
    expect(stderr).toContain(`page: s3://${harbour.outputs['BucketName']}/runs/daily/${report.runId}/report.html\n`);
  });

  test('executes with an override and its reason, and the report has both', async () => {
    const { code, report } = await reportOf('start', 'daily', '--override', 'window', '--reason', 'the disk is full');
    expect(code).toBe(1);
    expect(report).toMatchObject({ mode: 'execute', override: 'window', reason: 'the disk is full' });
    expect(report.actions.map(({ status }) => status)).toEqual(['done']);
  });

  test('outside of the window --execute is refused by Begin: the run is a plan and the exit code 3', async () => {
    const { code, report } = await reportOf('start', 'daily', '--execute');
    expect(code).toBe(3);
    expect(report.mode).toBe('plan');
    expect(report.actions.map(({ status }) => status)).toEqual(['planned']);
  });

  test('exits 0 where the run finds nothing wrong, with the environment before the name of the command', async () => {
    const words = ['--env', 'prod', 'start', 'checks', '--execute', '--platform', harbour.profile];
    const { code, stdout } = await harbour.fettle(words);
    expect(stdout).toMatch(/^PASS: 1 pass\n/);
    expect(code).toBe(0);
  });

  test('--no-wait answers with execution and run, which is there for whoever asks for it later', async () => {
    const { code, stdout } = await harbour.fettle(['start', 'checks', ...onProd(), '--no-wait', '--json']);
    const answer = JSON.parse(stdout) as { executionArn: string; runId: string; runKey: string };
    expect(code).toBe(0);
    expect(answer.executionArn).toContain(':execution:fettle-harbour-prod-checks:');
    expect(answer.runKey).toBe(`runs/checks/${answer.runId}`);
    const until = Date.now() + 30_000;
    let ended = false;
    while (!ended && Date.now() < until)
      ended = (await harbour.fettle(['report', answer.runId, ...onProd()])).code === 0;
    expect(ended).toBe(true);
  });

  test('Ctrl-C stops looking and not the run', async () => {
    const { code, stderr } = await harbour.fettle(['start', 'daily', ...onProd()], { interruptAt: 'started arn' });
    expect(code).toBe(130);
    expect(stderr).toContain('the run goes on in its account; see: fettle status\n');
  });
});

describe('another account or region', () => {
  test.each(['start', 'run'])('%s is refused with both numbers, and nothing is started', async (verb) => {
    const before = await executions();
    const other = await harbour.variation('other-account', '123456789012', '111122223333');
    const { code, stderr } = await harbour.fettle([verb, 'daily', '--platform', other]);
    expect(stderr).toMatch(/is in account 111122223333, and your .* account 123456789012 .*\[ACCOUNT_MISMATCH\]\n/);
    expect(code).toBe(3);
    expect(await executions()).toBe(before);
  });

  test.each(['start', 'run'])('%s is refused where AWS_REGION names another region', async (verb) => {
    const before = await executions();
    const env = { ...harbour.cloud.environment, AWS_REGION: 'eu-west-1' };
    const { code, stderr } = await harbour.fettle([verb, 'daily', ...onProd()], { env });
    expect(stderr).toContain('harbour prod is in region us-east-1, and AWS_REGION is eu-west-1 [REGION_MISMATCH]\n');
    expect(code).toBe(3);
    expect(await executions()).toBe(before);
  });

  test('what only reads goes to the region of the environment, whatever else is set', async () => {
    const env = { ...harbour.cloud.environment, AWS_REGION: 'eu-west-1' };
    expect((await harbour.fettle(['runs', ...onProd()], { env })).code).toBe(0);
  });
});

test('without credentials that AWS takes nothing is looked for', async () => {
  const env = { ...harbour.cloud.environment, AWS_ACCESS_KEY_ID: '' };
  const { code, stderr } = await harbour.fettle(['status', ...onProd()], { env });
  expect(stderr).toMatch(/^fettle: there are no AWS credentials that can be used: .* \[AWS_CREDENTIALS\]\n/);
  expect(code).toBe(2);
});

describe('the store of a deployed environment', () => {
  test('is its bucket also for a run on this machine, whose evidence is proven with that of the others', async () => {
    const { report } = await reportOf('run', 'daily', '--override', 'window', '--reason', 'from here');
    expect(report).toMatchObject({ mode: 'execute', reason: 'from here' });
    const listed = await harbour.fettle(['runs', ...onProd(), '--json']);
    expect((JSON.parse(listed.stdout) as { runId: string }[]).map(({ runId }) => runId)).toContain(report.runId);
    const one = await harbour.fettle(['verify-run', report.runId, ...onProd()]);
    expect({ code: one.code, said: one.stdout.slice(0, 6) }).toEqual({ code: 0, said: 'PROVEN' });
    expect((await harbour.fettle(['verify-runs', ...onProd()])).code).toBe(0);
  });

  test('with another store it can only be planned', async () => {
    const words = ['run', 'daily', ...onProd(), '--override', 'window', '--reason', 'no', '--store', 'elsewhere'];
    const { code, stderr } = await harbour.fettle(words);
    expect(stderr).toContain('[RUN_ELSEWHERE]');
    expect(code).toBe(3);
  });

  test('without its stack it is planned in a folder, neither run nor started', async () => {
    const other = await harbour.variation('nowhere', 'platform: harbour', 'platform: nowhere');
    const planned = await harbour.fettle(['plan', 'checks', '--platform', other]);
    expect(planned.stderr).toContain('note: nowhere prod has no stack fettle-nowhere-prod in account 123456789012');
    expect(planned.code).toBe(0);
    const run = await harbour.fettle(['run', 'checks', '--platform', other]);
    expect(run.stderr).toContain('without its stack it can only be planned: fettle plan [RUN_ELSEWHERE]');
    expect(run.code).toBe(3);
    const started = await harbour.fettle(['start', 'checks', '--platform', other]);
    expect(started.stderr).toContain('region us-east-1 [STACK_NOT_FOUND]');
    expect(started.code).toBe(2);
  });

  test('a procedure that is only in the profile here is not started', async () => {
    const other = await harbour.variation('newer', '  checks:\n', '  looks:\n');
    const { code, stderr } = await harbour.fettle(['start', 'looks', '--platform', other]);
    expect(stderr).toContain('[PROCEDURE_NOT_DEPLOYED]');
    expect(code).toBe(2);
  });
});

describe('an execution that dies', () => {
  test('is followed to the report that Reap writes of its run', async () => {
    const words = ['start', 'slow', ...onProd(), '--override', 'window', '--reason', 'to be stopped', '--json'];
    const following = harbour.fettle(words);
    const running = await runningSlow();
    expect(running.status).toContain('slow-manual-');
    await stepFunctions.send(new StopExecutionCommand({ executionArn: running.execution, cause: 'a test' }));
    const { code, stdout } = await following;
    expect(RunReport.parse(JSON.parse(stdout))).toMatchObject({ ended: 'aborted', verdict: 'unknown' });
    expect(code).toBe(1);
  });

  test('before its run began is an error that says where to look', async () => {
    const lambda = new LambdaClient(harbour.cloud.client);
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'fettle-harbour-prod-begin-run' }));
    const { code, stdout, stderr } = await harbour.fettle(['start', 'checks', ...onProd()]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/ended without a report \(FAILED.*\); see: fettle logs \[UNAVAILABLE\]\n/);
  });
});

/** The execution of the slow procedure, once status shows its run. */
async function runningSlow(): Promise<{ execution: string; status: string }> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const { stdout } = await harbour.fettle(['status', ...onProd(), '--json']);
    const { running } = JSON.parse(stdout) as PlatformStatus;
    const [run] = running.filter(({ procedure, state }) => procedure === 'slow' && state === 'running');
    if (run) return { execution: run.execution, status: (await harbour.fettle(['status', ...onProd()])).stdout };
  }
  throw new Error('no run of slow has begun within a minute');
}
