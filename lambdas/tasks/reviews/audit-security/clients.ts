import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { GuardDutyClient } from '@aws-sdk/client-guardduty';
import { IAMClient } from '@aws-sdk/client-iam';
import { Inspector2Client } from '@aws-sdk/client-inspector2';
import { S3Client } from '@aws-sdk/client-s3';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { awsClientSettings } from '../../../runtime/aws-client.ts';

/** The clients of one region, made once; those of what is global answer in every region. */
export interface SecurityClients {
  readonly ec2: EC2Client;
  readonly ecr: ECRClient;
  readonly guardduty: GuardDutyClient;
  readonly iam: IAMClient;
  readonly inspector: Inspector2Client;
  readonly s3: S3Client;
  readonly securityHub: SecurityHubClient;
  readonly ssm: SSMClient;
  readonly sts: STSClient;
}

// Security Hub and ECR throttle early, and the audit has minutes.
const LIMITS = { requestTimeoutSeconds: 20, maxAttempts: 6 };

const known = new Map<string, SecurityClients>();

/** The clients of a region; of the one that Fettle runs in where none is given. */
export function securityClients(region: string | undefined): SecurityClients {
  const place = region === undefined ? {} : { region };
  const key = region ?? '';
  const clients = known.get(key) ?? {
    ec2: new EC2Client({ ...place, ...awsClientSettings(LIMITS) }),
    ecr: new ECRClient({ ...place, ...awsClientSettings(LIMITS) }),
    guardduty: new GuardDutyClient({ ...place, ...awsClientSettings(LIMITS) }),
    iam: new IAMClient({ ...place, ...awsClientSettings(LIMITS) }),
    inspector: new Inspector2Client({ ...place, ...awsClientSettings(LIMITS) }),
    s3: new S3Client({
      ...place,
      // A server under an address of our own does not have a name for each bucket.
      forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined,
      ...awsClientSettings(LIMITS),
    }),
    securityHub: new SecurityHubClient({ ...place, ...awsClientSettings(LIMITS) }),
    ssm: new SSMClient({ ...place, ...awsClientSettings(LIMITS) }),
    sts: new STSClient({ ...place, ...awsClientSettings(LIMITS) }),
  };
  known.set(key, clients);
  return clients;
}
