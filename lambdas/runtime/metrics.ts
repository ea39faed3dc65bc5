import { CloudWatchClient, type Dimension, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { awsClientSettings } from './aws-client.ts';

let cloudWatch: CloudWatchClient | undefined;

/** What one call takes. */
const MOST_PER_CALL = 1_000;

/** The dimensions that every metric of a platform has, and those of its own. */
export function platformDimensions(
  { platform, environment }: { readonly platform: string; readonly environment: string },
  own: Readonly<Record<string, string>> = {},
): Dimension[] {
  return Object.entries({ Platform: platform, Environment: environment, ...own }).map(([Name, Value]) => ({
    Name,
    Value,
  }));
}

/** Puts metrics, in as few calls as can be; does nothing where nobody reads them (`FETTLE_METRICS`: a deployed function). */
export async function putMetrics(data: readonly MetricDatum[]): Promise<void> {
  if (!process.env['FETTLE_METRICS']) return;
  cloudWatch ??= new CloudWatchClient(awsClientSettings());
  for (let start = 0; start < data.length; start += MOST_PER_CALL) {
    const MetricData = data.slice(start, start + MOST_PER_CALL);
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'Fettle', MetricData }));
  }
}
