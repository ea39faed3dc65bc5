import { messageOf, Unavailable } from '../../core/errors.ts';

export type S3Operation = 'GetObject' | 'HeadObject' | 'PutObject' | 'DeleteObject' | 'ListObjectsV2';

const PERMISSIONS: Readonly<Record<S3Operation, string>> = {
  // Who may not list gets «access denied» for a key that does not exist, too.
  GetObject: 's3:GetObject, and s3:ListBucket to be told that a key does not exist',
  HeadObject: 's3:GetObject, and s3:ListBucket to be told that a key does not exist',
  PutObject: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
};

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['NoSuchBucket', 'the bucket does not exist'],
  ['SlowDown', 'S3 is throttling this prefix'],
  ['TimeoutError', 'no answer in time'],
]);

/** The HTTP status of S3's answer; undefined where none came. */
export function statusOf(thrown: unknown): number | undefined {
  return metadataOf(thrown)?.httpStatusCode;
}

/** Whether the SDK had sent the request before this answer's, so that an earlier one may have been carried out. */
export function wasSentBefore(thrown: unknown): boolean {
  return metadataOf(thrown)?.attempts !== 1;
}

export function nameOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown ? String(thrown.name) : messageOf(thrown);
}

/** The failure of a call in words: the operation, the key, S3's name for it, and what would help. */
export function s3Failure(operation: S3Operation, bucket: string, key: string, thrown: unknown): Unavailable {
  const isDenied = nameOf(thrown) === 'AccessDenied' || (operation === 'HeadObject' && statusOf(thrown) === 403);
  const name = isDenied ? 'AccessDenied' : nameOf(thrown);
  const resource = `arn:aws:s3:::${bucket}${operation === 'ListObjectsV2' ? '' : '/*'}`;
  const remedy = isDenied ? `the caller needs ${PERMISSIONS[operation]} on ${resource}` : REMEDIES.get(name);
  const said = `${operation} of ${JSON.stringify(key)} in s3://${bucket} failed: ${name}`;
  const attempts = metadataOf(thrown)?.attempts ?? 1;
  return new Unavailable(
    [said, ...(remedy ? [remedy] : []), messageOf(thrown)].join(': ') +
      (attempts > 1 ? ` (after ${attempts} attempts)` : ''),
  );
}

function metadataOf(thrown: unknown): { readonly httpStatusCode?: number; readonly attempts?: number } | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('$metadata' in thrown)) return undefined;
  return thrown.$metadata ?? undefined;
}
