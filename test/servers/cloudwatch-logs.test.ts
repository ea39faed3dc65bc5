import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  paginateDescribeLogGroups,
  paginateDescribeLogStreams,
  paginateFilterLogEvents,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { pointSdkAt } from '../contract/store-backends.ts';
import { logGroup, matches } from './cloudwatch-logs-groups.ts';
import { carryOut } from './cloudwatch-logs-operations.ts';
import { startCloudWatchLogs, type CloudWatchLogsServer } from './cloudwatch-logs.ts';

const NOW = new Date('2026-11-21T02:00:00Z');
let server: CloudWatchLogsServer;
let client: CloudWatchLogsClient;
beforeAll(async () => {
  server = await startCloudWatchLogs({ clock: () => NOW });
  pointSdkAt(server.endpoint);
  client = new CloudWatchLogsClient({ maxAttempts: 1 });
});
beforeEach(() => {
  server.pages = {};
  server.onRequest = undefined;
  server.groups.clear();
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

test('lists groups by prefix in pages, in the order of their names, without their events', async () => {
  for (const name of ['/b/2', '/a/1', '/b/1', '/b/3']) server.groups.set(name, logGroup(name, { storedBytes: 7 }));
  server.pages = { groups: 2 };
  const pages = [];
  for await (const { logGroups } of paginateDescribeLogGroups({ client }, { logGroupNamePrefix: '/b/' })) {
    pages.push(logGroups?.map(({ logGroupName }) => logGroupName));
  }
  expect(pages).toEqual([['/b/1', '/b/2'], ['/b/3']]);
  const { logGroups } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/a/' }));
  expect(logGroups).toEqual([
    {
      logGroupName: '/a/1',
      creationTime: 0,
      storedBytes: 7,
      metricFilterCount: 0,
      logGroupClass: 'STANDARD',
      arn: 'arn:aws:logs:eu-west-1:111122223333:log-group:/a/1:*',
      logGroupArn: 'arn:aws:logs:eu-west-1:111122223333:log-group:/a/1',
    },
  ]);
});

test('sets a retention that the service knows, and refuses another', async () => {
  server.groups.set('/a', logGroup('/a'));
  await client.send(new PutRetentionPolicyCommand({ logGroupName: '/a', retentionInDays: 30 }));
  expect(server.groups.get('/a')?.retentionInDays).toBe(30);
  await expect(
    client.send(new PutRetentionPolicyCommand({ logGroupName: '/a', retentionInDays: 31 })),
  ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(
    client.send(new PutRetentionPolicyCommand({ logGroupName: '/missing', retentionInDays: 30 })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('refuses limits above its own, unknown fields, unsigned requests and tokens of another question', async () => {
  for (const name of ['/a/1', '/a/2']) server.groups.set(name, logGroup(name));
  const invalid = { name: 'InvalidParameterException' };
  await expect(client.send(new DescribeLogGroupsCommand({ limit: 51 }))).rejects.toMatchObject(invalid);
  const misspelt = () => carryOut('DescribeLogGroups', { logGroupNamePrefx: '/a' }, { ...server, now: NOW });
  expect(misspelt).toThrow('logGroupNamePrefx');
  expect((await fetch(server.endpoint, { method: 'POST', body: '{}' })).status).toBe(400);
  const { nextToken } = await client.send(new DescribeLogGroupsCommand({ limit: 1 }));
  await expect(
    client.send(new DescribeLogGroupsCommand({ limit: 1, logGroupNamePrefix: '/a', nextToken })),
  ).rejects.toMatchObject(invalid);
  await expect(client.send(new FilterLogEventsCommand({}))).rejects.toMatchObject(invalid);
});

test('gives events of a time and a pattern in pages, some of them empty, and none that has expired', async () => {
  const hoursAgo = (hours: number) => NOW.getTime() - hours * 3_600_000;
  const event = (hours: number, message: string) => ({ timestamp: hoursAgo(hours), message });
  server.groups.set(
    '/auth',
    logGroup('/auth', {
      retentionInDays: 1,
      streams: {
        one: [event(30, 'Failed password, expired'), event(3, 'Failed password 1'), event(1, 'Failed password 3')],
        two: [event(2, 'Failed password 2'), event(2, 'Accepted password')],
        quiet: [],
      },
    }),
  );
  server.pages = { events: 2, emptyFirst: 1, streams: 1 };
  const pages = [];
  const question = { logGroupName: '/auth', filterPattern: '"Failed password"', startTime: hoursAgo(40) };
  for await (const { events } of paginateFilterLogEvents({ client }, question)) {
    pages.push(events?.map(({ logStreamName, message }) => `${logStreamName}: ${message}`));
  }
  expect(pages).toEqual([[], ['one: Failed password 1', 'two: Failed password 2'], ['one: Failed password 3']]);

  const streams = [];
  const newestFirst = { logGroupName: '/auth', orderBy: 'LastEventTime', descending: true } as const;
  for await (const page of paginateDescribeLogStreams({ client }, newestFirst)) {
    streams.push(...(page.logStreams ?? []).map(({ logStreamName }) => logStreamName));
  }
  expect(streams).toEqual(['one', 'two', 'quiet']);
  await expect(
    client.send(new DescribeLogStreamsCommand({ ...newestFirst, logStreamNamePrefix: 'o' })),
  ).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('breaks, throttles, refuses and talks nonsense where a test wants it', async () => {
  const ask = () => client.send(new DescribeLogGroupsCommand({}));
  server.onRequest = () => 'reset';
  await expect(ask()).rejects.toThrow('ECONNRESET');
  server.onRequest = () => 'throttle';
  await expect(ask()).rejects.toMatchObject({ name: 'ThrottlingException' });
  server.onRequest = () => ({ status: 400, code: 'AccessDeniedException', message: 'not yours' });
  await expect(ask()).rejects.toMatchObject({ name: 'AccessDeniedException', message: 'not yours' });
  server.onRequest = () => ({ answer: {} });
  expect((await ask()).logGroups).toBeUndefined();
});

test.each([
  ['', 'anything', true],
  ['Failed password', 'password that Failed', true],
  ['Failed', 'failed', false],
  ['"Failed password"', 'password that Failed', false],
  ['?Failed ?Invalid', 'Invalid user', true],
  ['?Failed ?Invalid', 'Accepted', false],
  ['Failed ?Invalid', 'Invalid user', false],
  ['Failed -root', 'Failed for root', false],
  ['Failed -"for root"', 'Failed for web', true],
])('the pattern %j on %j: %s', (pattern, message, expected) => {
  expect(matches(message, pattern)).toBe(expected);
});

test.each(['{ $.status = 401 }', '[a, b]', '%Failed%', 'sshd:auth'])('refuses the pattern %s', (pattern) => {
  expect(() => matches('any', pattern)).toThrow();
});
