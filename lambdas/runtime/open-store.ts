import type { S3Client } from '@aws-sdk/client-s3';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidInput } from '../../core/errors.ts';
import { DirectoryStore } from './directory-store.ts';
import { createS3Client } from './s3-client.ts';
import { S3Store } from './s3-store.ts';
import type { Store } from './store.ts';

const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?$/;

// One client per container, endpoint and region: connections are kept open between calls.
const clients = new Map<string, S3Client>();

export interface StoreOptions {
  readonly onlyReads?: boolean;
  /** Of a bucket; that of the surroundings by default. */
  readonly region?: string | undefined;
}

/** The store at `s3://<bucket>` or `file:///<folder>`; throws `InvalidInput` for anything else. */
export function openStore(location: string, { onlyReads = false, region }: StoreOptions = {}): Store {
  const bucket = BUCKET.exec(location)?.[1];
  if (bucket !== undefined) return new S3Store(bucket, clientIn(region));
  const folder = location.startsWith('file:///') ? folderAt(location) : undefined;
  if (folder === undefined) {
    throw new InvalidInput(
      'STORE_LOCATION',
      `${JSON.stringify(location)} is no place for a store: allowed are s3://<bucket> and file:///<absolute folder>`,
    );
  }
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new InvalidInput(
      'STORE_NOT_A_FOLDER',
      `${JSON.stringify(location)} is no place for a store: it is a file, and a folder is needed`,
    );
  }
  return new DirectoryStore(folder, { onlyReads });
}

function clientIn(region: string | undefined): S3Client {
  const place = `${process.env['AWS_ENDPOINT_URL'] ?? ''} ${region ?? ''}`;
  const client = clients.get(place) ?? createS3Client(region === undefined ? {} : { region });
  clients.set(place, client);
  return client;
}

/** Undefined where it is no folder's address; `#` and `?` in a name must be written as `%23` and `%3F`. */
function folderAt(location: string): string | undefined {
  const url = URL.parse(location);
  if (url === null || url.search !== '' || url.hash !== '' || /%2f/i.test(url.pathname)) return undefined;
  return resolve(fileURLToPath(url));
}
