import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { setTimeout as sleep } from 'node:timers/promises';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { startExecution, untilEnded } from '../executions.ts';
import { startPair, withCloud, type Pair } from './pair.ts';
import { makeQueue, messagesOf, type TestQueue } from './queue.ts';
import { ACCOUNT, REGION, type Cloud } from './server.ts';

const WORKS = `exports.handler = () => new Promise((resolve) => setTimeout(() => resolve('done'), 3000));`;
const FAILS = `exports.handler = () => Promise.reject(new Error('always'));`;

const ROLE = `arn:aws:iam::${ACCOUNT}:role/any`;
const arnOf = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
const functionOf = (name: string, code: string) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    ...{ FunctionName: name, Runtime: 'nodejs24.x', Handler: 'index.handler', Role: ROLE, Timeout: 20 },
    Code: { ZipFile: code },
    DeadLetterConfig: { TargetArn: arnOf('sqs', 'dead-letters') },
  },
});
const fails = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'fails' },
  End: true,
};
const TEMPLATE = {
  Resources: {
    Works: functionOf('works', WORKS),
    Fails: functionOf('fails', FAILS),
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: 'falls',
        RoleArn: ROLE,
        DefinitionString: JSON.stringify({ StartAt: 'Fails', States: { Fails: fails } }),
      },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['shop'] },
        Targets: [{ Id: 'fails', Arn: arnOf('lambda', 'function:fails') }],
      },
    },
  },
};

withCloud('a function that the emulator calls by itself', () => {
  let pair: Pair;
  let queues: Readonly<Record<'stock' | 'patched', TestQueue>>;

  beforeAll(async () => {
    pair = await startPair('invocations');
    const [stock, patched] = await Promise.all([make(pair.stock), make(pair.patched)]);
    queues = { stock, patched };
  });
  afterAll(() => pair.stop());

  async function make(cloud: Cloud): Promise<TestQueue> {
    const queue = await makeQueue(cloud, 'dead-letters');
    const formation = new CloudFormationClient({ ...cloud.client, ...awsClientSettings() });
    await formation.send(new CreateStackCommand({ StackName: 'made', TemplateBody: JSON.stringify(TEMPLATE) }));
    await waitUntilStackCreateComplete({ client: formation, maxWaitTime: 60, minDelay: 1 }, { StackName: 'made' });
    return queue;
  }

  async function sumOf({ client }: Cloud, name: string, dimension: readonly [string, string]): Promise<number> {
    const cloudWatch = new CloudWatchClient({ ...client, ...awsClientSettings() });
    const [MetricName, Namespace] = name.split(' of ');
    const asked = new GetMetricStatisticsCommand({
      ...{ Namespace, MetricName, Dimensions: [{ Name: dimension[0], Value: dimension[1] }] },
      StartTime: new Date(Date.now() - 3_600_000),
      EndTime: new Date(Date.now() + 60_000),
      Period: 86_400,
      Statistics: ['Sum'],
    });
    const { Datapoints = [] } = await cloudWatch.send(asked);
    return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
  }

  test('ends what it does as it was when it is changed meanwhile; stock kills it', async () => {
    const changed = async ({ client }: Cloud) => {
      const lambda = new LambdaClient({ ...client, ...awsClientSettings({ requestTimeoutSeconds: 30 }) });
      const working = lambda.send(new InvokeCommand({ FunctionName: 'works' }));
      await sleep(1_500);
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'works', Timeout: 15 }));
      const { FunctionError } = await working;
      const again = await lambda.send(new InvokeCommand({ FunctionName: 'works' }));
      return [FunctionError, again.FunctionError];
    };

    expect(await changed(pair.stock)).toEqual(['Unhandled', undefined]);
    expect(await changed(pair.patched)).toEqual([undefined, undefined]);
  });

  test('counts among its errors when an execution calls it, and so does the execution; stock counts neither', async () => {
    const counted = async (cloud: Cloud) => {
      const machine = arnOf('states', 'stateMachine:falls');
      await untilEnded(cloud, await startExecution(cloud, machine, {}), 30);
      return [
        await sumOf(cloud, 'Errors of AWS/Lambda', ['FunctionName', 'fails']),
        await sumOf(cloud, 'ExecutionsFailed of AWS/States', ['StateMachineArn', machine]),
      ];
    };

    expect(await counted(pair.stock)).toEqual([0, 0]);
    expect(await counted(pair.patched)).toEqual([1, 1]);
  });

  test('is called again for an event of a rule, which then goes to its dead letters; stock forgets it', async () => {
    const send = async ({ client }: Cloud) => {
      const events = new EventBridgeClient({ ...client, ...awsClientSettings() });
      const entry = { Source: 'shop', DetailType: 'closed', Detail: '{"door":"back"}' };
      await events.send(new PutEventsCommand({ Entries: [entry] }));
    };
    await Promise.all([send(pair.stock), send(pair.patched)]);

    const arrived = await messagesOf(pair.patched, queues.patched, (messages) => messages.length > 0);

    expect(arrived).toHaveLength(1);
    expect(arrived[0]).toContain('"door": "back"');
    const errors = await sumOf(pair.patched, 'Errors of AWS/Lambda', ['FunctionName', 'fails']);
    expect(errors).toBe(1 + 3);
    const sqs = new SQSClient({ ...pair.stock.client, ...awsClientSettings() });
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queues.stock.url }));
    expect(Messages).toEqual([]);
  });
});
