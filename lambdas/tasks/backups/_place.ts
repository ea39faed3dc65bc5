import { fileURLToPath } from 'node:url';
import { Unavailable } from '../../../core/errors.ts';
import { isReference } from '../../../core/target-kinds.ts';
import type { Permission } from '../../../core/task.ts';
import { bucketAddress, bucketSource } from './_bucket.ts';
import { directorySource } from './_directory.ts';
import type { BackupSource } from './_source.ts';

/** Opens the place that an address names. */
export function sourceOf(url: string, signal: AbortSignal): BackupSource {
  if (url.startsWith('s3://')) return bucketSource(bucketAddress(url), signal);
  if (url.startsWith('file:///')) return directorySource(fileURLToPath(url), signal);
  throw new Unavailable('the address is neither s3://bucket/prefix/ nor file:///folder/');
}

/** What a role needs to read the place that an address, or a reference to one, names. */
export function permissionsFor(url: string): Permission[] {
  if (isReference(url)) {
    const because = 'The address is a reference, so the bucket is not known before the task runs.';
    return [{ actions: ['s3:ListBucket', 's3:GetObject'], resources: ['*'], because }];
  }
  if (!url.startsWith('s3://')) return [];
  const { bucket, prefix } = bucketAddress(url);
  return [
    { actions: ['s3:ListBucket'], resources: [`arn:aws:s3:::${bucket}`] },
    { actions: ['s3:GetObject'], resources: [`arn:aws:s3:::${bucket}/${prefix}*`] },
  ];
}
