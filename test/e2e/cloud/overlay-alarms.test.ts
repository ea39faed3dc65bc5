import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  type PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { until } from '../executions.ts';
import { startPair, withCloud, type Pair } from './pair.ts';
import { makeQueue, messagesOf } from './queue.ts';
import type { Cloud } from './server.ts';

const ALARM = {
  Namespace: 'Shop',
  MetricName: 'Latency',
  Statistic: 'Average',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
} as const;

withCloud('an alarm', () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await startPair('alarms');
  });
  afterAll(() => pair.stop());

  const cloudWatchOf = ({ client }: Cloud) => new CloudWatchClient({ ...client, ...awsClientSettings() });

  async function makeAlarm(cloud: Cloud, alarm: Partial<PutMetricAlarmCommandInput> & { AlarmName: string }) {
    await cloudWatchOf(cloud).send(new PutMetricAlarmCommand({ ...ALARM, ...alarm }));
  }

  async function measure(cloud: Cloud, MetricName: string, service: string) {
    const Dimensions = [{ Name: 'Service', Value: service }];
    const MetricData = [{ MetricName, Dimensions, Value: 5 }];
    await cloudWatchOf(cloud).send(new PutMetricDataCommand({ Namespace: 'Shop', MetricData }));
  }

  async function stateOf(cloud: Cloud, name: string): Promise<string | undefined> {
    const { MetricAlarms = [] } = await cloudWatchOf(cloud).send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
    return MetricAlarms[0]?.StateValue;
  }

  async function untilState(cloud: Cloud, name: string, state: string): Promise<void> {
    await until(`${name} is not ${state}`, 20, async () =>
      (await stateOf(cloud, name)) === state ? state : undefined,
    );
  }

  test('looks at the metric of its own dimensions; stock at all of that name', async () => {
    const alarm = { AlarmName: 'own-dimensions', Dimensions: [{ Name: 'Service', Value: 'search' }] };
    for (const cloud of [pair.stock, pair.patched]) {
      await makeAlarm(cloud, alarm);
      await measure(cloud, 'Latency', 'checkout');
    }

    await untilState(pair.stock, 'own-dimensions', 'ALARM');
    await untilState(pair.patched, 'own-dimensions', 'OK');
    await measure(pair.patched, 'Latency', 'search');
    await untilState(pair.patched, 'own-dimensions', 'ALARM');
  });

  test('needs as many periods as it says; stock takes all of them as one', async () => {
    const Dimensions = [{ Name: 'Service', Value: 'checkout' }];
    const alarm = {
      AlarmName: 'two-periods',
      MetricName: 'Errors',
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
      Dimensions,
    };
    for (const cloud of [pair.stock, pair.patched]) {
      await makeAlarm(cloud, alarm);
      await measure(cloud, 'Errors', 'checkout');
    }

    await untilState(pair.stock, 'two-periods', 'ALARM');
    await untilState(pair.patched, 'two-periods', 'OK');
  });

  test('goes off where no data is breaching, by itself; stock never looks', async () => {
    const alarm = { AlarmName: 'silent', MetricName: 'Heartbeat', TreatMissingData: 'breaching' };
    for (const cloud of [pair.stock, pair.patched]) await makeAlarm(cloud, alarm);

    await untilState(pair.patched, 'silent', 'ALARM');

    expect(await stateOf(pair.stock, 'silent')).toBe('INSUFFICIENT_DATA');
  });

  test('tells the bus that it went off; stock tells nobody', async () => {
    const seen = async (cloud: Cloud) => {
      const queue = await makeQueue(cloud, 'alarm-events');
      const events = new EventBridgeClient({ ...cloud.client, ...awsClientSettings() });
      const EventPattern = JSON.stringify({ source: ['aws.cloudwatch', 'test'] });
      await events.send(new PutRuleCommand({ Name: 'all', EventPattern }));
      await events.send(new PutTargetsCommand({ Rule: 'all', Targets: [{ Id: 'queue', Arn: queue.arn }] }));
      await makeAlarm(cloud, { AlarmName: 'told', MetricName: 'Told' });
      const set = { AlarmName: 'told', StateValue: 'ALARM', StateReason: 'a test' } as const;
      await cloudWatchOf(cloud).send(new SetAlarmStateCommand(set));
      // What comes after it shows that nothing came before.
      const after = { Source: 'test', DetailType: 'after', Detail: '{}' };
      await events.send(new PutEventsCommand({ Entries: [after] }));
      return messagesOf(cloud, queue, (messages) => messages.some((text) => text.includes('"after"')));
    };

    const [stock, patched] = [await seen(pair.stock), await seen(pair.patched)];

    expect(stock.filter((text) => text.includes('aws.cloudwatch'))).toEqual([]);
    const went = patched.map((text) => JSON.parse(text) as { detail: { state?: { value: string } } });
    expect(went.find(({ detail }) => detail.state?.value === 'ALARM')).toMatchObject({
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      resources: ['arn:aws:cloudwatch:us-east-1:123456789012:alarm:told'],
      detail: { alarmName: 'told', state: { value: 'ALARM', reason: 'a test' } },
    });
  });
});
