import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/reviews/review-scaling.ts';
import { PLANTED_FOR as now } from '../../../lib/demo/account/day.ts';
import { calmMonth, ecsService, WEB } from '../../../lib/demo/account/load.ts';
import type { AnswersServer } from '../../../lib/demo/aws/server.ts';
import { startAccount } from '../../lambdas/tasks/reviews/_account.ts';
import type { FaultProxy } from '../../servers/fault-proxy.ts';
import { BAD_LINES, type Seen } from './_matrix.ts';
import { LOST_FIRST as targets, openLine, ROWS, seeReview } from './_reviews-line.ts';

const before = { ...process.env };
let server: AnswersServer;
let line: FaultProxy;
let seen: ReadonlyMap<string, Seen>;

beforeAll(async () => {
  server = await startAccount({ services: [ecsService('web')], taskDefinitions: [WEB], value: calmMonth() });
  line = await openLine();
  seen = await seeReview(line, { task, targets, now }, [...ROWS, ...BAD_LINES]);
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
