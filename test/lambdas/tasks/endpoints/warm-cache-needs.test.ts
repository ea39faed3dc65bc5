import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/endpoints/warm-cache.ts';
import { startHttpService, type HttpService } from '../../../../lib/demo/servers/http.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { performTask } from '../../../harness/perform-task.ts';

let service: HttpService;
beforeAll(async () => {
  const kept = { body: 'events', headers: { 'cache-control': 'public, max-age=60', 'x-cache': 'HIT' } };
  service = await startHttpService({ answers: { '/events': kept } });
});
afterAll(() => service.close());

const input = { paths: ['/events'] };

test('a service is ready to be warmed when it answers at all; none of its paths is requested to see that', async () => {
  const needs = await needsOf({ task, targets: { shop: { url: service.url } }, input });

  expect(needs.map(({ state, need, detail }) => `${state} ${need}: ${detail}`)).toEqual([
    'met be allowed by allowAddresses: 127.0.0.1 may be called',
    `met be reached: 127.0.0.1:${service.port} answers in clear text`,
    'met answer a GET: / answered 404',
  ]);
  expect(service.requests).toEqual(['GET /']);
  const { actions } = await performTask({ task, targets: { shop: { url: service.url } }, input });
  expect(actions).toMatchObject([{ subject: '/events', status: 'done' }]);
});

test('an address that speaks TLS and no HTTP has no cache to warm', async () => {
  const needs = await needsOf({ task, targets: { shop: { url: `tls://127.0.0.1:${service.port}` } }, input });

  expect(inWords(needs)).toEqual(['met be allowed by allowAddresses', 'missing speak HTTP']);
});

test('a refused address has the line that allows it, and with that the warming works', async () => {
  const targets = { shop: { url: service.url } };
  const [need] = await needsOf({ task, targets, input, allowAddresses: [] });

  expect(need).toMatchObject({ state: 'missing', grant: 'allowAddresses: [127.0.0.1/32]' });
  const { actions } = await performTask({ task, targets, input, allowAddresses: ['127.0.0.1/32'] });
  expect(actions).toMatchObject([{ status: 'done' }]);
});

test('a service that is gone is unknown with the reason, beside one that is fine', async () => {
  const targets = { gone: { url: 'http://127.0.0.1:1' }, shop: { url: service.url } };
  const needs = await needsOf({ task, targets, input });

  expect(
    needCalled(
      needs.filter(({ target }) => target === 'gone'),
      'be reached',
    ),
  ).toMatchObject({
    state: 'unknown',
    detail: expect.stringContaining('refused the connection'),
  });
  expect(needs.filter(({ target }) => target === 'shop').every(({ state }) => state === 'met')).toBe(true);
});
