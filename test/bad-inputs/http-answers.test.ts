import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { RUNTIME_KINDS, verdictOf } from '../../core/finding.ts';
import type { Json } from '../../core/json.ts';
import type { Task } from '../../core/task.ts';
import { task as health } from '../../lambdas/tasks/endpoints/check-health.ts';
import { task as warm } from '../../lambdas/tasks/endpoints/warm-cache.ts';
import { task as pods } from '../../lambdas/tasks/kubernetes/check-pods.ts';
import { task as errors } from '../../lambdas/tasks/metrics/check-error-rate.ts';
import { task as latency } from '../../lambdas/tasks/metrics/check-latency.ts';
import { task as usage } from '../../lambdas/tasks/metrics/check-resource-usage.ts';
import { performTask } from '../harness/perform-task.ts';
import {
  BOMB,
  bytes,
  dripping,
  endless,
  type RawService,
  type Saying,
  saying,
  startRawService,
} from './_raw-service.ts';

let service: RawService;
beforeAll(async () => {
  service = await startRawService();
});
beforeEach(() => {
  service.saying = saying('{}');
});
afterAll(() => service.close());

const url = () => `http://127.0.0.1:${service.port}/health`;
const base = () => `http://127.0.0.1:${service.port}`;

interface Asking {
  readonly name: string;
  readonly family: 'health' | 'warm' | 'metrics' | 'pods';
  readonly task: Task;
  readonly target: () => Record<string, Json>;
  readonly input: Record<string, Json>;
}

/** Every task that asks something over HTTP. */
const TASKS: readonly Asking[] = [
  {
    name: health.name,
    family: 'health',
    task: health,
    target: () => ({ url: url() }),
    input: { expect: 'json' },
  },
  {
    name: warm.name,
    family: 'warm',
    task: warm,
    target: () => ({ url: base() }),
    input: { paths: ['/'] },
  },
  { name: errors.name, family: 'metrics', task: errors, target: () => ({ url: base() }), input: {} },
  { name: latency.name, family: 'metrics', task: latency, target: () => ({ url: base() }), input: {} },
  { name: usage.name, family: 'metrics', task: usage, target: () => ({ url: base() }), input: {} },
  { name: pods.name, family: 'pods', task: pods, target: () => ({ kubeconfig: service.kubeconfig() }), input: {} },
];

async function judged({ task, target, input: own, family }: Asking, timeoutSeconds: number) {
  const within = timeoutSeconds < 5 ? '500ms' : '8s';
  const limits = family === 'health' ? { within, slowAbove: within } : family === 'warm' ? { within } : {};
  const input = { ...own, ...limits };
  const { result } = await performTask({ task, targets: { shop: target() }, input, timeoutSeconds });
  if ('paused' in result) throw new Error('it paused');
  const kinds = { ...RUNTIME_KINDS, ...task.findings };
  const severities = result.findings.map(({ kind }) => ({ severity: kinds[kind as keyof typeof kinds].severity }));
  return {
    verdict: verdictOf(severities),
    said: result.findings.map(({ kind, summary }) => `${kind}: ${summary}`).join('\n'),
  };
}

const HTML = '<!doctype html><title>Sign in</title><form></form>';
const FAR = 'http://169.254.169.254/latest/meta-data/';
const JSON_TYPE = 'Content-Type: application/json\r\n';

interface Row {
  readonly title: string;
  readonly answer: Saying;
  /** What is found of a health that is asked for as JSON. */
  readonly health: RegExp;
  /** What is found by whoever fills a cache; undefined where the page may be what is wanted. */
  readonly warm?: RegExp;
  readonly metrics: RegExp;
  readonly pods: RegExp;
  readonly seconds?: number;
}

const NO_LIST = /not-readable: cannot list pods .*no `items`/;
const NO_JSON = /not-readable: cannot list pods .*JSON/;
const NOT_HTTP = /answered with something that is not HTTP\/1\.1/;

const ANSWERS: readonly Row[] = [
  {
    title: 'a page of HTML',
    answer: saying(HTML, 'Content-Type: text/html\r\n'),
    health: /^wrong-content: .*text\/html "Sign in", JSON is expected/,
    metrics: /text\/html that is no whole JSON/,
    pods: NO_LIST,
  },
  {
    title: 'a page of HTML that calls itself JSON',
    answer: saying(HTML),
    health: /^wrong-content: /,
    warm: /^not-warmed: .* that is no JSON/,
    metrics: /no whole JSON: "<!doctype html>/,
    pods: NO_JSON,
  },
  {
    title: 'no content',
    answer: bytes('HTTP/1.1 204 No Content\r\n\r\n'),
    health: /^wrong-content: .*answered 204 without a body/,
    metrics: /answers 204 .*200 is expected/,
    pods: /not-readable: cannot list pods/,
  },
  {
    title: 'an empty body',
    answer: saying(''),
    health: /^wrong-content: .*without a body/,
    warm: /^not-warmed: .*without a body/,
    metrics: /no whole JSON: ""/,
    pods: NO_JSON,
  },
  {
    title: 'blanks without end',
    answer: endless(),
    health: /^wrong-content: .*more than 1 MiB/,
    warm: /^not-warmed: .*(16 MiB|did not come to the end)/,
    metrics: /more than 16 MiB/,
    pods: /larger than 67108864 bytes/,
  },
  {
    title: 'a bomb of gzip',
    answer: saying(BOMB, `${JSON_TYPE}Content-Encoding: gzip\r\n`),
    health: /^wrong-content: .*more than 1 MiB/,
    warm: /^not-warmed: .*16 MiB/,
    metrics: /more than 16 MiB/,
    // It is never unpacked.
    pods: NO_JSON,
  },
  {
    title: 'a body that drips',
    answer: dripping,
    health: /^not-answering: .*did not come to the end within 0\.5 s/,
    warm: /^not-warmed: .*did not come to the end/,
    metrics: /did not come to the end before the task reached its deadline/,
    pods: /no answer in time/,
    seconds: 2,
  },
  {
    title: 'the half of a JSON',
    answer: saying('{"status":"success","data":{"resul'),
    health: /^wrong-content: /,
    warm: /^not-warmed: /,
    metrics: /no whole JSON/,
    pods: NO_JSON,
  },
  {
    title: 'null',
    answer: saying('null'),
    health: /^wrong-content: .*answered null/,
    metrics: /does not answer as Prometheus does/,
    pods: NO_LIST,
  },
  {
    title: 'an error with the status of a success',
    answer: saying('{"status":"error","errorType":"x","error":"down"}'),
    health: /^reports-unhealthy: .*"error"/,
    warm: /^not-warmed: .*"error"/,
    metrics: /answers 200, x: down/,
    pods: NO_LIST,
  },
  {
    title: 'a status that does not exist',
    answer: saying('{}', '', '999 Whatever'),
    health: /^wrong-status: .*answered 999/,
    warm: /^not-warmed: .*answered 999/,
    metrics: /answers 999/,
    pods: /answers 999/,
  },
  {
    title: 'the HTTP of 1991',
    answer: bytes('<html>It works</html>'),
    health: NOT_HTTP,
    warm: NOT_HTTP,
    metrics: NOT_HTTP,
    pods: /Parse Error: Expected HTTP/,
  },
  {
    title: 'a megabyte of headers',
    answer: bytes(`HTTP/1.1 200 OK\r\n${`X-A: ${'x'.repeat(1_000)}\r\n`.repeat(1_000)}\r\n`),
    health: /^malformed-answer: .*more headers than 16 KiB/,
    warm: /^not-warmed: .*more headers than 16 KiB/,
    metrics: /more headers than 16 KiB/,
    pods: /Header overflow/,
  },
  {
    title: 'an encoding that nobody knows',
    answer: saying('x', 'Content-Encoding: rot13\r\n'),
    health: /^malformed-answer: .*rot13/,
    warm: /^not-warmed: .*rot13/,
    metrics: /rot13/,
    pods: /not-readable: cannot list pods/,
  },
  {
    title: 'a redirect to another host',
    answer: saying('', 'Location: https://evil.example/?token=hunter2\r\n', '301 Moved'),
    health: /^redirected: .*leads to https:\/\/evil\.example\/$/,
    warm: /^not-warmed: .*301 and leads to another place/,
    metrics: /301 and leads to https:\/\/evil\.example\/, which is not followed/,
    pods: /answers 301/,
  },
  {
    title: 'a redirect to the metadata of the cloud',
    answer: saying('', `Location: ${FAR}\r\n`, '307 Temporary'),
    health: /^redirected: .*169\.254\.169\.254/,
    warm: /^not-warmed: .*307/,
    metrics: /169\.254\.169\.254.*not followed/,
    pods: /answers 307/,
  },
  {
    title: 'a redirect to itself',
    answer: saying('', 'Location: ?\r\n', '302 Found'),
    health: /^redirected: /,
    warm: /^not-warmed: .*302/,
    metrics: /302 and leads to itself, which is not followed/,
    pods: /answers 302/,
  },
  {
    title: 'two answers to one question',
    answer: bytes('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
    health: /^wrong-status: .*answered 500/,
    warm: /^not-warmed: .*answered 500/,
    metrics: /answers 500/,
    pods: /answers 500/,
  },
];

test.each(ANSWERS)(
  '$title is no answer for whatever asks over HTTP: no pass, and each task says what came',
  async ({ answer, seconds = 10, ...says }) => {
    service.saying = answer;
    const asked = TASKS.filter(({ family }) => says[family]);
    const found = await Promise.all(asked.map(async (one) => ({ ...one, ...(await judged(one, seconds)) })));

    for (const { name, family, verdict, said } of found) {
      expect({ name, verdict }).not.toMatchObject({ verdict: 'pass' });
      expect({ name, said }).toMatchObject({ said: expect.stringMatching(says[family] ?? /^$/) });
      expect(said).not.toMatch(/hunter2|token-that-nobody-may-read/);
    }
    // Whoever is asked for numbers or for a list has then said nothing of the target.
    const unseen = found.filter(({ family }) => family === 'metrics' || family === 'pods');
    expect(unseen.map(({ verdict }) => verdict)).toEqual(unseen.map(() => 'unknown'));
  },
);

test('an answer that is one passes, so that the rows above mean something', async () => {
  const [first, second, ...others] = TASKS;
  service.saying = saying('{"status":"ok"}', `${JSON_TYPE}X-Cache: HIT\r\nCache-Control: max-age=60\r\n`);
  for (const asking of [first, second]) expect(asking && (await judged(asking, 10)).verdict).toBe('pass');
  service.saying = saying('{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}');
  const cluster = others.at(-1);

  // No pods at all are a finding of their own; the answer was read.
  expect(cluster && (await judged(cluster, 10)).said).not.toMatch(/not-readable/);
});
