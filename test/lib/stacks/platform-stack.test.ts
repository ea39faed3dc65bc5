import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOf, type Procedure } from '../../../core/platform.ts';
import { resourceName } from '../../../state-machines/names.ts';
import { procedureDefinition } from '../../../state-machines/procedure.ts';
import { itsDay, type Resource, resourcesOf, synthesizeUnchecked, type Synthesized } from './synthesized.ts';

let eventchain: Synthesized;

beforeAll(async () => {
  eventchain = await synthesizeUnchecked(itsDay);
});

const TICK = 'fettle-eventchain-prod-tick';
const nameOf = ({ Properties }: Resource) => Properties['Name'];

function withoutSchedule({ name, timezone, budgetSeconds, planOnly, steps }: Procedure): Procedure {
  return { name, timezone, budgetSeconds, planOnly, steps };
}

describe('what is deployed', () => {
  test('there is a function for every task in use and every step, and for nothing else', () => {
    const { platform, stack } = eventchain;
    const tasks = Object.values(platform.procedures).flatMap((procedure) => entriesOf(procedure));
    const handlers = new Set([...tasks.map(({ task }) => task), 'begin-run', 'finish-run', 'reap-run', 'tick']);

    const names = resourcesOf(eventchain, 'AWS::Lambda::Function').map(({ Properties }) => Properties['FunctionName']);

    expect(names.toSorted()).toEqual([...handlers].map((name) => resourceName(stack.stackName, name)).sort());
  });

  test('a task that no procedure has gets no function', async () => {
    const fewer = await synthesizeUnchecked((platform) => ({
      ...platform,
      procedures: Object.fromEntries(
        Object.entries(platform.procedures).map(([name, procedure]) => [
          name,
          { ...procedure, steps: entriesOf(procedure).filter(({ task }) => task === 'postgres-analyze') },
        ]),
      ),
    }));

    const names = resourcesOf(fewer, 'AWS::Lambda::Function').map(({ Properties }) => Properties['FunctionName']);

    expect(names).toHaveLength(5);
    expect(names).toContain('fettle-eventchain-prod-postgres-analyze');
  });

  test('every function runs on Node.js 24 and arm64, says its memory and time limit, and logs into the one log', () => {
    for (const { Properties } of resourcesOf(eventchain, 'AWS::Lambda::Function')) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        MemorySize: 512,
        Timeout: expect.any(Number),
        LoggingConfig: { LogGroup: expect.anything() },
        Environment: { Variables: { FETTLE_STORE: { 'Fn::Join': ['', ['s3://', expect.anything()]] } } },
      });
    }
    expect(resourcesOf(eventchain, 'AWS::Logs::LogGroup')).toMatchObject([{ Properties: { RetentionInDays: 365 } }]);
  });

  test('only functions of databases and clusters stand in the network of the environment', () => {
    const inNetwork = resourcesOf(eventchain, 'AWS::Lambda::Function')
      .filter(({ Properties }) => 'VpcConfig' in Properties)
      .map(({ Properties }) => String(Properties['FunctionName']));

    expect(inNetwork.length).toBeGreaterThan(0);
    for (const name of inNetwork) expect(name).toMatch(/-(postgres|redis|kubernetes)-/);
  });

  test('the state machine is word for word the definition that runs on one machine', () => {
    const { platform } = eventchain;
    const expected = Object.values(platform.procedures).map((procedure) =>
      JSON.stringify(procedureDefinition(platform, procedure)),
    );

    const machines = resourcesOf(eventchain, 'AWS::StepFunctions::StateMachine');

    expect(machines.map(({ Properties }) => Properties['DefinitionString'])).toEqual(expected);
    for (const { Properties } of machines) {
      expect(Properties).toMatchObject({
        StateMachineType: 'STANDARD',
        LoggingConfiguration: { Level: 'ERROR' },
        TracingConfiguration: { Enabled: true },
      });
    }
  });

  test('a schedule starts the machine in its time zone, at its time or within 15 minutes, or tells the dead letters', async () => {
    const inBerlin = await synthesizeUnchecked((platform) => ({
      ...platform,
      procedures: Object.fromEntries(
        Object.entries(itsDay(platform).procedures).map(([name, it]) => [name, { ...it, timezone: 'Europe/Berlin' }]),
      ),
    }));

    const schedules = resourcesOf(inBerlin, 'AWS::Scheduler::Schedule');
    const schedule = schedules.find(({ Properties }) => String(Properties['Name']).endsWith('-daily'));

    expect(schedules.filter((other) => other !== schedule).map(nameOf)).toEqual([TICK]);
    expect(schedule?.Properties).toMatchObject({
      ScheduleExpression: 'cron(0 2 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Input: '{"trigger":"schedule","scheduledTime":"<aws.scheduler.scheduled-time>"}',
        RetryPolicy: { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 10 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^Undelivered/), 'Arn'] } },
      },
    });
  });

  test('a procedure without a schedule gets a machine and no schedule', async () => {
    const unscheduled = await synthesizeUnchecked((platform) => ({
      ...platform,
      procedures: Object.fromEntries(
        Object.entries(itsDay(platform).procedures).map(([name, it]) => [name, withoutSchedule(it)]),
      ),
    }));

    expect(resourcesOf(unscheduled, 'AWS::Scheduler::Schedule').map(nameOf)).toEqual([TICK]);
    expect(resourcesOf(unscheduled, 'AWS::StepFunctions::StateMachine')).toHaveLength(1);
  });

  test('every machine that dies is handed to reap-run, and what cannot be handed over is kept', () => {
    const machines = Object.entries(eventchain.template.Resources).filter(
      ([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine',
    );
    const [rule] = resourcesOf(eventchain, 'AWS::Events::Rule');

    expect(rule?.Properties['EventPattern']).toEqual({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: {
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        stateMachineArn: machines.map(([id]) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
      },
    });
    expect(rule?.Properties['Targets']).toMatchObject([
      {
        Arn: { 'Fn::GetAtt': [expect.stringMatching(/^Functionreaprun/), 'Arn'] },
        DeadLetterConfig: { Arn: expect.anything() },
        RetryPolicy: { MaximumRetryAttempts: 20 },
      },
    ]);
  });

  test('thirty procedures on top of it stay below 400 resources', async () => {
    const many = await synthesizeUnchecked((platform) => {
      const [first] = Object.values(platform.procedures);
      if (!first) throw new Error('eventchain has no procedure');
      const copies = Array.from({ length: 30 }, (_, place) => ({ ...first, name: `daily-${place}` }));
      const procedures = Object.fromEntries(copies.map((copy) => [copy.name, copy]));
      return { ...platform, procedures: { daily: first, ...procedures } };
    });

    expect(Object.keys(many.template.Resources).length).toBeLessThan(400);
    expect(resourcesOf(many, 'AWS::Events::Rule')).toHaveLength(4);
  });

  test('what the command line needs of it is an output', () => {
    expect(Object.keys(eventchain.template.Outputs).toSorted()).toEqual(['Arndaily', 'BucketName', 'TopicArn']);
  });
});

describe('the assets', () => {
  test('Begin and Tick alone carry the profile, and its secrets are references in it', async () => {
    const { folder, template, platform } = eventchain;
    const assets = Object.values(template.Resources).flatMap((resource) => {
      const asset = (resource as { Metadata?: Record<string, unknown> }).Metadata?.['aws:asset:path'];
      return typeof asset === 'string' ? [{ name: String(resource.Properties['FunctionName']), asset }] : [];
    });
    const carriers = assets.filter(({ name }) => /-(begin-run|tick)$/.test(name));

    expect(carriers).toHaveLength(2);
    for (const { asset } of carriers) {
      const profile = await readFile(join(folder, asset, 'profile.json'), 'utf8');
      expect(JSON.parse(profile)).toEqual(platform);
      expect(profile).toContain('secret:eventchain/prod/db');
      expect(profile).not.toMatch(/postgres(ql)?:\/\/|password/i);
    }
    for (const { asset } of assets.filter((other) => !carriers.includes(other))) {
      await expect(readFile(join(folder, asset, 'profile.json'))).rejects.toThrow('ENOENT');
    }
  });
});
