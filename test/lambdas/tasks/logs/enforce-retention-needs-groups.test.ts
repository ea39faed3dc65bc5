import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { task } from '../../../../lambdas/tasks/logs/enforce-retention.ts';
import { pointSdkAt } from '../../../contract/store-backends.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { logGroup } from '../../../servers/cloudwatch-logs-groups.ts';
import { startCloudWatchLogs, type CloudWatchLogsServer } from '../../../servers/cloudwatch-logs.ts';

const GROUPS = ['/shop/prod', '/shop/prod/api'];
let server: CloudWatchLogsServer;

beforeAll(async () => {
  server = await startCloudWatchLogs();
  pointSdkAt(server.endpoint);
});
beforeEach(() => {
  server.groups.clear();
  server.onRequest = undefined;
  for (const name of [...GROUPS, '/shop/production']) server.groups.set(name, logGroup(name));
});
afterAll(() => server.close());

const ask = (name = '/shop/prod') => needsOf({ task, targets: { app: { url: `cloudwatch-logs:${name}` } } });

test('a list that comes does not hide that no retention may be set', async () => {
  let allowed: readonly string[] = [];
  server.onRequest = ({ operation }) =>
    operation === 'PutRetentionPolicy' && !allowed.includes('logs:PutRetentionPolicy')
      ? { status: 400, code: 'AccessDeniedException', message: 'not yours' }
      : undefined;
  const needs = await ask();
  expect(inWords(needs)).toEqual(['met be listed', 'missing set a retention']);

  const { Statement } = JSON.parse(needs[1]?.grant ?? '') as { Statement: { Action: string[]; Resource: string[] }[] };
  expect(Statement).toEqual([
    {
      Effect: 'Allow',
      Action: ['logs:DescribeLogGroups'],
      Resource: ['arn:aws:logs:eu-west-1:*:log-group:*:*'],
    },
    {
      Effect: 'Allow',
      Action: ['logs:PutRetentionPolicy'],
      Resource: [
        'arn:aws:logs:eu-west-1:*:log-group:/shop/prod:*',
        'arn:aws:logs:eu-west-1:*:log-group:/shop/prod/*:*',
      ],
    },
  ]);
  allowed = Statement.flatMap(({ Action }) => Action);
  expect(inWords(await ask())).toEqual(['met be listed', 'met set a retention']);
});

test('the look asks to change only a group that cannot exist, and so changes none', async () => {
  const before = structuredClone([...server.groups]);
  const first = server.requests.length;
  const needs = await ask();
  const puts = server.requests.slice(first).filter(({ operation }) => operation === 'PutRetentionPolicy');

  expect(needCalled(needs, 'be listed').detail).toBe('2 log groups under /shop/prod');
  expect(puts.map(({ input }) => String(input['logGroupName']))).toEqual([
    expect.stringMatching(/^\/shop\/prod\/fettle-doctor-[0-9a-f-]{36}$/),
  ]);
  expect([...server.groups]).toEqual(before);
});

test('a list that is refused is missing, and one without a group or without sense is unknown', async () => {
  expect(needCalled(await ask('/shop/test'), 'be listed')).toMatchObject({
    state: 'unknown',
    detail: 'there is no log group /shop/test',
  });
  server.onRequest = () => ({ answer: {} });
  expect(needCalled(await ask(), 'be listed').state).toBe('unknown');
  server.onRequest = ({ operation }) =>
    operation === 'DescribeLogGroups' ? { status: 400, code: 'AccessDeniedException', message: 'no' } : undefined;
  expect(inWords(await ask())).toEqual(['missing be listed', 'met set a retention']);
});
