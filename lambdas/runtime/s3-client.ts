import { S3Client } from '@aws-sdk/client-s3';

export interface S3ClientLimits {
  readonly connectionTimeoutSeconds?: number;
  /** Until the answer begins, and the longest silence while its body comes. */
  readonly requestTimeoutSeconds?: number;
  readonly maxAttempts?: number;
}

/** A client whose every call ends: bounded in time, and tried again only a few times. */
export function createS3Client({
  connectionTimeoutSeconds = 3,
  requestTimeoutSeconds = 10,
  maxAttempts = 4,
}: S3ClientLimits = {}): S3Client {
  return new S3Client({
    // A server under an address of our own does not have a name for each bucket.
    forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined,
    maxAttempts,
    requestHandler: {
      connectionTimeout: connectionTimeoutSeconds * 1_000,
      requestTimeout: requestTimeoutSeconds * 1_000,
      // Without it the SDK only warns, and a body that stops coming is waited for without end.
      throwOnRequestTimeout: true,
      socketTimeout: requestTimeoutSeconds * 1_000,
    },
  });
}
