import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../core/errors.ts';
import { nameOf, s3Failure, statusOf, wasSentBefore, type S3Operation } from './s3-failure.ts';
import { assertKey, assertPrefix, isKey } from './store-key.ts';
import type { ListedObject, Store, StoredObject } from './store.ts';

const CONFLICT_TRIES = 5;
const CONFLICT_WAIT_MS = 100;
const BODY_TRIES = 3;

/** The metadata entry with which a writer recognises its own object after an answer was lost. */
const WRITE_ID = 'fettle-write';

type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string };

/**
 * A store in a bucket, with S3's conditional writes.
 *
 * The tag is S3's ETag, a hash of the content: two equal bodies have equal tags, so what is replaced by comparison
 * must differ each time (an epoch, a time). A write whose answer was lost is recognised by its id in the object's
 * metadata; if another write has replaced it meanwhile it counts as not written, which its caller then sees by reading.
 */
export class S3Store implements Store {
  readonly location: string;
  readonly #bucket: string;
  readonly #client: S3Client;

  constructor(bucket: string, client: S3Client) {
    this.location = `s3://${bucket}`;
    this.#bucket = bucket;
    this.#client = client;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    assertKey(key);
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#unlessMissing('GetObject', key, () =>
        this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key })),
      );
      if (response === undefined) return undefined;
      const etag = this.#present(response.ETag, 'GetObject', key, 'an ETag');
      const stream = this.#present(response.Body, 'GetObject', key, 'a body');
      try {
        return { body: await stream.transformToByteArray(), etag };
      } catch (thrown) {
        // The SDK tries again until the answer begins; a body that breaks off is ours to ask for anew.
        if (attempt === BODY_TRIES) throw s3Failure('GetObject', this.#bucket, key, thrown);
      }
    }
  }

  createIfAbsent(key: string, body: string | Uint8Array): Promise<string | undefined> {
    return this.#write(key, body, { IfNoneMatch: '*' });
  }

  replace(key: string, body: string | Uint8Array, etag: string): Promise<string | undefined> {
    return this.#write(key, body, { IfMatch: etag });
  }

  async remove(key: string): Promise<void> {
    assertKey(key);
    try {
      await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
    } catch (thrown) {
      throw s3Failure('DeleteObject', this.#bucket, key, thrown);
    }
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    assertPrefix(prefix);
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, token);
      // What somebody in between answers has no keys either, and would be taken for an empty list.
      this.#present(page.IsTruncated, 'ListObjectsV2', prefix, 'a list');
      for (const object of page.Contents ?? []) {
        const key = this.#present(object.Key, 'ListObjectsV2', prefix, 'a key');
        const sizeBytes = this.#present(object.Size, 'ListObjectsV2', prefix, `the size of ${key}`);
        const lastModified = this.#present(object.LastModified, 'ListObjectsV2', prefix, `the time of ${key}`);
        // The console's folder markers and the like are nobody's object.
        if (isKey(key)) yield { key, sizeBytes, lastModified };
      }
      token = page.IsTruncated
        ? this.#present(page.NextContinuationToken, 'ListObjectsV2', prefix, 'the token of its next page')
        : undefined;
    } while (token !== undefined);
  }

  async #page(prefix: string, token: string | undefined) {
    try {
      return await this.#client.send(
        new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: token }),
      );
    } catch (thrown) {
      throw s3Failure('ListObjectsV2', this.#bucket, prefix, thrown);
    }
  }

  async #write(key: string, body: string | Uint8Array, condition: Condition): Promise<string | undefined> {
    assertKey(key);
    const id = randomUUID();
    const bytes = Buffer.from(body);
    let mayBeWritten = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const command = { Bucket: this.#bucket, Key: key, Body: bytes, Metadata: { [WRITE_ID]: id }, ...condition };
        const { ETag } = await this.#client.send(new PutObjectCommand(command));
        return this.#present(ETag, 'PutObject', key, 'an ETag');
      } catch (thrown) {
        mayBeWritten ||= wasSentBefore(thrown);
        const status = statusOf(thrown);
        if (status === 409 && attempt < CONFLICT_TRIES) {
          await sleep(CONFLICT_WAIT_MS * attempt * (0.5 + Math.random()));
          continue;
        }
        if (status === 409) return this.#decideConflict(key, id, condition, thrown);
        if (isMissing('PutObject', thrown)) return undefined;
        if (status !== 412) throw s3Failure('PutObject', this.#bucket, key, thrown);
        const holder = mayBeWritten ? await this.#head(key) : undefined;
        return holder?.id === id ? holder.etag : undefined;
      }
    }
  }

  /** S3 calls it a conflict while another write or removal of the key is under way; what then stands there decides. */
  async #decideConflict(key: string, id: string, condition: Condition, thrown: unknown): Promise<string | undefined> {
    const holder = await this.#head(key);
    if (holder?.id === id) return holder.etag;
    const isStillOpen = 'IfMatch' in condition ? holder?.etag === condition.IfMatch : holder === undefined;
    if (isStillOpen) throw s3Failure('PutObject', this.#bucket, key, thrown);
    return undefined;
  }

  async #head(key: string): Promise<{ readonly etag: string; readonly id: string | undefined } | undefined> {
    const response = await this.#unlessMissing('HeadObject', key, () =>
      this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key })),
    );
    return (
      response && {
        etag: this.#present(response.ETag, 'HeadObject', key, 'an ETag'),
        id: response.Metadata?.[WRITE_ID],
      }
    );
  }

  async #unlessMissing<Answer>(operation: S3Operation, key: string, send: () => Promise<Answer>) {
    try {
      return await send();
    } catch (thrown) {
      if (isMissing(operation, thrown)) return undefined;
      throw s3Failure(operation, this.#bucket, key, thrown);
    }
  }

  #present<Value>(value: Value | undefined, operation: S3Operation, key: string, what: string): Value {
    if (value !== undefined) return value;
    throw new Unavailable(`${operation} of ${JSON.stringify(key)} in ${this.location} answered without ${what}`);
  }
}

/** Whether S3 itself says that there is no such key. Anybody in between may say 404; only to a HEAD S3 says no more. */
function isMissing(operation: S3Operation, thrown: unknown): boolean {
  return statusOf(thrown) === 404 && nameOf(thrown) === (operation === 'HeadObject' ? 'NotFound' : 'NoSuchKey');
}
