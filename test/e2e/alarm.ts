import { CloudWatchClient, PutMetricAlarmCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { awsClientSettings } from '../../lambdas/runtime/aws-client.ts';
import type { Cloud } from './cloud/server.ts';

const METRIC = {
  Namespace: 'Shop',
  MetricName: 'Latency',
  Dimensions: [{ Name: 'Service', Value: 'checkout' }],
};

/** Makes an alarm of the platform's own and gives it a reason: five seconds where one is allowed. */
export async function raiseAlarm({ client }: Cloud, AlarmName: string): Promise<void> {
  const cloudWatch = new CloudWatchClient({ ...client, ...awsClientSettings() });
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      ...METRIC,
      AlarmName,
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    }),
  );
  const { Namespace, ...metric } = METRIC;
  await cloudWatch.send(new PutMetricDataCommand({ Namespace, MetricData: [{ ...metric, Value: 5 }] }));
  cloudWatch.destroy();
}
