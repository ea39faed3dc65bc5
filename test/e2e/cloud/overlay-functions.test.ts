import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { createAuthority, issue, lifetime, startTlsServer, type TlsServer } from '../../../lib/demo/servers/tls.ts';
import { untilEnded } from '../executions.ts';
import { errorCode } from '../error-code.ts';
import { startPair, withCloud, type Pair } from './pair.ts';
import { ACCOUNT, REGION, type Cloud } from './server.ts';

const CALLS_TLS = `exports.handler = ({ port }) => new Promise((resolve, reject) => {
  const options = { host: 'localhost', port, rejectUnauthorized: false };
  require('https').get(options, (answer) => resolve(answer.socket.getProtocol?.() ?? 'none')).on('error', reject);
});`;
const FAILS_LATE = `exports.handler = () => new Promise((_, reject) => {
  setTimeout(() => reject(new Error('too late')), 2000);
});`;

const ROLE = `arn:aws:iam::${ACCOUNT}:role/any`;
const functionOf = (name: string, code: string) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    ...{ FunctionName: name, Runtime: 'nodejs24.x', Handler: 'index.handler', Role: ROLE, Timeout: 20 },
    Code: { ZipFile: code },
  },
});
const machineOf = (name: string, definition: unknown) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: { StateMachineName: name, RoleArn: ROLE, DefinitionString: JSON.stringify(definition) },
});
const arnOf = (machine: string) => `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${machine}`;

const waits = (Seconds: number) => ({ StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds, End: true } } });
const TEMPLATE = {
  Resources: {
    CallsTls: functionOf('calls-tls', CALLS_TLS),
    FailsLate: functionOf('fails-late', FAILS_LATE),
    Late: machineOf('late', {
      StartAt: 'Task',
      States: {
        Task: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Parameters: { FunctionName: 'fails-late' },
          End: true,
        },
      },
    }),
    Limited: machineOf('limited', { TimeoutSeconds: 1, ...waits(3) }),
    Waiting: machineOf('waiting', waits(5)),
    Schedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: 'zoned',
        ScheduleExpression: 'cron(0 2 * * ? *)',
        ScheduleExpressionTimezone: 'Europe/Vienna',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: arnOf('waiting'), RoleArn: ROLE },
      },
    },
  },
};

withCloud('what a template made', () => {
  let pair: Pair;
  let tls: TlsServer;

  beforeAll(async () => {
    const authority = await createAuthority({ name: 'Test authority' });
    const validity = lifetime(90, { leftDays: 60, now: new Date() });
    const { certificate, privateKey } = await issue({ authority, names: ['localhost'], ...validity });
    tls = await startTlsServer({ certificates: [certificate], privateKey });
    pair = await startPair('functions');
    await Promise.all([pair.stock, pair.patched].map(make));
  });
  afterAll(async () => {
    await pair.stop();
    await tls.close();
  });

  async function make({ client }: Cloud): Promise<void> {
    const formation = new CloudFormationClient({ ...client, ...awsClientSettings() });
    await formation.send(new CreateStackCommand({ StackName: 'made', TemplateBody: JSON.stringify(TEMPLATE) }));
    await waitUntilStackCreateComplete({ client: formation, maxWaitTime: 60, minDelay: 1 }, { StackName: 'made' });
  }

  const statesOf = ({ client }: Cloud) => new SFNClient({ ...client, ...awsClientSettings() });

  test('a schedule keeps the time zone of its template; stock drops it', async () => {
    const zoneIn = async ({ client }: Cloud) => {
      const scheduler = new SchedulerClient({ ...client, ...awsClientSettings() });
      return (await scheduler.send(new GetScheduleCommand({ Name: 'zoned' }))).ScheduleExpressionTimezone;
    };

    expect(await zoneIn(pair.stock)).toBe('UTC');
    expect(await zoneIn(pair.patched)).toBe('Europe/Vienna');
  });

  test('a function speaks TLS with a server of the loopback; stock speaks HTTP', async () => {
    const call = async ({ client }: Cloud) => {
      const lambda = new LambdaClient({ ...client, ...awsClientSettings({ requestTimeoutSeconds: 30 }) });
      const Payload = JSON.stringify({ port: tls.port });
      const { FunctionError, Payload: answer } = await lambda.send(
        new InvokeCommand({ FunctionName: 'calls-tls', Payload }),
      );
      return FunctionError === undefined ? (JSON.parse(answer?.transformToString() ?? '') as string) : 'failed';
    };

    expect(await call(pair.stock)).toBe('failed');
    expect(await call(pair.patched)).toMatch(/^TLSv1/);
  });

  test('an execution that was stopped stays so when its task fails afterwards; stock calls it failed', async () => {
    const stopped = async (cloud: Cloud) => {
      const sfn = statesOf(cloud);
      const { executionArn = '' } = await sfn.send(new StartExecutionCommand({ stateMachineArn: arnOf('late') }));
      await sleep(1_000);
      await sfn.send(new StopExecutionCommand({ executionArn }));
      await sleep(3_000);
      return (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status;
    };

    expect(await Promise.all([stopped(pair.stock), stopped(pair.patched)])).toEqual(['FAILED', 'ABORTED']);
  });

  test('an execution ends at the time limit of its machine; stock knows none', async () => {
    const ended = async (cloud: Cloud) => {
      const start = new StartExecutionCommand({ stateMachineArn: arnOf('limited') });
      const { executionArn = '' } = await statesOf(cloud).send(start);
      return (await untilEnded(cloud, executionArn, 20)).status;
    };

    expect(await Promise.all([ended(pair.stock), ended(pair.patched)])).toEqual(['SUCCEEDED', 'TIMED_OUT']);
  });

  test('a start that is repeated is the same execution, and another one of its name is refused; stock refuses both', async () => {
    const starts = async (cloud: Cloud) => {
      const start = async (input: string) => {
        const asked = { stateMachineArn: arnOf('waiting'), name: 'once', input };
        try {
          return (await statesOf(cloud).send(new StartExecutionCommand(asked))).executionArn;
        } catch (thrown) {
          return errorCode(thrown);
        }
      };
      return [await start('{}'), await start('{}'), await start('{"mode":"plan"}')];
    };
    const execution = `arn:aws:states:${REGION}:${ACCOUNT}:execution:waiting:once`;

    expect(await starts(pair.stock)).toEqual([execution, 'ExecutionAlreadyExists', 'ExecutionAlreadyExists']);
    expect(await starts(pair.patched)).toEqual([execution, execution, 'ExecutionAlreadyExists']);
  });
});
