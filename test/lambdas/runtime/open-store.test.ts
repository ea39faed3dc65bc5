import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidInput } from '../../../core/errors.ts';
import { DirectoryStore } from '../../../lambdas/runtime/directory-store.ts';
import { openStore } from '../../../lambdas/runtime/open-store.ts';
import { S3Store } from '../../../lambdas/runtime/s3-store.ts';
import { pointSdkAt, temporaryFolder, textOf } from '../../contract/store-backends.ts';
import { startS3Server } from '../../servers/s3.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('opens a bucket, at the endpoint that the environment names now', async () => {
  for (const body of ['of the first', 'of the second']) {
    const server = await startS3Server();
    server.put('fettle-state', 'a', body);
    pointSdkAt(server.endpoint);

    const store = openStore('s3://fettle-state');

    expect(store).toBeInstanceOf(S3Store);
    expect(store.location).toBe('s3://fettle-state');
    expect(await textOf(store, 'a')).toBe(body);
    await server.close();
  }
});

test('opens a folder, whether it is there or not, and finds there what was written', async () => {
  const path = join(folder, 'a folder #1', 'prod');

  const store = openStore(pathToFileURL(path).href);

  expect(store).toBeInstanceOf(DirectoryStore);
  expect(store.location).toBe(path);
  expect(await textOf(store, 'a')).toBeUndefined();
  await store.createIfAbsent('a', 'body');
  expect(await textOf(openStore(`${pathToFileURL(path).href}/`), 'a')).toBe('body');
});

test.each([
  '',
  'reports',
  './reports',
  '/var/fettle',
  's3://',
  's3://UPPER',
  's3://bucket/prefix',
  'file://host/folder',
  'file:relative',
  'file:///a?b',
  'file:///a#b',
  'file:///a%2fb',
  'https://bucket.s3.amazonaws.com',
])('refuses %j and names what is allowed', (location) => {
  expect(() => openStore(location)).toThrow(InvalidInput);
  expect(() => openStore(location)).toThrow('allowed are s3://<bucket> and file:///<absolute folder>');
});

test('refuses a file where a folder is needed', async () => {
  await writeFile(join(folder, 'file'), 'not a store');

  expect(() => openStore(pathToFileURL(join(folder, 'file')).href)).toThrow('it is a file, and a folder is needed');
});
