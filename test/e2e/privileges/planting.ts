import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import type { Cloud } from '../cloud/server.ts';
import { plantTargets, type Targets } from '../targets.ts';

const SECRETS = {
  'privileges/authorization': 'Bearer none',
  'privileges/application': 'cloudwatch-logs:/eventchain/prod/application',
  'privileges/quiet': 'cloudwatch-logs:/privileges/quiet',
  'privileges/backups': 's3://eventchain-backups/database/full/',
  'privileges/images': 's3://eventchain-reports/trivy/',
  'privileges/audits': 's3://privileges/audits/',
  'privileges/code': 's3://privileges/code/',
};
/** An audit of dependencies that found nothing, and a repository of one file. */
const OBJECTS = {
  'audits/shop/npm-audit.json': JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: {},
    metadata: { vulnerabilities: { total: 0 }, dependencies: { prod: 12, dev: 0, total: 12 } },
  }),
  'code/src/config.ts': 'export const password = process.env.SHOP_PASSWORD;\n',
};
/** The group of the address, and one below it: a role has a right of its own for each. */
const RETAINED = ['/eventchain/prod/application', '/eventchain/prod/application/web'];
const MADE = ['/eventchain/prod/application/web', '/privileges/quiet'];

/** Plants what the two profiles have as targets: the servers of the end-to-end tests, and what only AWS has. */
export async function plantAll(cloud: Cloud, now: Date): Promise<Targets> {
  const targets = await plantTargets(cloud, now);
  try {
    await plantCloud(cloud, now);
    return targets;
  } catch (thrown) {
    await targets.stop();
    throw thrown;
  }
}

async function plantCloud({ client }: Cloud, now: Date): Promise<void> {
  const secrets = new SecretsManagerClient({ ...client, ...awsClientSettings() });
  for (const [Name, SecretString] of Object.entries(SECRETS)) {
    await secrets.send(new CreateSecretCommand({ Name, SecretString }));
  }
  const logs = new CloudWatchLogsClient({ ...client, ...awsClientSettings() });
  for (const logGroupName of MADE) await logs.send(new CreateLogGroupCommand({ logGroupName }));
  const metrics = new CloudWatchClient({ ...client, ...awsClientSettings() });
  await metrics.send(
    new PutMetricDataCommand({
      Namespace: 'AWS/EC2',
      MetricData: [
        {
          MetricName: 'CPUUtilization',
          Dimensions: [{ Name: 'InstanceId', Value: 'i-0123456789abcdef0' }],
          Timestamp: new Date(now.getTime() - 300_000),
          Value: 12,
        },
      ],
    }),
  );
  const s3 = new S3Client({ ...client, forcePathStyle: true, ...awsClientSettings() });
  await s3.send(new CreateBucketCommand({ Bucket: 'privileges' }));
  for (const [Key, Body] of Object.entries(OBJECTS)) {
    await s3.send(new PutObjectCommand({ Bucket: 'privileges', Key, Body }));
  }
  for (const one of [secrets, logs, metrics, s3]) one.destroy();
}

/** Takes back what `logs-enforce-retention` did, so that it has something to do again. */
export async function forgetRetention({ client }: Cloud): Promise<void> {
  const logs = new CloudWatchLogsClient({ ...client, ...awsClientSettings() });
  for (const logGroupName of RETAINED) await logs.send(new DeleteRetentionPolicyCommand({ logGroupName }));
  logs.destroy();
}
