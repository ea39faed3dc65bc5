import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/reviews/review-scaling.ts';
import type { AnswersServer } from '../../e2e/answers/server.ts';
import { calmMonth, ecsService, startAccount, WEB } from '../../lambdas/tasks/reviews/_account.ts';
import { startFaultProxy, type FaultProxy } from '../../servers/fault-proxy.ts';
import { BAD_LINES, see, type Row, type Seen } from './_matrix.ts';

/** What each row is for the requests in the region that is lost; the other one's come over the same line. */
const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /ECONNREFUSED/ },
  { title: 'is reset when it is asked', fault: { kind: 'reset' }, words: /ECONNRESET|socket hang up/ },
  { title: 'is closed when it is asked', fault: { kind: 'end' }, words: /ECONNRESET|socket hang up/ },
  {
    title: 'is closed in the middle of the answer',
    fault: { kind: 'end', afterBytes: 250 },
    words: /aborted|socket hang up|ECONNRESET|Unexpected end|closed/,
  },
  { title: 'swallows the question', fault: { kind: 'stall' }, words: /no answer before the task reached its deadline/ },
];
const TARGETS = { lost: { region: 'eu-west-1' }, well: { region: 'us-east-1' } };
/** The region in the signature of a request. */
const LOST = /\/eu-west-1\//;
const LIMIT_SECONDS = 5;
const NOW = new Date('2026-07-01T03:20:00Z');

const before = { ...process.env };
const seen = new Map<string, Seen>();
let server: AnswersServer;
let line: FaultProxy;

beforeAll(async () => {
  server = await startAccount({ services: [ecsService('web')], taskDefinitions: [WEB], value: calmMonth() });
  line = await startFaultProxy(Number(new URL(server.endpoint).port));
  process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${line.port}`;
  for (const row of [...ROWS, ...BAD_LINES]) {
    line.fault = row.fault && { ...row.fault, onceAsked: LOST };
    line.pace = row.pace ?? {};
    // Or it would go on over connections of the row before.
    line.cut();
    if (row.refuses) line.refuse();
    seen.set(row.title, await see({ task, targets: TARGETS, now: NOW, timeoutSeconds: LIMIT_SECONDS }));
    await line.mend();
  }
}, 120_000);
afterAll(async () => {
  process.env = before;
  line.close();
  await server.stop();
});

test.each(ROWS)('a review passes nothing of a region to which the line $title', ({ title, words, refuses }) => {
  const { verdicts, said } = seen.get(title) ?? {};

  expect(verdicts).toEqual({ lost: 'unknown', well: refuses ? 'unknown' : 'pass' });
  expect(said?.['lost']).toMatch(words);
  expect(said?.['lost']).not.toContain('of-a-test');
});

test.each(BAD_LINES)('a review is as ever where the line $title', ({ title }) => {
  expect(seen.get(title)?.verdicts).toEqual({ lost: 'pass', well: 'pass' });
});
