/** An object of the store with the tag that a conditional write of its successor names. */
export interface StoredObject {
  readonly body: Uint8Array;
  readonly etag: string;
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

/** What may be read of a store, or of a part of it. */
export interface RecordSource {
  readonly location: string;
  get(key: string): Promise<StoredObject | undefined>;
  list(prefix: string): AsyncIterable<Pick<ListedObject, 'key'>>;
}

/**
 * The whole state of Fettle: keys with bodies, and conditional writes as the only coordination.
 *
 * S3 in an account, a directory on one machine; both keep the promises of `test/contract/store.test.ts`. Keys are
 * relative, of printable ASCII, with `/` between their parts. Every call throws `Unavailable` where the store
 * cannot be reached or does not answer in time.
 */
export interface Store {
  /** Where it is, for people: `s3://bucket` or a folder. */
  readonly location: string;
  /** Undefined where there is no such key. */
  get(key: string): Promise<StoredObject | undefined>;
  /** Writes the object if the key is free; undefined where it is taken. At most one of many writers gets a tag. */
  createIfAbsent(key: string, body: string | Uint8Array): Promise<string | undefined>;
  /** Replaces the object if it still has this tag; undefined where it has another one or is gone. */
  replace(key: string, body: string | Uint8Array, etag: string): Promise<string | undefined>;
  /** Removes pointers that have served; evidence is never removed. No error where there is none. */
  remove(key: string): Promise<void>;
  /** Every key with this prefix in the order of its bytes, however many there are. */
  list(prefix: string): AsyncIterable<ListedObject>;
}
