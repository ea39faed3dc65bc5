import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { RDSClient } from '@aws-sdk/client-rds';
import { awsClientSettings } from '../../runtime/aws-client.ts';

/** The clients of one region, made once. */
export interface Clients {
  readonly ecs: ECSClient;
  readonly autoScaling: ApplicationAutoScalingClient;
  readonly rds: RDSClient;
  readonly elasticache: ElastiCacheClient;
  readonly cloudwatch: CloudWatchClient;
}

const LIST_LIMITS = { requestTimeoutSeconds: 15, maxAttempts: 5 };

const known = new Map<string, Clients>();

/** The clients of a region; of the one that Fettle runs in where none is given. */
export function clientsOf(region: string | undefined): Clients {
  const place = region === undefined ? {} : { region };
  const key = region ?? '';
  const clients = known.get(key) ?? {
    ecs: new ECSClient({ ...place, ...awsClientSettings(LIST_LIMITS) }),
    autoScaling: new ApplicationAutoScalingClient({
      ...place,
      ...awsClientSettings(LIST_LIMITS),
    }),
    rds: new RDSClient({ ...place, ...awsClientSettings(LIST_LIMITS) }),
    elasticache: new ElastiCacheClient({
      ...place,
      ...awsClientSettings(LIST_LIMITS),
    }),
    cloudwatch: new CloudWatchClient({ ...place, ...awsClientSettings({ requestTimeoutSeconds: 30, maxAttempts: 5 }) }),
  };
  known.set(key, clients);
  return clients;
}
