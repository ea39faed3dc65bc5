import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../core/json.ts';
import { Secret } from '../../core/secret.ts';
import type { Task } from '../../core/task.ts';
import { httpRequest } from '../../lambdas/runtime/http-request.ts';
import { destinationOf } from '../../lambdas/tasks/endpoints/_destination.ts';
import { probeEndpoint } from '../../lambdas/tasks/endpoints/_probe.ts';
import { retryAfter } from '../../lambdas/tasks/endpoints/_warm-path.ts';
import { task as health } from '../../lambdas/tasks/endpoints/check-health.ts';
import { task as warm } from '../../lambdas/tasks/endpoints/warm-cache.ts';
import { task as pods } from '../../lambdas/tasks/kubernetes/check-pods.ts';
import { task as errors } from '../../lambdas/tasks/metrics/check-error-rate.ts';
import { performTask } from '../harness/perform-task.ts';
import { bytes, type RawService, saying, startRawService } from './_raw-service.ts';

let service: RawService;
beforeAll(async () => {
  service = await startRawService();
  service.saying = saying('{"status":"ok"}');
});
afterAll(() => service.close());

const EVERYTHING = ['0.0.0.0/0', '::/0'];
const TASKS: readonly { readonly task: Task; readonly input: Record<string, Json> }[] = [
  { task: health, input: { within: '2s' } },
  { task: warm, input: { paths: ['/'] } },
  { task: errors, input: {} },
];

async function said(task: Task, target: Record<string, Json>, input: Record<string, Json>, allowAddresses: string[]) {
  const { result } = await performTask({ task, targets: { shop: target }, input, timeoutSeconds: 5, allowAddresses });
  if ('paused' in result) throw new Error('it paused');
  return result.findings.map(({ kind, summary }) => `${kind} ${summary}`).join('\n');
}

describe('the loopback, which nobody allowed, is not called however it is written', () => {
  test.each([
    '127.0.0.1',
    '127.0.0.1.',
    '127.1',
    '127.255.255.254',
    '2130706433',
    '0x7f000001',
    '0X7F.0.0.1',
    '0177.0.0.1',
    '017700000001',
    '0',
    '0.0.0.0',
    'localhost',
    'localhost.',
    'LOCALHOST',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
    '%31%32%37.0.0.1',
    'ⓛocalhost',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::127.0.0.1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    'shop.example@127.0.0.1',
    'shop.example%2f@127.0.0.1',
  ])('%s', async (host) => {
    const before = service.connections();
    for (const { task, input } of TASKS) {
      expect(await said(task, { url: `http://${host}:${service.port}/` }, input, [])).toMatch(
        / not called.*: (it )?(is |127|::1).*(allowAddresses does not cover|never called)/,
      );
    }
    expect(service.connections()).toBe(before);
  });
});

describe('where a cloud keeps its metadata is never called, whatever the profile allows and however it is written', () => {
  const ADDRESSES = [
    '169.254.169.254',
    '169.254.169.254.',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '169.16689662',
    '①⑥⑨.②⑤④.①⑥⑨.②⑤④',
    '169.254.170.2',
    '168.63.129.16',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[fd00:ec2::254]',
    '[fe80::1]',
  ];

  test.each(ADDRESSES)('%s', async (host) => {
    for (const { task, input } of TASKS) {
      expect(await said(task, { url: `http://${host}/latest/meta-data/` }, input, EVERYTHING)).toMatch(/never called/);
    }
    const kubeconfig = service.kubeconfig(`https://${host}`);
    expect(await said(pods, { kubeconfig }, {}, EVERYTHING)).toMatch(/^not-readable .*never called/);
  });
});

describe('a name is looked up once, and what it is then is what is called', () => {
  /** The answers of a name server, one for each time it is asked; then it has none. */
  const answering = (...answers: string[][]) => {
    let asked = 0;
    return { asked: () => asked, lookupAll: async () => answers[asked++] ?? [] };
  };
  const rebound = () => `http://rebound.example:${service.port}/health`;
  const options = { allowAddresses: ['127.0.0.1/32'], timeoutSeconds: 2, signal: new AbortController().signal };

  test('by a request, though the second answer would lead to the metadata', async () => {
    const names = answering(['127.0.0.1'], ['169.254.169.254']);
    const answer = await httpRequest({
      ...options,
      url: new URL(rebound()),
      maxBodyBytes: 1_000,
      lookupAll: names.lookupAll,
    });

    expect(answer).toMatchObject({ status: 200, address: '127.0.0.1' });
    expect(names.asked()).toBe(1);
  });

  test('by a probe, with all that it is redirected to', async () => {
    const names = answering(['127.0.0.1'], ['169.254.169.254'], ['169.254.169.254']);
    let count = 0;
    service.saying = (socket) => {
      count += 1;
      if (count > 2) saying('{"status":"ok"}')(socket);
      else saying('', `Location: /health?${count}\r\n`, '302 Found')(socket);
    };
    const target = { name: 'shop', url: new Secret(rebound()), ca: undefined, authorization: undefined };
    const probing = {
      ...options,
      families: ['ipv4' as const],
      headers: {},
      followRedirects: true,
      lookupAll: names.lookupAll,
    };
    const [sight] = await probeEndpoint(destinationOf(target), probing);
    service.saying = saying('{"status":"ok"}');

    expect(sight).toMatchObject({ address: '127.0.0.1', outcome: { status: 'answered', answer: { status: 200 } } });
    expect([names.asked(), count]).toEqual([1, 3]);
  });

  test.each([
    { title: 'a forbidden address', answers: [['169.254.169.254'], ['127.0.0.1']] },
    { title: 'a forbidden one in another form', answers: [['::ffff:a9fe:a9fe'], ['127.0.0.1']] },
    { title: 'what is no address', answers: [['0x7f000001'], ['127.0.0.1']] },
    { title: 'a private one', answers: [['10.0.0.1'], ['127.0.0.1']] },
  ])('and where that is $title nobody asks again in the hope of a better one', async ({ answers }) => {
    const names = answering(...answers);
    const before = service.connections();
    const request = httpRequest({
      ...options,
      url: new URL(rebound()),
      maxBodyBytes: 1_000,
      lookupAll: names.lookupAll,
    });

    await expect(request).rejects.toMatchObject({ reason: 'not-called' });
    expect([names.asked(), service.connections() - before]).toEqual([1, 0]);
  });

  test('of several addresses only those that may be called are', async () => {
    const names = answering(['169.254.169.254', '127.0.0.1', 'fd00:ec2::254']);
    const answer = await httpRequest({
      ...options,
      url: new URL(rebound()),
      maxBodyBytes: 1_000,
      lookupAll: names.lookupAll,
    });

    expect(answer.address).toBe('127.0.0.1');
  });
});

describe('a service that asks to wait is waited for, but for no longer than a minute', () => {
  const now = new Date('2026-03-02T02:00:00Z');

  test.each<[string, number | undefined]>([
    ['7', 7],
    [' 7 ', 7],
    ['0', 1],
    ['60', 60],
    ['61', undefined],
    ['315360000', undefined],
    ['9'.repeat(400), undefined],
    ['-5', undefined],
    ['5.5', undefined],
    ['1e1', undefined],
    ['0x10', undefined],
    ['Infinity', undefined],
    ['soon', undefined],
    ['', undefined],
    ['Mon, 02 Mar 2026 02:00:30 GMT', 30],
    ['Fri, 31 Dec 1999 23:59:59 GMT', 1],
    ['Sun, 02 Mar 2036 02:00:00 GMT', undefined],
    ['Mon, 99 Foo 2026 99:99:99 GMT', undefined],
  ])('%j', (header, seconds) => {
    expect(retryAfter({ headers: { 'retry-after': header } }, now)).toBe(seconds);
  });

  test('and without a word of it is left alone', () => {
    expect(retryAfter({ headers: {} }, now)).toBeUndefined();
  });
});

test('what listens there would have been reached, so that the rows above mean something', async () => {
  const before = service.connections();
  service.saying = bytes('HTTP/1.1 204 No Content\r\n\r\n');
  await said(health, { url: `http://127.0.0.1:${service.port}/health` }, {}, ['127.0.0.0/8']);

  expect(service.connections()).toBeGreaterThan(before);
});
