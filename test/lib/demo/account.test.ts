import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ACCOUNT_FINDINGS, startDemoAccount } from '../../../lib/demo/account/account.ts';
import { shifted } from '../../../lib/demo/account/shifted.ts';
import type { AnswersServer } from '../../../lib/demo/aws/server.ts';
import { task as security } from '../../../lambdas/tasks/reviews/audit-security/index.ts';
import { task as upgrades } from '../../../lambdas/tasks/reviews/plan-upgrades/index.ts';
import { task as scaling } from '../../../lambdas/tasks/reviews/review-scaling.ts';
import { resultOf } from '../../harness/perform-task.ts';

const before = { ...process.env };
let account: AnswersServer | undefined;

beforeEach(() => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIADEMO',
    AWS_SECRET_ACCESS_KEY: 'of-no-account',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});

afterEach(async () => {
  process.env = { ...before };
  await account?.stop();
});

test('the made-up account has what was planted and nothing else, on whatever day it is made up', async () => {
  const now = new Date('2027-01-31T23:59:59Z');
  account = await startDemoAccount(now);
  process.env['AWS_ENDPOINT_URL'] = account.endpoint;
  const targets = { account: { region: 'us-east-1' } };

  const results = await Promise.all([
    resultOf({ task: scaling, targets, input: { clusters: ['prod'] } as never, now }),
    resultOf({ task: upgrades, targets, now }),
    resultOf({ task: security, targets, now, timeoutSeconds: 60 }),
  ]);

  const found = results.flatMap(({ findings }, i) =>
    findings.map(({ kind, subject = '' }) => `${[scaling, upgrades, security][i]?.name} ${kind} account ${subject}`),
  );
  expect(found.sort()).toEqual([...ACCOUNT_FINDINGS].sort());
});

test('brings every moment of an account to another day, in dates and within texts, and nothing else', () => {
  const of = (day: string) => ({
    made: new Date(`${day}T03:20:00Z`),
    list: [{ name: 'ami-2026-07-01', at: `${day}T03:20:00.000Z` }],
    report: `anna,${day}T00:00:00.000+00:00,N/A`,
    count: 3,
  });

  expect(shifted(of('2026-07-01'), 86_400_000)).toEqual(of('2026-07-02'));
});
