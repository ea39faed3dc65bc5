import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { STSClient } from '@aws-sdk/client-sts';
import { awsClientSettings } from '../../lambdas/runtime/aws-client.ts';

/** The AWS clients of one region; they share the credentials, so that a person who must log in does so once. */
export type Clients = ReturnType<typeof connect>;

/** Clients for a region, whatever the person's own settings have; credentials come from the SDK's own chain. */
export function connect(region: string) {
  const sts = new STSClient({ region, ...awsClientSettings() });
  const shared = { region, credentials: sts.config.credentials };
  return {
    region,
    sts,
    cloudFormation: new CloudFormationClient({ ...shared, ...awsClientSettings() }),
    cloudWatch: new CloudWatchClient({ ...shared, ...awsClientSettings() }),
    eventBridge: new EventBridgeClient({ ...shared, ...awsClientSettings() }),
    lambda: new LambdaClient({ ...shared, ...awsClientSettings() }),
    logs: new CloudWatchLogsClient({ ...shared, ...awsClientSettings() }),
    s3: new S3Client({
      ...shared,
      ...awsClientSettings(),
      forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined,
    }),
    scheduler: new SchedulerClient({ ...shared, ...awsClientSettings() }),
    sns: new SNSClient({ ...shared, ...awsClientSettings() }),
    stepFunctions: new SFNClient({ ...shared, ...awsClientSettings() }),
  };
}
