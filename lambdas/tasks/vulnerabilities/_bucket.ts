import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { awsReason } from '../../runtime/aws-client.ts';
import { printable } from '../../runtime/http-failure.ts';
import { isDenied } from '../../runtime/policy-grant.ts';
import { createS3Client } from '../../runtime/s3-client.ts';
import { statusOf } from '../../runtime/s3-failure.ts';
import { Flaw } from './_flaw.ts';
import { MOST_FILES, type PassedBy, type Source, type SourceFile } from './_source.ts';

/** How often in a row an answer may break off without a single byte more. */
const FRUITLESS_TRIES = 5;
const FIRST_WAIT_MS = 200;

export interface BucketAddress {
  readonly bucket: string;
  /** The part of the key that all objects of the place have in common. */
  readonly prefix: string;
}

let client: S3Client | undefined;

/** The objects below a prefix of a bucket. */
export function bucketSource({ bucket, prefix }: BucketAddress, signal: AbortSignal): Source {
  client ??= createS3Client({ requestTimeoutSeconds: 30 });
  const place = { client, bucket, prefix, signal };
  return {
    location: `s3://${bucket}/${prefix}`,
    list: (leftOut) => listPrefix(place, leftOut),
    look: (path) => lookAt(place, path),
    open: (file) => openObject(place, file),
  };
}

interface Place extends BucketAddress {
  readonly client: S3Client;
  readonly signal: AbortSignal;
}

async function listPrefix(place: Place, leftOut: ReadonlySet<string>) {
  const { client, bucket, prefix, signal } = place;
  const files: SourceFile[] = [];
  const leftOutFolders = new Set<string>();
  const passedBy: PassedBy = { links: 0, folders: 0, unread: [] };
  const what = `s3://${bucket}/${prefix}`;
  let token: string | undefined;
  do {
    const asked = token;
    const page = await orFail(place, what, 's3:ListBucket', () =>
      client.send(
        // Encoded, because XML cannot carry every character that a key may have.
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, EncodingType: 'url', ContinuationToken: asked }),
        { abortSignal: signal },
      ),
    );
    // What somebody in between answers has no keys either, and would be taken for an empty place.
    if (page.IsTruncated === undefined) throw new Unavailable(`${what}: the answer is no list`);
    for (const { Key, Size, LastModified, ETag } of page.Contents ?? []) {
      if (Key === undefined || Size === undefined || LastModified === undefined) continue;
      const key = page.EncodingType === 'url' ? decodeURIComponent(Key.replaceAll('+', ' ')) : Key;
      // The console makes an empty object that ends with a slash for a folder.
      if (key.endsWith('/')) continue;
      const path = key.slice(prefix.length);
      const folder = leftOutFolder(path, leftOut);
      if (folder !== undefined) leftOutFolders.add(folder);
      else files.push({ path, sizeBytes: Size, lastModified: LastModified, ...(ETag !== undefined && { etag: ETag }) });
    }
    if (files.length > MOST_FILES) throw new Unavailable(`${what} holds more than ${MOST_FILES} objects`);
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
    if (page.IsTruncated && (token === undefined || token === asked)) {
      throw new Unavailable(`${what}: a page of the list says that there are more and not where`);
    }
  } while (token !== undefined);
  passedBy.folders = leftOutFolders.size;
  return { files, passedBy };
}

function leftOutFolder(path: string, leftOut: ReadonlySet<string>): string | undefined {
  const folders = path.split('/').slice(0, -1);
  const place = folders.findIndex((name) => leftOut.has(name));
  return place < 0 ? undefined : folders.slice(0, place + 1).join('/');
}

async function lookAt(place: Place, path: string): Promise<SourceFile> {
  const { client, bucket, prefix, signal } = place;
  const Key = prefix + path;
  const head = await orFail(place, `s3://${bucket}/${Key}`, 's3:GetObject', () =>
    client.send(new HeadObjectCommand({ Bucket: bucket, Key }), { abortSignal: signal }),
  );
  const { ContentLength, LastModified, ETag } = head;
  if (ContentLength === undefined || LastModified === undefined) {
    throw new Unavailable(`s3://${bucket}/${Key}: the answer has neither a size nor a date`);
  }
  return { path, sizeBytes: ContentLength, lastModified: LastModified, ...(ETag !== undefined && { etag: ETag }) };
}

/** An object's bytes in order; where the connection breaks, it goes on from the byte reached, as long as that helps. */
async function* openObject(place: Place, file: SourceFile): AsyncGenerator<Buffer> {
  let at = 0;
  let fruitless = 0;
  while (at < file.sizeBytes) {
    const before = at;
    try {
      for await (const piece of await body(place, file, at)) {
        const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
        at += bytes.length;
        yield bytes;
      }
      if (at === before) throw new Error('the answer had no bytes');
    } catch (thrown) {
      const failed = failure(place, `s3://${place.bucket}/${place.prefix}${file.path}`, thrown, 's3:GetObject');
      fruitless = at > before ? 0 : fruitless + 1;
      const isFinal = failed instanceof Flaw || statusOf(thrown) === 403;
      if (isFinal || place.signal.aborted || fruitless === FRUITLESS_TRIES) throw failed;
      await orFail(place, `s3://${place.bucket}/${place.prefix}${file.path}`, 's3:GetObject', () =>
        wait(FIRST_WAIT_MS * 2 ** fruitless, undefined, { signal: place.signal }),
      );
    }
  }
}

async function body(place: Place, file: SourceFile, at: number): Promise<AsyncIterable<Uint8Array>> {
  const request = new GetObjectCommand({
    Bucket: place.bucket,
    Key: place.prefix + file.path,
    Range: `bytes=${at}-${file.sizeBytes - 1}`,
    // Another object under the same key would be joined to the half of this one.
    IfMatch: file.etag,
  });
  const { Body } = await place.client.send(request, { abortSignal: place.signal });
  if (Body === undefined) throw new Error('the answer had no body');
  return Body as unknown as AsyncIterable<Uint8Array>;
}

async function orFail<Answer>(place: Place, what: string, permission: string, ask: () => Promise<Answer>) {
  try {
    return await ask();
  } catch (thrown) {
    throw failure(place, what, thrown, permission);
  }
}

/** With the permission where that is what lacks: S3 does not always say which one it is. */
function failure({ signal }: Place, what: string, thrown: unknown, permission: string): unknown {
  if (thrown instanceof Flaw || thrown instanceof Unavailable) return thrown;
  const place = printable(what);
  if (signal.aborted) return new Unavailable(`${place} was not read: no answer before the task reached its deadline`);
  const name = typeof thrown === 'object' && thrown !== null && 'name' in thrown ? String(thrown.name) : '';
  if (name === 'InvalidObjectState') return new Flaw('lies in an archive class of S3', { cause: thrown });
  if (statusOf(thrown) === 412) return new Flaw('is another object than the one listed', { cause: thrown });
  if (name === 'NoSuchKey') return new Flaw('was removed while it was being read', { cause: thrown });
  // The answer to a question for the head has no body, so S3 cannot name what it refuses.
  const isRefused = isDenied(thrown) || statusOf(thrown) === 403;
  const lacks = isRefused ? ` (${permission})` : '';
  const words = printable(messageOf(thrown) === '' ? awsReason(thrown) : `${name} ${messageOf(thrown)}`);
  return new Unavailable(`${place} cannot be read${lacks}: ${words}`, { cause: thrown });
}
