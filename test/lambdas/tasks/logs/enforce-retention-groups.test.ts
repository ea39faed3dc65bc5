import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { groupPermissions } from '../../../../lambdas/tasks/logs/_group-permissions.ts';
import { task } from '../../../../lambdas/tasks/logs/enforce-retention.ts';
import { examplePlatform } from '../../../../lib/docs/example-platform.ts';
import { pointSdkAt } from '../../../contract/store-backends.ts';
import { performTask, type Performance } from '../../../harness/perform-task.ts';
import { logGroup, type LogGroup } from '../../../servers/cloudwatch-logs-groups.ts';
import { startCloudWatchLogs, type CloudWatchLogsServer } from '../../../servers/cloudwatch-logs.ts';

let server: CloudWatchLogsServer;
beforeAll(async () => {
  server = await startCloudWatchLogs();
  pointSdkAt(server.endpoint);
});
beforeEach(() => {
  server.groups.clear();
  server.pages = {};
  server.onRequest = undefined;
});
afterAll(() => server.close());

function have(name: string, parts: Partial<LogGroup> = {}): void {
  server.groups.set(name, logGroup(name, parts));
}

async function enforce(input: Readonly<Record<string, Json>> = {}, options: Partial<Performance> = {}) {
  const { result, actions } = await performTask({
    task,
    targets: { shop: { url: 'cloudwatch-logs:/shop/prod' } },
    input: { maxPercent: '100%', ...input },
    ...options,
  });
  if ('paused' in result) throw new Error('it paused');
  const { findings, measurements } = result;
  return {
    findings,
    kinds: findings.map(({ kind, subject }) => (subject === undefined ? kind : `${kind} ${subject}`)),
    measured: measurements.map(({ name, value, subject }) => [subject ?? name, value]),
    actions: actions.map(({ verb, subject, status }) => `${verb} ${subject} ${status}`),
  };
}

const retentions = () => Object.fromEntries([...server.groups].map(([name, group]) => [name, group.retentionInDays]));

test('gives every group under the address a retention, and touches no other and no shorter one', async () => {
  have('/shop/prod', { storedBytes: 10 });
  have('/shop/prod/api', { storedBytes: 3_000 });
  have('/shop/prod/web', { retentionInDays: 7, storedBytes: 20 });
  have('/shop/production');
  have('/shop/pro');
  server.pages = { groups: 1 };
  const { actions, findings, measured } = await enforce({ retentionDays: 90 });
  expect(actions).toEqual(['set-retention /shop/prod/api done', 'set-retention /shop/prod done']);
  expect(findings).toEqual([]);
  expect(retentions()).toEqual({
    '/shop/prod': 90,
    '/shop/prod/api': 90,
    '/shop/prod/web': 7,
    '/shop/production': undefined,
    '/shop/pro': undefined,
  });
  expect(measured).toEqual([
    ['log-groups', 3],
    ['stored-bytes', 3_030],
    ['/shop/prod/api', 3_000],
    ['/shop/prod/web', 20],
    ['/shop/prod', 10],
  ]);
});

test('changes nothing in a plan, and says what has no retention with the command that sets it', async () => {
  have('/shop/prod/api', { storedBytes: 5_000_000 });
  const before = server.requests.length;
  const { actions, findings } = await enforce({}, { mode: 'plan' });
  expect(actions).toEqual(['set-retention /shop/prod/api planned']);
  expect(findings).toEqual([
    {
      kind: 'no-retention',
      target: 'shop',
      subject: '/shop/prod/api',
      summary: '/shop/prod/api: 5.0 MB kept without end, 365 days expected',
      command: "aws logs put-retention-policy --log-group-name '/shop/prod/api' --retention-in-days 365",
    },
  ]);
  expect(server.requests.slice(before).map(({ operation }) => operation)).toEqual(['DescribeLogGroups']);
});

test('reports a longer retention, and shortens it only where the profile says so', async () => {
  have('/shop/prod/api', { retentionInDays: 3653 });
  const kept = await enforce();
  expect(kept.actions).toEqual([]);
  expect(kept.findings).toMatchObject([{ kind: 'kept-longer', value: 3653, limit: 365, unit: 'days' }]);
  const shortened = await enforce({ shortenRetention: true });
  expect(shortened.actions).toEqual(['shorten-retention /shop/prod/api done']);
  expect(retentions()).toEqual({ '/shop/prod/api': 365 });
});

test('leaves groups of audit events, exempt ones and those of a delivery alone', async () => {
  have('/shop/prod/audit', { storedBytes: 10 });
  have('/shop/prod/CloudTrail', { retentionInDays: 3653, storedBytes: 5 });
  have('/shop/prod/billing', { storedBytes: 1 });
  have('/shop/prod/firehose', { logGroupClass: 'DELIVERY' });
  const { actions, findings } = await enforce({ exempt: ['*/billing'], shortenRetention: true });
  expect(actions).toEqual([]);
  expect(findings).toMatchObject([{ kind: 'exempt', summary: '3 log groups with 16 bytes are exempt' }]);
});

test('takes the largest first within its cap', async () => {
  for (const place of [1, 2, 3]) have(`/shop/prod/${place}`, { storedBytes: place });
  const { actions, kinds } = await enforce({ maxChanges: 1 });
  expect(actions).toEqual(['set-retention /shop/prod/3 done']);
  expect(kinds).toEqual(['no-retention /shop/prod/1', 'no-retention /shop/prod/2', 'files-left']);
});

test('leaves a retention that somebody set since the list was made', async () => {
  have('/shop/prod/api');
  const { actions, kinds } = await enforce(
    {},
    {
      act: async (_action, perform) => {
        have('/shop/prod/api', { retentionInDays: 3653 });
        expect(await perform()).toMatchObject({ state: 'skipped' });
        return { status: 'skipped', detail: 'changed' };
      },
    },
  );
  expect(actions).toEqual([]);
  expect(kinds).toEqual([]);
  expect(retentions()).toEqual({ '/shop/prod/api': 3653 });
});

test('settles a lost answer by looking at the group', async () => {
  have('/shop/prod/api');
  const looks: unknown[] = [];
  await enforce(
    {},
    {
      act: async (action, perform) => {
        looks.push(await action.look?.({} as never));
        await perform();
        looks.push(await action.look?.({} as never));
        return { status: 'done', reconciled: true, possiblyRepeated: false };
      },
    },
  );
  expect(looks).toEqual([{ state: 'not-done' }, { state: 'done' }]);
});

test('is unknown where there is no such group', async () => {
  have('/shop/production');
  expect((await enforce()).kinds).toEqual(['no-logs']);
});

test.each([
  ['access is denied', { status: 400, code: 'AccessDeniedException' } as const, 'AccessDeniedException'],
  ['the answer has no list', { answer: {} } as const, 'no list'],
  ['a group does not say its size', { answer: { logGroups: [{ logGroupName: '/shop/prod/api' }] } } as const, 'bytes'],
  ['the list leads in a circle', { answer: { logGroups: [], nextToken: 'again' } } as const, 'circle'],
])('is unknown where %s', async (_why, fault, words) => {
  have('/shop/prod/api');
  server.onRequest = () => fault;
  const { kinds, findings, actions } = await enforce();
  expect(kinds).toEqual(['not-readable']);
  expect(findings[0]?.summary).toContain(words);
  expect(actions).toEqual([]);
});

test('tries again where the service throttles, and sets no retention twice', async () => {
  have('/shop/prod/api');
  const faults = ['throttle', 'reset'] as const;
  let at = 0;
  server.onRequest = () => faults[at++];
  expect((await enforce()).actions).toEqual(['set-retention /shop/prod/api done']);
});

test('asks for rights on the groups of the platform and on no others', () => {
  const [listed, named, secret] = groupPermissions(examplePlatform());
  expect(listed).toMatchObject({
    actions: ['logs:DescribeLogGroups'],
    resources: ['arn:aws:logs:eu-west-1:111122223333:log-group:*:*'],
  });
  expect(named?.resources).toEqual([
    'arn:aws:logs:eu-west-1:111122223333:log-group:/orchard/prod/api:*',
    'arn:aws:logs:eu-west-1:111122223333:log-group:/orchard/prod/api/*:*',
  ]);
  expect(secret?.because).toContain('secret');
  expect(groupPermissions(examplePlatform({ empty: true }))).toEqual([]);
});
