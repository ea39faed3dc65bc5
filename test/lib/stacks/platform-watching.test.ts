import { beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Procedure } from '../../../core/platform.ts';
import { REPOSITORY } from '../../harness/cruise.ts';
import {
  actionsOf,
  itsDay,
  type Resource,
  resourcesOf,
  statementsOf,
  synthesizeUnchecked,
  type Synthesized,
} from './synthesized.ts';

const STACK = 'fettle-eventchain-prod';
const PLATFORM = [
  { Name: 'Environment', Value: 'prod' },
  { Name: 'Platform', Value: 'eventchain' },
];
let eventchain: Synthesized;

beforeAll(async () => {
  eventchain = await synthesizeUnchecked(itsDay);
});

const alarmsOf = (within: Synthesized) => resourcesOf(within, 'AWS::CloudWatch::Alarm');
const shortName = ({ Properties }: Resource) => String(Properties['AlarmName']).replace(`${STACK}-`, '');

function alarmCalled(name: string, within = eventchain): Resource['Properties'] {
  const alarm = alarmsOf(within).find((one) => shortName(one) === name);
  if (!alarm) throw new Error(`there is no alarm ${name}`);
  return alarm.Properties;
}

/** EventChain with its procedure started in another way. */
const withDaily = (change: (daily: Procedure) => Procedure) =>
  synthesizeUnchecked((platform) => {
    const day = itsDay(platform);
    return { ...day, procedures: { daily: change(day.procedures['daily'] as Procedure) } };
  });

describe('alarms', () => {
  test('each says what no data means and speaks to the topic', () => {
    expect(alarmsOf(eventchain).length).toBeGreaterThan(0);
    for (const { Properties } of alarmsOf(eventchain)) {
      expect(['breaching', 'notBreaching']).toContain(Properties['TreatMissingData']);
      expect(Properties['AlarmActions']).toEqual([{ Ref: expect.stringMatching(/^Alerts/) }]);
    }
  });

  test('each says what it means and the first command to type, which there is', () => {
    for (const { Properties } of alarmsOf(eventchain)) {
      const text = String(Properties['AlarmDescription']);
      const [, command = ''] =
        /^fettle-eventchain-prod: .{20,}\. First: npx fettle (\w+)( daily)? --platform eventchain --env prod$/.exec(
          text,
        ) ?? [];

      expect({ text, isCommand: existsSync(join(REPOSITORY, 'bin', 'commands', `${command}.ts`)) }).toEqual({
        text,
        isCommand: true,
      });
      expect(text.length).toBeLessThan(1_024);
    }
  });

  test('what a procedure found and lost, what was missed, fallen machines, silence, every step, lost messages and the heartbeat have one each', () => {
    const procedure = ['TargetsFailed', 'TargetsUnknown', 'TasksLost', 'RunsMissed', 'ExecutionsFailed', 'Silent'];
    const steps = ['begin-run', 'finish-run', 'reap-run', 'tick'].flatMap((step) => [
      `${step}-Errors`,
      `${step}-Throttles`,
    ]);

    expect(alarmsOf(eventchain).map(shortName).toSorted()).toEqual(
      [...procedure.map((name) => `daily-${name}`), ...steps, 'Undelivered', 'Heartbeat'].sort(),
    );
  });

  test('a daily procedure without an ended run for longer than a day is an alarm, because missing is breaching', () => {
    expect(alarmCalled('daily-Silent')).toMatchObject({
      MetricName: 'RunsEnded',
      Namespace: 'Fettle',
      Period: 3_600,
      EvaluationPeriods: 26,
      TreatMissingData: 'breaching',
      Dimensions: [...PLATFORM, { Name: 'Procedure', Value: 'daily' }],
    });
  });

  test('a heartbeat that stays away for two of its periods is an alarm, because missing is breaching; one that is late is none', () => {
    expect(alarmCalled('Heartbeat')).toMatchObject({
      MetricName: 'Heartbeat',
      Namespace: 'Fettle',
      Dimensions: PLATFORM,
      Period: 900,
      EvaluationPeriods: 2,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });

  test('a run that Tick misses is an alarm at once, also of a procedure that is too rare for one on its silence', async () => {
    const weekly = await withDaily((daily) => ({ ...daily, schedule: 'cron(0 2 ? * SUN *)' }));

    expect(alarmCalled('daily-RunsMissed', weekly)).toMatchObject({
      MetricName: 'RunsMissed',
      Namespace: 'Fettle',
      Dimensions: [...PLATFORM, { Name: 'Procedure', Value: 'daily' }],
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
    expect(alarmsOf(weekly).map(shortName)).not.toContain('daily-Silent');
  });

  test('a procedure that only persons start can miss nothing', async () => {
    const manual = await withDaily(({ name, timezone, budgetSeconds, planOnly, steps }) => ({
      ...{ name, timezone, budgetSeconds, planOnly, steps },
    }));

    expect(alarmsOf(manual).map(shortName)).not.toContain('daily-RunsMissed');
    expect(alarmsOf(manual).map(shortName)).toContain('daily-TasksLost');
  });

  test('CloudWatch may publish to the topic, whose policy has replaced the standard one', () => {
    const [policy] = resourcesOf(eventchain, 'AWS::SNS::TopicPolicy');

    expect(JSON.stringify(policy)).toContain('"Principal":{"Service":"cloudwatch.amazonaws.com"}');
    expect(JSON.stringify(policy)).toContain('"aws:SecureTransport":"false"');
  });
});

describe('Tick', () => {
  test('is called every 15 minutes, and what cannot be delivered or done goes to the dead letters', () => {
    const schedule = resourcesOf(eventchain, 'AWS::Scheduler::Schedule').find(
      ({ Properties }) => Properties['Name'] === `${STACK}-tick`,
    );
    const tick = resourcesOf(eventchain, 'AWS::Lambda::Function').find(
      ({ Properties }) => Properties['FunctionName'] === `${STACK}-tick`,
    );
    const undelivered = { 'Fn::GetAtt': [expect.stringMatching(/^Undelivered/), 'Arn'] };

    expect(schedule?.Properties).toMatchObject({
      State: 'ENABLED',
      ScheduleExpression: 'rate(15 minutes)',
      Target: {
        Arn: { 'Fn::GetAtt': [expect.stringMatching(/^Functiontick/), 'Arn'] },
        RetryPolicy: { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 3 },
        DeadLetterConfig: { Arn: undelivered },
      },
    });
    expect(tick?.Properties).toMatchObject({ DeadLetterConfig: { TargetArn: undelivered } });
  });

  test('removes nothing but pointers of runs that it has ended, and tells the topic and one namespace', () => {
    const statements = statementsOf(eventchain, `${STACK}-tick`);

    const removed = statements.filter(({ Action }) => Action === 's3:DeleteObject');
    expect(removed.map(({ Resource }) => JSON.stringify(Resource))).toEqual([expect.stringContaining('/state/open/*')]);
    expect(actionsOf(statements)).toEqual(expect.arrayContaining(['sns:Publish', 'cloudwatch:PutMetricData']));
    expect(actionsOf(statements)).not.toContain('states:StartExecution');
  });
});

describe('the dashboard', () => {
  interface Widget {
    readonly properties: { readonly title?: string; readonly markdown?: string; readonly metrics?: readonly unknown[] };
  }
  const bodyText = (within: Synthesized) => {
    const [dashboard] = resourcesOf(within, 'AWS::CloudWatch::Dashboard');
    const body = dashboard?.Properties['DashboardBody'];
    const parts = typeof body === 'string' ? [body] : (body as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
    return parts.map((part) => (typeof part === 'string' ? part : 'arn')).join('');
  };
  const widgetsOf = (within: Synthesized) => (JSON.parse(bodyText(within)) as { widgets: Widget[] }).widgets;

  test('shows verdicts, durations, what was missed and lost, ages of passes, heartbeat, functions and dead letters', () => {
    const titles = widgetsOf(eventchain).map(({ properties }) => properties.title);

    expect(titles).toEqual([
      undefined,
      'Alarms',
      'daily: targets by verdict',
      'daily: duration',
      'daily: runs and what was lost',
      'Age of the newest pass of each check',
      'Heartbeat, every 15 minutes',
      'Errors of functions',
      'Throttles of functions',
      'Starts and endings that were not delivered',
    ]);
  });

  test('has the very metrics that runs and Tick put, with their dimensions', () => {
    const text = bodyText(eventchain);
    const own = '"Environment","prod","Platform","eventchain"';
    for (const name of [
      'TargetsPassed',
      'TargetsWarned',
      'TargetsUnknown',
      'TargetsFailed',
      'Duration',
      'RunsEnded',
      'RunsMissed',
      'TasksLost',
    ]) {
      expect(text).toContain(`["Fettle","${name}",${own},"Procedure","daily"`);
    }
    expect(text).toContain(`["Fettle","SecondsSincePass",${own},"Task","postgres-vacuum"`);
    expect(text).toContain(`["Fettle","Heartbeat",${own},{`);
    expect(text).toContain(`["AWS/Lambda","Throttles","FunctionName","${STACK}-postgres-vacuum"`);
    expect(text).toContain(`"QueueName","${STACK}-undelivered"`);
  });

  test('says how a run is started, and by what', () => {
    const [text] = widgetsOf(eventchain);

    expect(text?.properties.markdown).toContain('npx fettle start daily --platform eventchain --env prod');
    expect(text?.properties.markdown).toContain('**daily** (`cron(0 2 * * ? *)` UTC)');
  });
});
