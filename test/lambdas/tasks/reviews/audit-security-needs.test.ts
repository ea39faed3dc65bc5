import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ResolvedPlatform } from '../../../../core/platform.ts';
import { task } from '../../../../lambdas/tasks/reviews/audit-security/index.ts';
import { resolvedExample } from './_platform.ts';
import { PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';
import { ALL_ON } from '../../../../lib/demo/account/security-planted.ts';
import { startSecurityAccount, type SecurityServers } from './_security-account.ts';

let servers: SecurityServers;

beforeAll(async () => {
  servers = await startSecurityAccount(ALL_ON);
});
beforeEach(() => servers.answers.faults.clear());
afterAll(async () => {
  await servers.stop();
});

const needs = (input: object = {}) =>
  task.needs?.({
    ...{ input: task.input.parse(input), targets: [{ name: 'account' }], now: NOW },
    signal: AbortSignal.timeout(30_000),
  } as never);

test('all needs are met where every list answers, and what the profile leaves out is none', async () => {
  const all = await needs();
  const some = await needs({ services: [] });

  expect(all?.filter(({ state }) => state !== 'met')).toEqual([]);
  expect(all).toHaveLength(13);
  expect(some).toHaveLength(7);
});

test('a right that is missing comes with the policy that gives it and nothing else', async () => {
  servers.answers.faults.deny('guardduty:ListDetectors');

  const missing = (await needs())?.filter(({ state }) => state !== 'met') ?? [];

  expect(missing).toMatchObject([{ need: 'read GuardDuty', state: 'missing' }]);
  expect(JSON.parse(missing[0]?.grant ?? '')).toMatchObject({
    Statement: [{ Effect: 'Allow', Action: ['guardduty:ListDetectors'], Resource: ['*'] }],
  });
});

test('the function may ask only the services that some entry of the profile wants', () => {
  const entry = (services: readonly string[]) => ({ task: task.name, input: { services } });
  const platform = {
    ...resolvedExample(),
    procedures: { monthly: { steps: [entry(['ecr']), { parallel: [entry(['ssm'])] }] } },
  } as unknown as ResolvedPlatform;
  const servicesOf = (one: ResolvedPlatform) =>
    new Set(task.permissions(one).flatMap(({ actions }) => actions.map((action) => action.split(':')[0])));

  expect([...servicesOf(platform)].sort()).toEqual(['ec2', 'ecr', 'iam', 's3', 'ssm']);
  expect(servicesOf(resolvedExample())).toContain('guardduty');
  expect(task.permissions({ ...resolvedExample(), targets: {} })).toEqual([]);
});
