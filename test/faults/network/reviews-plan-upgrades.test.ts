import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/reviews/plan-upgrades/index.ts';
import { PLANTED_FOR as now } from '../../../lib/demo/account/day.ts';
import { CURRENT } from '../../../lib/demo/account/upgrades-planted.ts';
import type { AnswersServer } from '../../../lib/demo/aws/server.ts';
import { startUpgradesAccount } from '../../lambdas/tasks/reviews/_upgrades-account.ts';
import type { FaultProxy } from '../../servers/fault-proxy.ts';
import { BAD_LINES, type Seen } from './_matrix.ts';
import {
  BYTE_BY_BYTE,
  LOST_FIRST as targets,
  openLine,
  partsMissed,
  ROWS,
  seeReview,
  WHOLLY_LOST,
} from './_reviews-line.ts';

const SLOW = [...BAD_LINES, BYTE_BY_BYTE];
/** The lists of a region, as the plan calls them. */
const PARTS = [
  'Aurora clusters',
  'EC2 instances',
  'EKS clusters',
  'ElastiCache',
  'Lambda functions',
  'RDS instances',
  'launch templates',
];
const before = { ...process.env };
let server: AnswersServer;
let line: FaultProxy;
let seen: ReadonlyMap<string, Seen>;

beforeAll(async () => {
  server = await startUpgradesAccount(CURRENT);
  line = await openLine();
  seen = await seeReview(line, { task, targets, now }, [...ROWS, ...SLOW]);
}, 240_000);
afterAll(async () => {
  process.env = before;
  line.close();
  await server.stop();
});

test.each(ROWS)('a plan passes nothing of a region to which the line $title', ({ title, words, refuses }) => {
  const { verdicts, said } = seen.get(title) ?? {};

  expect(verdicts).toEqual({ lost: 'unknown', well: refuses ? 'unknown' : 'pass' });
  expect(said?.['lost']).toMatch(words);
  expect(JSON.stringify(said)).not.toContain('of-a-test');
});

test.each(WHOLLY_LOST)('a plan names all that it does not know of a region to which the line $title', ({ title }) => {
  expect(partsMissed(seen.get(title)?.said['lost'], PARTS)).toEqual(PARTS);
});

test.each(SLOW)('a plan is as ever where the line $title', ({ title }) => {
  const { verdicts, said } = seen.get(title) ?? {};

  expect(verdicts).toEqual({ lost: 'pass', well: 'pass' });
  expect(said).toEqual({});
});
