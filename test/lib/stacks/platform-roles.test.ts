import { beforeAll, expect, test } from '@jest/globals';
import type { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { mkdir, rm } from 'node:fs/promises';
import { loadCatalogue } from '../../../lambdas/catalogue.ts';
import { exampleStack } from '../../../lib/docs/example-stack.ts';
import { resourcesOf, type Resource, type Statement, type Synthesized } from './synthesized.ts';

// What no handler calls itself, so that no call of one can show it: these roles are held to what they are made for.

const SERVICE_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const SERVICE_TRACES = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
const NETWORK = ['CreateNetworkInterface', 'DescribeNetworkInterfaces', 'DescribeSubnets', 'DeleteNetworkInterface']
  .concat('AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses')
  .map((action) => `ec2:${action}`);
const MACHINE_LOG = ['Create', 'Get', 'Update', 'Delete']
  .map((verb) => `logs:${verb}LogDelivery`)
  .concat(
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:DescribeResourcePolicies',
    'logs:DescribeLogGroups',
  );
const MACHINE_TRACES = [...SERVICE_TRACES, 'xray:GetSamplingRules', 'xray:GetSamplingTargets'];

let synthesized: Pick<Synthesized, 'template'>;

beforeAll(async () => {
  // Every task on every kind of target in a network, with a schedule and an alarm.
  const stack = exampleStack(await loadCatalogue());
  const { outdir } = stack.node.root as App;
  // Whoever only reads its constructs needs no folder.
  await mkdir(outdir, { recursive: true });
  // Names of the example are shorter than those that AWS gives.
  process.env['CDK_VALIDATION'] = 'false';
  synthesized = { template: Template.fromStack(stack).toJSON() as Synthesized['template'] };
  delete process.env['CDK_VALIDATION'];
  await rm(outdir, { recursive: true });
});

/** A role by the ARN that another resource names, with its statements. */
function roleOf(arn: unknown): { readonly id: string; readonly service: unknown; readonly statements: Statement[] } {
  const [id] = (arn as { readonly 'Fn::GetAtt': readonly [string] })['Fn::GetAtt'];
  const { Policies, AssumeRolePolicyDocument, ManagedPolicyArns } =
    synthesized.template.Resources[id]?.Properties ?? {};
  expect(ManagedPolicyArns).toBeUndefined();
  const [trust, ...others] = statementsIn(AssumeRolePolicyDocument) as unknown as [{ Principal: { Service: string } }];
  expect(others).toEqual([]);
  const policies = (Policies as readonly { readonly PolicyDocument: unknown }[]).map((one) => one.PolicyDocument);
  return { id, service: trust.Principal.Service, statements: policies.flatMap(statementsIn) };
}

function statementsIn(document: unknown): Statement[] {
  return (document as { readonly Statement: Statement[] }).Statement;
}

function withIds(type: string): [id: string, resource: Resource][] {
  return Object.entries(synthesized.template.Resources).filter(([, { Type }]) => Type === type);
}

const arnOf = (id: string | undefined) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const allow = (Action: string | readonly string[], Resource: unknown) => ({ Effect: 'Allow', Action, Resource });

test('a function writes its own log and traces, and only one in the network has interfaces made for it', () => {
  const [[logId] = []] = withIds('AWS::Logs::LogGroup');
  const functions = resourcesOf(synthesized, 'AWS::Lambda::Function');
  expect(functions.filter(({ Properties }) => Properties['VpcConfig'] !== undefined).length).toBeGreaterThan(5);

  for (const { Properties } of functions) {
    const { service, statements } = roleOf(Properties['Role']);
    const own = statements.filter(({ Action }) =>
      /^xray:|^ec2:CreateNetworkInterface|^logs:(CreateLogStream|PutLogEvents)/.test(String(Action)),
    );
    const FunctionName = String(Properties['FunctionName']);
    const network = { Effect: 'Allow', Action: NETWORK, Resource: '*' };
    const denial = {
      ...network,
      Effect: 'Deny',
      Condition: {
        ArnEquals: {
          'lambda:SourceFunctionArn': {
            'Fn::Join': [
              '',
              ['arn:', expect.anything(), expect.stringMatching(new RegExp(`:function:${FunctionName}$`))],
            ],
          },
        },
      },
    };

    expect(service).toBe('lambda.amazonaws.com');
    expect({ FunctionName, own }).toEqual({
      FunctionName,
      own: [
        allow(SERVICE_LOG, arnOf(logId)),
        allow(SERVICE_TRACES, '*'),
        ...(Properties['VpcConfig'] === undefined ? [] : [network, denial]),
      ],
    });
  }
});

test('a state machine invokes the functions of its states and no other', () => {
  const machines = resourcesOf(synthesized, 'AWS::StepFunctions::StateMachine');
  expect(machines.length).toBeGreaterThan(0);

  for (const { Properties } of machines) {
    const names = String(Properties['DefinitionString']).matchAll(/"FunctionName":"([^"]+)"/g);
    const invoked = new Set([...names].map(([, name]) => name));
    const functions = withIds('AWS::Lambda::Function')
      .filter(([, one]) => invoked.has(String(one.Properties['FunctionName'])))
      .map(([id]) => arnOf(id));
    const { service, statements } = roleOf(Properties['RoleArn']);
    const [{ Resource: own } = { Resource: [] }] = statements;

    expect(functions).toHaveLength(invoked.size);
    expect(new Set(own as readonly unknown[])).toEqual(new Set(functions));
    expect(service).toBe('states.amazonaws.com');
    expect(statements).toEqual([
      allow('lambda:InvokeFunction', own),
      allow(MACHINE_LOG, '*'),
      allow(MACHINE_TRACES, '*'),
    ]);
  }
});

test('a schedule starts what it is for, keeps what it could not deliver, and does nothing else', () => {
  const [[queueId] = []] = withIds('AWS::SQS::Queue');
  const schedules = resourcesOf(synthesized, 'AWS::Scheduler::Schedule');
  expect(schedules.length).toBeGreaterThan(1);

  for (const { Properties } of schedules) {
    const { Arn, RoleArn } = Properties['Target'] as { readonly Arn: unknown; readonly RoleArn: unknown };
    const isMachine = withIds('AWS::StepFunctions::StateMachine').some(([id]) =>
      JSON.stringify(Arn).includes(`"${id}"`),
    );
    const { service, statements } = roleOf(RoleArn);

    expect(service).toBe('scheduler.amazonaws.com');
    expect(statements).toEqual([
      allow(isMachine ? 'states:StartExecution' : 'lambda:InvokeFunction', Arn),
      allow('sqs:SendMessage', arnOf(queueId)),
    ]);
  }
});

test('there is no role but those of functions, machines, schedules and the rules of alarms', () => {
  const named = (type: string, arnIn: (properties: Resource['Properties']) => unknown) =>
    resourcesOf(synthesized, type).flatMap(({ Properties }) => {
      const arn = arnIn(Properties);
      return arn === undefined ? [] : [roleOf(arn).id];
    });
  const targetsOf = ({ Targets = [] }: Resource['Properties']) => Targets as readonly { readonly RoleArn?: unknown }[];

  const known = [
    ...named('AWS::Lambda::Function', ({ Role }) => Role),
    ...named('AWS::StepFunctions::StateMachine', ({ RoleArn }) => RoleArn),
    ...named('AWS::Scheduler::Schedule', ({ Target }) => (Target as { readonly RoleArn: unknown }).RoleArn),
    ...named('AWS::Events::Rule', (properties) => targetsOf(properties).find(({ RoleArn }) => RoleArn)?.RoleArn),
  ];

  expect([...new Set(known)].sort()).toEqual(
    withIds('AWS::IAM::Role')
      .map(([id]) => id)
      .sort(),
  );
  expect(withIds('AWS::IAM::Policy')).toEqual([]);
});
