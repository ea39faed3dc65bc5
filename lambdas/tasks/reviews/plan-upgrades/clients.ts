import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { SSMClient } from '@aws-sdk/client-ssm';
import { awsClientSettings } from '../../../runtime/aws-client.ts';

/** The clients of one region, made once. */
export interface Clients {
  readonly ec2: EC2Client;
  readonly eks: EKSClient;
  readonly elasticache: ElastiCacheClient;
  readonly lambda: LambdaClient;
  readonly rds: RDSClient;
  readonly ssm: SSMClient;
}

/** Clients, and the signal that ends what they do. */
export interface Reader {
  readonly clients: Clients;
  readonly signal: AbortSignal;
}

const LIST_LIMITS = { requestTimeoutSeconds: 20, maxAttempts: 5 };

const known = new Map<string, Clients>();

/** The clients of a region; of the one that Fettle runs in where none is given. */
export function clientsOf(region: string | undefined): Clients {
  const place = region === undefined ? {} : { region };
  const key = region ?? '';
  const clients = known.get(key) ?? {
    ec2: new EC2Client({ ...place, ...awsClientSettings(LIST_LIMITS) }),
    eks: new EKSClient({ ...place, ...awsClientSettings(LIST_LIMITS) }),
    elasticache: new ElastiCacheClient({ ...place, ...awsClientSettings(LIST_LIMITS) }),
    lambda: new LambdaClient({ ...place, ...awsClientSettings(LIST_LIMITS) }),
    rds: new RDSClient({ ...place, ...awsClientSettings(LIST_LIMITS) }),
    ssm: new SSMClient({ ...place, ...awsClientSettings(LIST_LIMITS) }),
  };
  known.set(key, clients);
  return clients;
}
