import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStore } from '../../lambdas/runtime/open-store.ts';
import type { ListedObject, Store } from '../../lambdas/runtime/store.ts';
import { startS3Server } from '../servers/s3.ts';

/** A place for a store, empty at first; each `open` gives another Store over the same objects. */
export interface Backend {
  open(): Store;
  close(): Promise<void>;
}

/** Every kind of store that Fettle keeps its state in. */
export const BACKENDS: readonly (readonly [string, () => Promise<Backend>])[] = [
  ['a folder', startFolder],
  ['a bucket', startBucket],
];

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'fettle-store-'));
}

export async function startBucket(): Promise<Backend> {
  const server = await startS3Server();
  server.createBucket('fettle-state');
  pointSdkAt(server.endpoint);
  return { open: () => openStore('s3://fettle-state'), close: () => server.close() };
}

/** Lets the SDK's own chain find this endpoint, a region, and credentials that are nobody's. */
export function pointSdkAt(endpoint: string): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
}

export async function textOf(store: Store, key: string): Promise<string | undefined> {
  const object = await store.get(key);
  return object && Buffer.from(object.body).toString();
}

export async function listed(store: Store, prefix: string): Promise<readonly ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of store.list(prefix)) objects.push(object);
  return objects;
}

export async function keysOf(store: Store, prefix: string): Promise<readonly string[]> {
  return (await listed(store, prefix)).map(({ key }) => key);
}

async function startFolder(): Promise<Backend> {
  const folder = await temporaryFolder();
  return {
    open: () => openStore(pathToFileURL(folder).href),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
