import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { awsReason } from '../../runtime/aws-client.ts';
import { isDenied } from '../../runtime/policy-grant.ts';
import { createS3Client } from '../../runtime/s3-client.ts';
import { Flaw } from './_flaw.ts';
import { MOST_FILES, type BackupFile, type BackupSource, type Range } from './_source.ts';

/** How often in a row an answer may break off without a single byte more. */
const FRUITLESS_TRIES = 5;
const FIRST_WAIT_MS = 200;

export interface BucketAddress {
  readonly bucket: string;
  /** Empty, or with a `/` at its end: `full` must not list `full-old/`. */
  readonly prefix: string;
}

/** Takes an `s3://` address apart; its path is a key as it stands and not an encoded one. */
export function bucketAddress(url: string): BucketAddress {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/*(.*)$/s.exec(url) ?? [];
  return { bucket, prefix: path === '' || path.endsWith('/') ? path : `${path}/` };
}

let client: S3Client | undefined;

/** The backups below a prefix of a bucket. */
export function bucketSource({ bucket, prefix }: BucketAddress, signal: AbortSignal): BackupSource {
  client ??= createS3Client({ requestTimeoutSeconds: 30 });
  const place = { client, bucket, prefix, signal };
  return {
    location: `s3://${bucket}/${prefix}`,
    showsGrowth: false,
    list: () => listPrefix(place),
    look: (file) => lookAt(place, file),
    open: (file, range) => openObject(place, file, range),
    pour: async (file, range, sink) => {
      for await (const piece of openObject(place, file, range)) sink(piece);
    },
  };
}

interface Place extends BucketAddress {
  readonly client: S3Client;
  readonly signal: AbortSignal;
}

async function listPrefix({ client, bucket, prefix, signal }: Place): Promise<BackupFile[]> {
  const files: BackupFile[] = [];
  let token: string | undefined;
  do {
    const page = await asked(signal, `s3://${bucket}/${prefix}`, () =>
      client.send(
        // Encoded, because XML cannot carry every character that a key may have.
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, EncodingType: 'url', ContinuationToken: token }),
        { abortSignal: signal },
      ),
    );
    // What somebody in between answers has no keys either, and would be taken for a place without backups.
    if (page.IsTruncated === undefined) throw new Unavailable(`s3://${bucket}/${prefix}: the answer is no list`);
    for (const { Key, Size, LastModified, ETag } of page.Contents ?? []) {
      if (Key === undefined || Size === undefined || LastModified === undefined) continue;
      const key = page.EncodingType === 'url' ? decodeURIComponent(Key.replaceAll('+', ' ')) : Key;
      // The console makes an empty object that ends with a slash for a folder.
      if (key.endsWith('/')) continue;
      const file = { path: key.slice(prefix.length), sizeBytes: Size, lastModified: LastModified };
      files.push(ETag === undefined ? file : { ...file, etag: ETag });
    }
    if (files.length > MOST_FILES) {
      throw new Unavailable(`s3://${bucket}/${prefix} holds more than ${MOST_FILES} objects: no folder of backups`);
    }
    if (page.IsTruncated && page.NextContinuationToken === undefined) {
      throw new Unavailable(`s3://${bucket}/${prefix}: a page of the list says that there are more and not where`);
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
  return files;
}

async function lookAt({ client, bucket, prefix, signal }: Place, file: BackupFile): Promise<BackupFile | undefined> {
  const Key = prefix + file.path;
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }), { abortSignal: signal });
    const { ContentLength: sizeBytes = 0, LastModified: lastModified = file.lastModified, ETag } = head;
    const seen = { path: file.path, sizeBytes, lastModified };
    return ETag === undefined ? seen : { ...seen, etag: ETag };
  } catch (thrown) {
    if (statusOf(thrown) === 404) return undefined;
    throw failure(signal, `s3://${bucket}/${Key}`, thrown, 's3:GetObject');
  }
}

/** An object's bytes in order; where the connection breaks, it goes on from the byte reached, as long as that helps. */
async function* openObject(place: Place, file: BackupFile, range: Range = {}): AsyncGenerator<Buffer> {
  const end = Math.min(range.endByte ?? file.sizeBytes, file.sizeBytes);
  let at = range.startByte ?? 0;
  let fruitless = 0;
  while (at < end) {
    const before = at;
    try {
      for await (const piece of await body(place, file, at, end)) {
        const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
        at += bytes.length;
        yield bytes;
      }
      if (at === before) throw new Error('the answer had no bytes');
    } catch (thrown) {
      const failed = failure(place.signal, `s3://${place.bucket}/${place.prefix}${file.path}`, thrown, 's3:GetObject');
      fruitless = at > before ? 0 : fruitless + 1;
      const isFinal = failed instanceof Flaw || statusOf(thrown) === 403;
      if (isFinal || place.signal.aborted || fruitless === FRUITLESS_TRIES) throw failed;
      await wait(FIRST_WAIT_MS * 2 ** fruitless, undefined, { signal: place.signal });
    }
  }
}

async function body(place: Place, file: BackupFile, at: number, end: number): Promise<AsyncIterable<Uint8Array>> {
  const request = new GetObjectCommand({
    Bucket: place.bucket,
    Key: place.prefix + file.path,
    Range: `bytes=${at}-${end - 1}`,
    // Another object under the same key would be joined to the half of this one.
    IfMatch: file.etag,
  });
  const { Body } = await place.client.send(request, { abortSignal: place.signal });
  if (Body === undefined) throw new Error('the answer had no body');
  return Body as unknown as AsyncIterable<Uint8Array>;
}

async function asked<Answer>(signal: AbortSignal, what: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (thrown) {
    if (signal.aborted) throw new Unavailable(`${what} cannot be listed: ${awsReason(thrown)}`);
    throw failure(signal, what, thrown, 's3:ListBucket');
  }
}

/** With the permission where that is what lacks: S3 does not always say which one it is. */
function failure(signal: AbortSignal, what: string, thrown: unknown, permission: string): unknown {
  if (signal.aborted || thrown instanceof Flaw || thrown instanceof Unavailable) return thrown;
  const name = typeof thrown === 'object' && thrown !== null && 'name' in thrown ? String(thrown.name) : '';
  if (name === 'InvalidObjectState')
    return new Flaw('cannot-be-opened', 'it lies in an archive class of S3', { cause: thrown });
  if (statusOf(thrown) === 412) return new Flaw('changed-while-read', 'it is another object than the one listed');
  if (name === 'NoSuchKey') return new Flaw('changed-while-read', 'it was removed while it was being read');
  const lacks = isDenied(thrown) ? ` (${permission})` : '';
  return new Unavailable(`${what} cannot be read${lacks}: ${name} ${messageOf(thrown)}`, { cause: thrown });
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('$metadata' in thrown)) return undefined;
  return (thrown.$metadata as { readonly httpStatusCode?: number }).httpStatusCode;
}
