import { S3Client } from '@aws-sdk/client-s3';
import { awsClientSettings, type AwsClientLimits } from './aws-client.ts';

/** A client whose every call ends: bounded in time, and tried again only a few times. Without a region, that of the surroundings. */
export function createS3Client({ region, ...limits }: AwsClientLimits & { readonly region?: string } = {}): S3Client {
  return new S3Client({
    ...(region !== undefined && { region }),
    // A server under an address of our own does not have a name for each bucket.
    forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined,
    ...awsClientSettings({ maxAttempts: 4, ...limits }),
  });
}
