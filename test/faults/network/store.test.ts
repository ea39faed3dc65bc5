import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../../core/errors.ts';
import { takeLease } from '../../../lambdas/runtime/leases.ts';
import { createRecord } from '../../../lambdas/runtime/records.ts';
import { createS3Client } from '../../../lambdas/runtime/s3-client.ts';
import { S3Store } from '../../../lambdas/runtime/s3-store.ts';
import { task as verifyBackups } from '../../../lambdas/tasks/backups/verify.ts';
import { keysOf, pointSdkAt, textOf } from '../../contract/store-backends.ts';
import { startDeafPort, startFaultProxy, type FaultProxy } from '../../servers/fault-proxy.ts';
import { startS3Server, type S3Fault, type S3Server } from '../../servers/s3.ts';
import { see, type Row } from './_matrix.ts';

const BUCKET = 'fettle-state';
const BODY = 'x'.repeat(200_000);
const before = { ...process.env };
let server: S3Server;
let proxy: FaultProxy;
let deaf: Awaited<ReturnType<typeof startDeafPort>>;

beforeAll(async () => {
  server = await startS3Server();
  server.createBucket(BUCKET);
  proxy = await startFaultProxy(Number(new URL(server.endpoint).port));
  deaf = await startDeafPort();
});
beforeEach(() => {
  server.onRequest = undefined;
  server.put(BUCKET, 'held', BODY);
});
afterEach(() => proxy.mend());
afterAll(async () => {
  process.env = before;
  proxy.close();
  await deaf.close();
  await server.close();
});

/** A store behind the line, whose calls end within a second. */
function impatientStore(port = proxy.port): S3Store {
  pointSdkAt(`http://127.0.0.1:${port}`);
  return new S3Store(
    BUCKET,
    createS3Client({ connectionTimeoutSeconds: 0.3, requestTimeoutSeconds: 0.3, maxAttempts: 2 }),
  );
}

async function failureOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'no failure';
  } catch (thrown) {
    if (thrown instanceof Unavailable) return thrown.message;
    throw thrown;
  }
}

const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /ECONNREFUSED/ },
  { title: 'lets no connection through', isDeaf: true, words: /TimeoutError/ },
  { title: 'is reset at once', fault: { kind: 'reset' }, words: /ECONNRESET|socket hang up|EPIPE/ },
  { title: 'is closed at once', fault: { kind: 'end' }, words: /ECONNRESET|socket hang up|EPIPE/ },
  { title: 'swallows everything', fault: { kind: 'stall' }, words: /TimeoutError/ },
  { title: 'is reset in the middle of the answer', fault: { kind: 'reset', afterBytes: 100 }, words: /failed: / },
  { title: 'is closed in the middle of the answer', fault: { kind: 'end', afterBytes: 100 }, words: /failed: / },
  { title: 'loses its other end in the answer', fault: { kind: 'half-open', afterBytes: 100 }, words: /TimeoutError/ },
];

describe('the store says that it does not know, and never that a record is absent, where the line', () => {
  test.each(ROWS)('$title', async ({ fault, refuses, isDeaf, words }) => {
    proxy.fault = fault;
    if (refuses) proxy.refuse();
    const store = impatientStore(isDeaf ? deaf.port : proxy.port);
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['GetObject', () => store.get('held')],
      ['PutObject', () => store.createIfAbsent('new', 'body')],
      ['ListObjectsV2', () => keysOf(store, 'he')],
      ['DeleteObject', () => store.remove('gone')],
    ];

    await Promise.all(
      calls.map(async ([operation, call]) => {
        const failure = await failureOf(call);
        // The answer to a removal is too short to be broken in its middle.
        if (operation === 'DeleteObject' && failure === 'no failure') return expect(fault?.afterBytes).toBeDefined();
        expect(failure).toMatch(new RegExp(`^${operation} of "\\w+" in s3://${BUCKET} failed: `));
        expect(failure).toMatch(words);
      }),
    );
    expect(server.get(BUCKET, 'held')?.body.toString()).toBe(BODY);
  });
});

describe('somebody in between who answers everything with a success of his own', () => {
  test.each([
    ['an error of S3', '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>We are sorry</Message></Error>'],
    ['a page to sign in', '<html><body>Sign in</body></html>'],
    ['nothing', ''],
  ])('is not believed: %s', async (_what, answer) => {
    server.onRequest = () => ({ answer });
    const store = impatientStore();

    expect(await failureOf(() => store.get('held'))).not.toBe('no failure');
    expect(await failureOf(() => store.createIfAbsent('new', 'body'))).not.toBe('no failure');
    expect(await failureOf(() => keysOf(store, 'he'))).not.toBe('no failure');
    // The SDK's clients are made once, so the task still asks at the first address that it was given.
    const { verdicts, said } = await see({ task: verifyBackups, targets: { dumps: { url: 's3://dumps/full/' } } });
    expect(verdicts).toEqual({ dumps: 'unknown' });
    expect(said['dumps']).toMatch(/^not-readable: s3:\/\/dumps\/full\//);
  });
});

test('somebody in between who finds nothing at all is not believed either: no record is absent for that', async () => {
  server.onRequest = () => ({ status: 404, code: 'PageNotFound' });
  const store = impatientStore();

  expect(await failureOf(() => store.get('held'))).toContain(
    'GetObject of "held" in s3://fettle-state failed: PageNot',
  );
  expect(await failureOf(() => store.replace('held', 'other', '"tag"'))).toContain('PutObject of "held"');
  server.onRequest = undefined;
  expect(await store.get('never-there')).toBeUndefined();
});

describe('over a line and a bucket that fail now and then', () => {
  const SEED = Number(process.env['FETTLE_SEED'] ?? Date.now() % 1_000_000);
  const FAULTS: readonly S3Fault[] = [
    'reset',
    'reset-after',
    'reset-after',
    'slow-down',
    'cut-body',
    { status: 500, code: 'InternalError' },
  ];

  /** About two requests in five go wrong, never three times in a row for one key. */
  function failNowAndThen(): void {
    let state = SEED;
    const random = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    const inARow = new Map<string, number>();
    server.onRequest = ({ method, key }) => {
      const place = `${method} ${key}`;
      const count = inARow.get(place) ?? 0;
      const isFaulty = count < 2 && random() < 0.4;
      inARow.set(place, isFaulty ? count + 1 : 0);
      return isFaulty ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined;
    };
  }

  function patientStore(): S3Store {
    pointSdkAt(`http://127.0.0.1:${proxy.port}`);
    return new S3Store(BUCKET, createS3Client({ maxAttempts: 6 }));
  }

  test(`of many runs one gets each target, by one epoch, and knows that it has it (seed ${SEED})`, async () => {
    failNowAndThen();
    const stores = [patientStore(), patientStore()];
    const targets = ['a', 'b', 'c', 'd', 'e'];
    const now = new Date();
    const expiresAt = new Date(now.getTime() + 60_000);
    const wishes = targets.flatMap((target) =>
      [1, 2, 3, 4].map((place) => ({ target, runId: `run-${target}-${place}` })),
    );

    const taken = await Promise.all(
      wishes.map(async ({ target, runId }, place) => {
        const request = { kind: 'postgres', target, runId, runKey: `runs/daily/${runId}`, now, expiresAt };
        const answer = await takeLease(stores[place % 2] ?? patientStore(), request);
        return { target, runId, answer };
      }),
    );
    server.onRequest = undefined;

    for (const target of targets) {
      const its = taken.filter((one) => one.target === target);
      const winners = its.filter(({ answer }) => 'epoch' in answer);
      expect(winners.map(({ answer }) => answer)).toEqual([{ epoch: 1 }]);
      const lease = JSON.parse((await textOf(patientStore(), `state/leases/postgres/${target}.json`)) ?? '') as unknown;
      expect(lease).toMatchObject({ epoch: 1, heldBy: { runId: winners[0]?.runId } });
      for (const { answer } of its) if ('heldBy' in answer) expect(answer.heldBy).toBe(winners[0]?.runId);
    }
  });

  test(`no record is lost and none is written twice (seed ${SEED})`, async () => {
    failNowAndThen();
    const store = patientStore();
    const keys = Array.from({ length: 20 }, (_, i) => `runs/daily/x/actions/${i}.json`);

    const first = await Promise.all(keys.map((key) => createRecord(store, key, { key })));
    const second = await Promise.all(keys.map((key) => createRecord(store, key, { key: 'another' })));
    const listed = await keysOf(store, 'runs/daily/x/');
    server.onRequest = undefined;

    expect(first.every(Boolean)).toBe(true);
    expect(second.some(Boolean)).toBe(false);
    expect([...listed].sort()).toEqual([...keys].sort());
    for (const key of keys) expect(JSON.parse((await textOf(store, key)) ?? '')).toEqual({ key });
  });
});
