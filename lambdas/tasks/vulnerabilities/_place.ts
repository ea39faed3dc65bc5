import { fileURLToPath } from 'node:url';
import { partitionOf } from '../../../core/aws-partition.ts';
import { Unavailable } from '../../../core/errors.ts';
import { targetsOf, type ResolvedPlatform } from '../../../core/platform.ts';
import { isReference } from '../../../core/target-kinds.ts';
import type { Permission } from '../../../core/task.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { bucketSource, type BucketAddress } from './_bucket.ts';
import { folderSource } from './_folder.ts';
import type { Source } from './_source.ts';

/** A folder or prefix, or one file of it: an archive. */
export interface Place {
  readonly source: Source;
  /** The path of the one file that the address names. */
  readonly archive: string | undefined;
}

const ARCHIVE = /\.(tar\.gz|tgz|tar|zip)$/i;

/** Opens what an address names. */
export function placeOf(url: string, signal: AbortSignal): Place {
  if (url.startsWith('s3://')) {
    const { bucket, prefix, archive } = addressOf(url);
    return { source: bucketSource({ bucket, prefix }, signal), archive };
  }
  if (!url.startsWith('file:///'))
    throw new Unavailable('the address is neither s3://bucket/prefix/ nor file:///folder/');
  const path = fileURLToPath(url);
  const archive = ARCHIVE.test(path) ? path.slice(path.lastIndexOf('/') + 1) : undefined;
  const folder = archive === undefined ? path : path.slice(0, path.length - archive.length);
  return { source: folderSource(folder, signal), archive };
}

/** Takes an `s3://` address apart; its path is a key as it stands and not an encoded one. */
function addressOf(url: string): BucketAddress & { readonly archive: string | undefined } {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/*(.*)$/s.exec(url) ?? [];
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (ARCHIVE.test(name)) return { bucket, prefix: path.slice(0, path.length - name.length), archive: name };
  // `reports` must not list `reports-old/`.
  return { bucket, prefix: path === '' || path.endsWith('/') ? path : `${path}/`, archive: undefined };
}

/** What a role needs to read the places of a kind of target. */
export function placePermissions(platform: ResolvedPlatform, kind: 'buckets' | 'repositories'): Permission[] {
  return [
    ...secretPermissions(platform, kind),
    ...[...targetsOf(platform, kind).values()].flatMap(({ url }) => permissionsFor(url, platform.region)),
  ];
}

/** What a role needs to read the place that an address, or a reference to one, names. */
export function permissionsFor(url: string, region?: string): Permission[] {
  if (isReference(url)) {
    const because = 'The address is a reference, so the bucket is not known before the task runs.';
    return [{ actions: ['s3:ListBucket', 's3:GetObject'], resources: ['*'], because }];
  }
  if (!url.startsWith('s3://')) return [];
  const { bucket, prefix, archive } = addressOf(url);
  const arn = `arn:${partitionOf(region)}:s3:::${bucket}`;
  return [
    { actions: ['s3:ListBucket'], resources: [arn] },
    { actions: ['s3:GetObject'], resources: [`${arn}/${prefix}${archive ?? '*'}`] },
  ];
}
