import { GetBucketPolicyCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import type { Cloud } from '../cloud/server.ts';

const Sid = 'DeniedByTheTest';

/** Denies everybody to write below a prefix of a bucket; gives the way to take that back. */
export async function denyWrites({ client }: Cloud, bucket: string, prefix: string): Promise<() => Promise<void>> {
  const s3 = new S3Client({ ...client, forcePathStyle: true, ...awsClientSettings() });
  const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket: bucket }));
  const known = JSON.parse(Policy) as { Statement: readonly unknown[] };
  const Resource = `arn:aws:s3:::${bucket}/${prefix}*`;
  const denial = { Sid, Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource };
  const put = (policy: object) =>
    s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }));
  await put({ ...known, Statement: [...known.Statement, denial] });
  return async () => {
    await put(known);
    s3.destroy();
  };
}
