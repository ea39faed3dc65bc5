import { beforeAll, expect, test } from '@jest/globals';
import { itsDay, resourcesOf, type Synthesized, synthesizeUnchecked } from './synthesized.ts';

const ALARMS = ['shop-latency', 'shop "errors" *'];

let started: Synthesized;

beforeAll(async () => {
  started = await synthesizeUnchecked((platform) => ({
    ...platform,
    procedures: Object.fromEntries(
      Object.entries(itsDay(platform).procedures).map(([name, procedure]) => [name, { ...procedure, alarms: ALARMS }]),
    ),
  }));
});

const alarmRules = () =>
  resourcesOf(started, 'AWS::Events::Rule').filter(({ Properties }) =>
    JSON.stringify(Properties['EventPattern']).includes('aws.cloudwatch'),
  );

test('each alarm that goes off starts the procedure, by a rule of its own that takes no event of another account', () => {
  const machine = Object.entries(started.template.Resources).find(
    ([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine',
  )?.[0];

  expect(alarmRules().map(({ Properties }) => Properties['EventPattern'])).toEqual(
    ALARMS.map((alarm) => ({
      source: ['aws.cloudwatch'],
      'detail-type': ['CloudWatch Alarm State Change'],
      resources: [
        { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:cloudwatch:eu-west-1:111122223333:alarm:${alarm}`]] },
      ],
      detail: { state: { value: ['ALARM'] } },
    })),
  );
  for (const { Properties } of alarmRules()) {
    expect(Properties).toMatchObject({
      State: 'ENABLED',
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [machine, 'Arn'] },
          RetryPolicy: { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 10 },
        },
      ],
    });
  }
});

test('the start input says that it was an alarm, and which, whatever its name has in it', () => {
  const inputs = alarmRules().map(({ Properties }) => {
    const [target] = Properties['Targets'] as readonly [{ readonly Input: string }];
    return JSON.parse(target.Input) as unknown;
  });

  expect(inputs).toEqual(ALARMS.map((alarm) => ({ trigger: 'alarm', reason: `alarm ${alarm}` })));
});

test('a start that cannot be delivered goes to the dead letters, and the queue takes it from these rules', () => {
  const rules = Object.entries(started.template.Resources)
    .filter(([, resource]) => alarmRules().includes(resource))
    .map(([id]) => ({ 'Fn::GetAtt': [id, 'Arn'] }));
  const policies = JSON.stringify(resourcesOf(started, 'AWS::SQS::QueuePolicy'));

  expect(rules).toHaveLength(ALARMS.length);
  expect(policies).toContain(JSON.stringify({ ArnEquals: { 'aws:SourceArn': rules } }));
  for (const { Properties } of alarmRules()) {
    expect(Properties['Targets']).toMatchObject([{ DeadLetterConfig: { Arn: expect.anything() } }]);
  }
});

test('the role of the rules starts this machine and does nothing else', () => {
  const role = resourcesOf(started, 'AWS::IAM::Role').find(({ Properties }) =>
    String(Properties['Description']).includes('when an alarm goes off'),
  );

  expect(role?.Properties).toMatchObject({
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Principal: { Service: 'events.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
        },
      ],
    },
    Policies: [{ PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'states:StartExecution' }] } }],
  });
});
