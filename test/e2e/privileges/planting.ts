import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import type { Cloud } from '../cloud/server.ts';
import { plantTargets, type Targets } from '../targets.ts';

const SECRETS = {
  'privileges/authorization': 'Bearer none',
  'privileges/application': 'cloudwatch-logs:/eventchain/prod/application',
  'privileges/quiet': 'cloudwatch-logs:/privileges/quiet',
  'privileges/backups': 's3://eventchain-backups/database/full/',
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
  const iam = new IAMClient({ ...client, ...awsClientSettings() });
  const trust = {
    Effect: 'Allow',
    Principal: { Service: 'eks.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'eks', AssumeRolePolicyDocument }));
  const eks = new EKSClient({ ...client, ...awsClientSettings() });
  await eks.send(new CreateClusterCommand({ name: 'privileges', roleArn: Role?.Arn, resourcesVpcConfig: {} }));
  for (const one of [secrets, logs, metrics, iam, eks]) one.destroy();
}

/** Takes back what `logs-enforce-retention` did, so that it has something to do again. */
export async function forgetRetention({ client }: Cloud): Promise<void> {
  const logs = new CloudWatchLogsClient({ ...client, ...awsClientSettings() });
  for (const logGroupName of RETAINED) await logs.send(new DeleteRetentionPolicyCommand({ logGroupName }));
  logs.destroy();
}
