import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { task as checkCertificates } from '../../../lambdas/tasks/certificates/check-endpoints.ts';
import { task as checkHealth } from '../../../lambdas/tasks/endpoints/check-health.ts';
import { task as warmCache } from '../../../lambdas/tasks/endpoints/warm-cache.ts';
import { startHttpService, type HttpService } from '../../../lib/demo/servers/http.ts';
import { createAuthority, issue, type Authority } from '../../../lib/demo/servers/tls.ts';
import { BAD_LINES, see, seeOver, type Row, type Seen } from './_matrix.ts';

const AUTHORIZATION = 'Bearer a-token-of-the-shop';
const PAGE = 'x'.repeat(60_000);
let authority: Authority;
let service: HttpService;
let health: ReadonlyMap<string, Seen>;
let warmth: ReadonlyMap<string, Seen>;
let certificates: ReadonlyMap<string, Seen>;

beforeAll(async () => {
  authority = await createAuthority({ name: 'Test authority' });
  const issued = await issue({ authority, names: ['127.0.0.1'] });
  const cached = { headers: { 'x-cache': 'HIT', age: '5', 'cache-control': 'max-age=600' }, body: PAGE };
  service = await startHttpService({ issued, answers: { '/': { body: PAGE }, '/events': cached } });
  [health, warmth, certificates] = await Promise.all([
    seeOver([...ANSWER_ROWS, ...BAD_LINES], service.port, (port) =>
      look(checkHealth, port, { within: '4s', slowAbove: '4s' }),
    ),
    seeOver([...ANSWER_ROWS, ...BAD_LINES], service.port, (port) =>
      look(warmCache, port, { paths: ['/events'], within: '4s', perSecond: 50 }),
    ),
    seeOver([...HANDSHAKE_ROWS, ...BAD_LINES], service.port, (port) =>
      look(checkCertificates, port, { probeTimeoutSeconds: 4 }),
    ),
  ]);
});
afterAll(() => service.close());

function look(
  task: typeof checkHealth,
  port: number,
  input: Readonly<Record<string, string | number | string[]>>,
): Promise<Seen> {
  const common = { ca: authority.certificate, authorization: AUTHORIZATION };
  const targets = { lost: { url: `https://127.0.0.1:${port}`, ...common }, well: { url: service.url, ...common } };
  return see({ task, targets, input });
}

/** So many bytes of the server lie in the middle of its handshake, and of its answer. */
const IN_HANDSHAKE = 300;
const IN_ANSWER = 30_000;

const HANDSHAKE_ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /refused the connection/ },
  { title: 'lets no connection through', isDeaf: true, words: /did not accept a connection within 4 s/ },
  {
    title: 'is reset at once',
    fault: { kind: 'reset' },
    words: /ended the connection (at once|during the TLS handshake)/,
  },
  { title: 'is closed at once', fault: { kind: 'end' }, words: /ended the connection during the TLS handshake/ },
  {
    title: 'is reset in the middle of the handshake',
    fault: { kind: 'reset', afterBytes: IN_HANDSHAKE },
    words: /ended the connection during the TLS handshake/,
  },
  {
    title: 'is closed in the middle of the handshake',
    fault: { kind: 'end', afterBytes: IN_HANDSHAKE },
    words: /ended the connection during the TLS handshake/,
  },
  { title: 'swallows everything', fault: { kind: 'stall' }, words: /did not finish the TLS handshake within 4 s/ },
  {
    title: 'loses its other end in the middle of the handshake',
    fault: { kind: 'half-open', afterBytes: IN_HANDSHAKE },
    words: /did not finish the TLS handshake within 4 s/,
  },
  {
    title: 'lets one byte through at a time',
    pace: { sliceBytes: 1, gapMs: 20 },
    words: /did not finish the TLS handshake within 4 s/,
  },
];

const ANSWER_ROWS: readonly Row[] = [
  ...HANDSHAKE_ROWS,
  {
    title: 'is reset in the middle of the answer',
    fault: { kind: 'reset', afterBytes: IN_ANSWER },
    words: /ended the connection in the middle of its answer/,
  },
  {
    title: 'is closed in the middle of the answer',
    fault: { kind: 'end', afterBytes: IN_ANSWER },
    words: /ended the connection in the middle of its answer/,
  },
  {
    title: 'swallows the end of the answer',
    fault: { kind: 'stall', afterBytes: IN_ANSWER },
    words: /began to answer and did not come to the end within 4 s/,
  },
  {
    title: 'loses its other end in the middle of the answer',
    fault: { kind: 'half-open', afterBytes: IN_ANSWER },
    words: /began to answer and did not come to the end within 4 s/,
  },
];

describe('a service fails its check, which says where it ended, and the one beside it is judged, where the line', () => {
  test.each(ANSWER_ROWS)('$title', ({ title, words }) => expectLost(health.get(title), 'fail', words));
});

describe('a cache is not taken for warm, which fails, and the one beside it is warmed, where the line', () => {
  test.each(ANSWER_ROWS)('$title', ({ title, words }) => expectLost(warmth.get(title), 'fail', words));
});

describe('a certificate is unknown, and the one beside it is judged, where the line', () => {
  test.each(HANDSHAKE_ROWS)('$title', ({ title, words }) => expectLost(certificates.get(title), 'unknown', words));
});

function expectLost(seen: Seen | undefined, verdict: 'fail' | 'unknown', words: RegExp): void {
  expect(seen?.verdicts).toEqual({ lost: verdict, well: 'pass' });
  expect(seen?.said['lost']).toMatch(words);
  expect(JSON.stringify(seen)).not.toContain(AUTHORIZATION);
}

test.each(BAD_LINES)('service, cache and certificate are judged as ever where the line $title', ({ title }) => {
  for (const seen of [health, warmth, certificates]) {
    expect(seen.get(title)).toMatchObject({ verdicts: { lost: 'pass', well: 'pass' }, measured: ['lost', 'well'] });
  }
});
