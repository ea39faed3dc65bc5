import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { pointSdkAt } from '../../../contract/store-backends.ts';
import { logGroup, type LogEvent, type LogGroup } from '../../../servers/cloudwatch-logs-groups.ts';
import { startCloudWatchLogs, type CloudWatchLogsServer } from '../../../servers/cloudwatch-logs.ts';
import { checkUrl, failed, hoursAgo, NOW } from './failed-logins-folder.ts';

const GROUP = '/hosts/auth';
const URL = `cloudwatch-logs:${GROUP}`;

let server: CloudWatchLogsServer;
beforeAll(async () => {
  server = await startCloudWatchLogs({ clock: () => NOW });
  pointSdkAt(server.endpoint);
});
beforeEach(() => {
  server.pages = {};
  server.onRequest = undefined;
  server.groups.clear();
});
afterAll(() => server.close());

function event(hours: number, message: string): LogEvent {
  return { timestamp: hoursAgo(hours).getTime(), message };
}

/** A failure whose line is of another time than the event: the event's holds. */
function failures(count: number, hours: number): LogEvent[] {
  return Array.from({ length: count }, (_, i) => event(hours - i / 100, failed(hoursAgo(500))));
}

const LIVING = Array.from({ length: 30 }, (_, i) =>
  event(30 - i, `Jan  1 00:00:00 web1 sshd[${i}]: Connection closed by 192.0.2.1 port 5`),
);

function serve(streams: LogGroup['streams'], parts: Partial<LogGroup> = {}): void {
  for (const group of [logGroup(GROUP, { streams, ...parts }), logGroup(`${GROUP}-old`), logGroup('/hosts')]) {
    server.groups.set(group.logGroupName, group);
  }
}

test('passes a living group in which few fail, in pages of which some are empty', async () => {
  serve({ web1: LIVING, web2: [...failures(3, 30), ...failures(4, 20)] });
  server.pages = { groups: 1, streams: 1, events: 2, emptyFirst: 3 };

  const { words, counted } = await checkUrl(URL);

  expect(words).toEqual([]);
  expect(counted).toMatchObject({ 'failed-logins': 4, 'failing-addresses': 1, 'attempted-users': 1 });
});

test('warns of many failures by the times of the events, and gives the command that shows them', async () => {
  serve({ web1: [...LIVING, ...failures(120, 3)] });

  const { words, findings } = await checkUrl(URL, { perMinuteAbove: 50 });

  expect(words).toEqual(['failed-logins', 'persistent-address 203.0.113.9']);
  expect(findings[1]?.command).toBe(
    `aws logs filter-log-events --log-group-name '/hosts/auth' --start-time ${hoursAgo(24).getTime()} --end-time ${NOW.getTime() - 1} --filter-pattern '"203.0.113.9"'`,
  );
});

test('counts the beginning of the window and not its end', async () => {
  serve({ web1: [...LIVING, ...failures(1, 24), ...failures(1, 0), event(24.001, failed(NOW))] });

  expect((await checkUrl(URL)).counted['failed-logins']).toBe(1);
});

test('takes an event that two pages hold once', async () => {
  serve({ web1: [] });
  const events = failures(1, 2).map((one) => ({ ...one, eventId: '1', logStreamName: 'web1' }));
  const answers = [{ events, nextToken: 'a' }, { events: [], nextToken: 'b' }, { events }];
  server.onRequest = ({ operation }) => (operation === 'FilterLogEvents' ? { answer: answers.shift() } : undefined);

  expect((await checkUrl(URL)).counted['failed-logins']).toBe(1);
});

test('asks for all events, for a filter would hide whether any arrive', async () => {
  serve({ web1: LIVING });
  const before = server.requests.length;

  await checkUrl(URL);

  const asked = server.requests.slice(before).filter(({ operation }) => operation === 'FilterLogEvents');
  expect(asked).toHaveLength(1);
  expect(asked[0]?.input['filterPattern']).toBeUndefined();
});

test('a group that got its last event three days ago is unknown', async () => {
  serve({ web1: [event(72, failed(NOW))], web2: [event(80, failed(NOW))], web3: [] });

  const { words, findings, measurements } = await checkUrl(URL);

  expect(words).toEqual([`log-stopped ${GROUP}`]);
  expect(findings[0]?.summary).toBe('the newest line of /hosts/auth is 3d old, limit 1d');
  expect(measurements).toEqual([]);
});

test.each<[string, Partial<LogGroup>, LogGroup['streams'], string]>([
  ['never got an event', {}, {}, `log-stopped ${GROUP}`],
  [
    'is younger than the window',
    { creationTime: hoursAgo(5).getTime() },
    { web1: LIVING },
    `window-not-covered ${GROUP}`,
  ],
  [
    'holds another log',
    {},
    { web1: LIVING.map((one) => ({ ...one, message: 'GET /health 200' })) },
    `no-login-lines ${GROUP}`,
  ],
])('a group that %s is unknown', async (_name, parts, streams, word) => {
  serve(streams, parts);

  const { words, measurements } = await checkUrl(URL);

  expect(words).toEqual([word]);
  expect(measurements).toEqual([]);
});

test('a group that keeps events for less than the window is unknown', async () => {
  serve({ web1: LIVING }, { retentionInDays: 1 });

  expect((await checkUrl(URL)).words).toEqual([]);
  expect((await checkUrl(URL, { within: '2d' })).words).toEqual([`window-not-covered ${GROUP}`]);
});

test.each<[string, () => void, string]>([
  [
    'is not there',
    () => server.groups.set(`${GROUP}-old`, logGroup(`${GROUP}-old`)),
    'there is no log group /hosts/auth',
  ],
  [
    'may not be read',
    () => {
      serve({ web1: LIVING });
      server.onRequest = ({ operation }) =>
        operation === 'FilterLogEvents'
          ? { status: 400, code: 'AccessDeniedException', message: 'not yours' }
          : undefined;
    },
    'AccessDeniedException not yours',
  ],
  [
    'gives the same page for ever',
    () => {
      serve({ web1: LIVING });
      server.onRequest = ({ operation }) =>
        operation === 'FilterLogEvents' ? { answer: { events: [], nextToken: 'again' } } : undefined;
    },
    'the same page again and again',
  ],
])('a group that %s is unknown', async (_name, arrange, reason) => {
  arrange();

  const { words, findings } = await checkUrl(URL);

  expect(words).toEqual(['not-readable']);
  expect(findings[0]?.summary).toContain(reason);
});

test('is read although it throttles now and then', async () => {
  serve({ web1: LIVING });
  let asked = 0;
  server.onRequest = () => ((asked += 1) % 2 === 1 ? 'throttle' : undefined);

  expect((await checkUrl(URL)).words).toEqual([]);
});
