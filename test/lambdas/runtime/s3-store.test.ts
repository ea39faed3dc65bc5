import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { Unavailable } from '../../../core/errors.ts';
import { createS3Client } from '../../../lambdas/runtime/s3-client.ts';
import { S3Store } from '../../../lambdas/runtime/s3-store.ts';
import { keysOf, pointSdkAt, textOf } from '../../contract/store-backends.ts';
import { startS3Server, type S3Fault, type S3Server } from '../../servers/s3.ts';

const BUCKET = 'fettle-state';

describe('a store in a bucket that fails', () => {
  let server: S3Server;
  let store: S3Store;
  beforeAll(async () => {
    server = await startS3Server();
    pointSdkAt(server.endpoint);
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    server.onRequest = undefined;
    server.createBucket(BUCKET);
    store = new S3Store(BUCKET, createS3Client());
    for await (const { key } of store.list('')) await store.remove(key);
  });

  test.each(['slow-down', 'reset', { status: 500, code: 'InternalError' }] as const)(
    'tries again after one answer %j, and is then done with every call',
    async (fault) => {
      faultFirst(fault);

      const first = await store.createIfAbsent('a', 'one');
      const second = await store.replace('a', 'two', first ?? '');
      expect(await textOf(store, 'a')).toBe('two');
      expect((await store.get('a'))?.etag).toBe(second);
      expect(await keysOf(store, '')).toEqual(['a']);
      await store.remove('a');
      expect(server.keys(BUCKET)).toEqual([]);
    },
  );

  test('knows its own object when the write was done and the answer was lost', async () => {
    faultFirst('reset-after');
    const before = server.requests.length;

    const etag = await store.createIfAbsent('lease', 'one');

    expect(etag).toBe(server.get(BUCKET, 'lease')?.etag);
    expect(server.requests.slice(before).filter(({ method }) => method === 'PUT')).toHaveLength(2);
    expect(await store.replace('lease', 'two', etag ?? '')).toBe(server.get(BUCKET, 'lease')?.etag);
    expect(server.get(BUCKET, 'lease')?.body.toString()).toBe('two');
  });

  test('does not take another writer’s equal object for its own when its own request was lost', async () => {
    let tries = 0;
    server.onRequest = ({ method }) => {
      if (method !== 'PUT') return undefined;
      tries += 1;
      if (tries > 1) return undefined;
      server.put(BUCKET, 'lease', 'the same');
      return 'reset';
    };

    expect(await store.createIfAbsent('lease', 'the same')).toBeUndefined();
    expect(tries).toBe(2);
  });

  test('lets one of two equal writers win though every first answer is lost', async () => {
    faultFirst('reset-after');

    const answers = await Promise.all([store.createIfAbsent('lease', 'same'), store.createIfAbsent('lease', 'same')]);

    expect(answers.filter((etag) => etag !== undefined)).toHaveLength(1);
  });

  test('tries again while S3 says that another write is under way', async () => {
    let conflicts = 0;
    server.onRequest = ({ method }) => {
      if (method !== 'PUT' || conflicts === 3) return undefined;
      conflicts += 1;
      return { status: 409, code: 'ConditionalRequestConflict' };
    };

    expect(await store.createIfAbsent('a', 'one')).toBeDefined();
    expect(conflicts).toBe(3);
  });

  test('reads what stands there when the conflict does not end', async () => {
    const etag = await store.createIfAbsent('a', 'one');
    server.onRequest = ({ method }) =>
      method === 'PUT' ? { status: 409, code: 'ConditionalRequestConflict' } : undefined;

    expect(await store.createIfAbsent('a', 'two')).toBeUndefined();
    expect(await store.replace('a', 'two', '"another"')).toBeUndefined();
    await expect(store.createIfAbsent('b', 'two')).rejects.toThrow('ConditionalRequestConflict');
    await expect(store.replace('a', 'two', etag ?? '')).rejects.toThrow(Unavailable);
    expect(await textOf(store, 'a')).toBe('one');
  });

  test.each([
    ['s3:GetObject', 'GetObject of "a"', () => store.get('a')],
    ['s3:PutObject', 'PutObject of "a"', () => store.createIfAbsent('a', 'body')],
    ['s3:PutObject', 'PutObject of "a"', () => store.replace('a', 'body', '"tag"')],
    ['s3:DeleteObject', 'DeleteObject of "a"', () => store.remove('a')],
    ['s3:ListBucket', 'ListObjectsV2 of "a"', () => keysOf(store, 'a')],
  ] as const)('names %s as what it lacks for %s', async (permission, operation, call) => {
    server.onRequest = () => ({ status: 403, code: 'AccessDenied' });

    const failure = await failureOf(call());

    expect(failure).toContain(`${operation} in s3://${BUCKET} failed: AccessDenied: the caller needs ${permission}`);
    expect(failure).toContain(`arn:aws:s3:::${BUCKET}`);
  });

  test('says in every call that the bucket does not exist, and never that the key does not', async () => {
    const nowhere = new S3Store('no-such-bucket', createS3Client());

    for (const call of [
      () => nowhere.get('a'),
      () => nowhere.createIfAbsent('a', 'body'),
      () => nowhere.replace('a', 'body', '"tag"'),
      () => nowhere.remove('a'),
      () => keysOf(nowhere, 'a'),
    ]) {
      expect(await failureOf(call())).toContain('"a" in s3://no-such-bucket failed: NoSuchBucket: the bucket does not');
    }
  });

  test('gives up on a bucket that goes on throttling, and says so', async () => {
    store = new S3Store(BUCKET, createS3Client({ maxAttempts: 2 }));
    server.onRequest = () => 'slow-down';

    const failure = await failureOf(store.createIfAbsent('a', 'body'));

    expect(failure).toContain('PutObject of "a" in s3://fettle-state failed: SlowDown: S3 is throttling this prefix');
    expect(failure).toContain('(after 2 attempts)');
  });

  test.each(['hang', 'stall-body'] as const)('does not wait for ever for a server that does %s', async (fault) => {
    await store.createIfAbsent('a', 'x'.repeat(1_000));
    store = new S3Store(BUCKET, createS3Client({ requestTimeoutSeconds: 0.2, maxAttempts: 2 }));
    server.onRequest = () => fault;

    expect(await failureOf(store.get('a'))).toContain('GetObject of "a" in s3://fettle-state failed: TimeoutError');
  });

  test('does not wait for ever for a server that accepts no request', async () => {
    const deaf: Server = createServer(() => undefined);
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const address = deaf.address();
    pointSdkAt(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    const lost = new S3Store(BUCKET, createS3Client({ requestTimeoutSeconds: 0.2, maxAttempts: 1 }));

    const failure = await failureOf(lost.createIfAbsent('a', 'body'));
    deaf.close();
    pointSdkAt(server.endpoint);

    expect(failure).toContain('PutObject of "a" in s3://fettle-state failed: TimeoutError');
  });

  test('asks again for a body that breaks off, and never gives half of it', async () => {
    const body = 'x'.repeat(200_000);
    await store.createIfAbsent('a', body);
    let cuts = 0;
    server.onRequest = () => (cuts++ === 0 ? 'cut-body' : undefined);

    expect(await textOf(store, 'a')).toBe(body);
    expect(cuts).toBe(2);

    server.onRequest = () => 'cut-body';

    expect(await failureOf(store.get('a'))).toContain('GetObject of "a" in s3://fettle-state failed');
  });

  test('says where it could not go when nobody listens', async () => {
    const closed = await startS3Server();
    await closed.close();
    pointSdkAt(closed.endpoint);
    const lost = new S3Store(BUCKET, createS3Client({ maxAttempts: 1 }));

    const failure = await failureOf(lost.get('a'));
    pointSdkAt(server.endpoint);

    expect(failure).toContain('ECONNREFUSED');
  });

  test('does not list the folder markers of the console', async () => {
    server.put(BUCKET, 'runs/', '');
    server.put(BUCKET, 'runs/a', 'body');

    expect(await keysOf(store, '')).toEqual(['runs/a']);
  });

  /** Lets the first request of each kind and key go wrong, and the others be answered. */
  function faultFirst(fault: S3Fault): void {
    const seen = new Set<string>();
    server.onRequest = ({ method, key, query }) => {
      const what = `${method} ${key} ${query.get('x-id')} ${query.get('list-type')}`;
      if (seen.has(what)) return undefined;
      seen.add(what);
      return fault;
    };
  }

  async function failureOf(call: Promise<unknown>): Promise<string> {
    const failure = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(failure).toBeInstanceOf(Unavailable);
    return (failure as Unavailable).message;
  }
});
