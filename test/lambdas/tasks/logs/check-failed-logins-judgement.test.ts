import { describe, expect, test } from '@jest/globals';
import { readFolder } from '../../../../lambdas/tasks/logs/_auth-folder.ts';
import { logName, stateOf, type FileReading, type LogState } from '../../../../lambdas/tasks/logs/_auth-series.ts';
import { judgeLog, judgeLogins } from '../../../../lambdas/tasks/logs/_login-judgement.ts';
import { LoginScan } from '../../../../lambdas/tasks/logs/_login-scan.ts';
import { LoginTally, type LoginSummary } from '../../../../lambdas/tasks/logs/_login-tally.ts';
import { task } from '../../../../lambdas/tasks/logs/check-failed-logins.ts';
import { alive, folderWith, hoursAgo, NOW, removeFolders } from './failed-logins-folder.ts';

const LIMITS = { within: 86_400, failuresAbove: 100, perMinuteAbove: 10, perAddressAbove: 50 };
const WINDOW = { fromMs: hoursAgo(24).getTime(), untilMs: NOW.getTime() };
const QUIET: LoginSummary = {
  failures: 0,
  addresses: 0,
  users: 0,
  isCapped: false,
  accounts: [],
  busiest: [],
  burst: { failures: 0, atMs: 0 },
  suspects: [],
  rootLogins: { count: 0, addresses: [] },
};
const ALIVE: LogState = {
  name: 'auth.log',
  lines: 100,
  undated: 0,
  future: 0,
  ofLogins: 9,
  newestMs: NOW.getTime(),
  holes: [],
};

test.each<[string, Partial<LoginSummary>, string[]]>([
  ['nothing', {}, []],
  [
    'as many as are allowed',
    { failures: 100, burst: { failures: 10, atMs: 0 }, busiest: [{ address: 'a', failures: 50 }] },
    [],
  ],
  ['one more', { failures: 101 }, ['failed-logins']],
  ['one more in a minute', { burst: { failures: 11, atMs: 0 } }, ['burst']],
  ['one more of an address', { busiest: [{ address: 'a', failures: 51 }] }, ['persistent-address']],
])('%s gives %j', (_name, parts, kinds) => {
  expect(judgeLogins({ ...QUIET, ...parts }, LIMITS).map(({ kind }) => kind)).toEqual(kinds);
});

test('names ten of many and sums the others up', () => {
  const busiest = Array.from({ length: 30 }, (_, i) => ({ address: `192.0.2.${i}`, failures: 90 - i }));
  const suspects = busiest.map(({ address }) => ({
    address,
    user: 'u',
    method: 'password',
    atMs: 0,
    failuresBefore: 12,
  }));

  const found = judgeLogins({ ...QUIET, busiest, suspects: [...suspects, ...suspects] }, LIMITS);

  expect(found).toHaveLength(22);
  expect(found[10]?.summary).toBe('20 more addresses got in after many failed logins within 1d');
  expect(found[21]?.summary).toBe('20 more addresses with more than 50 failed logins');
});

test('says that there were more than are kept', () => {
  const [found] = judgeLogins(
    {
      ...QUIET,
      failures: 90_000,
      users: 50_000,
      addresses: 50_000,
      isCapped: true,
      busiest: [{ address: 'a', failures: 5 }],
    },
    LIMITS,
  );

  expect(found?.summary).toContain('of at least 50,000 addresses');
});

test.each<[string, Partial<LogState>, string[]]>([
  ['is alive', {}, []],
  ['is as old as allowed', { newestMs: WINDOW.fromMs }, []],
  ['is older', { newestMs: WINDOW.fromMs - 1_000 }, ['log-stopped']],
  ['has few lines without a time', { undated: 5 }, []],
  ['has many lines without a time', { undated: 6 }, ['not-parsable']],
  ['has a line of tomorrow', { future: 1, furthestMs: NOW.getTime() + 3_600_000 }, ['future-lines']],
  ['has a hole', { holes: ['auth.log.1 is not there'] }, ['window-not-covered']],
  ['speaks of nothing that concerns logins', { ofLogins: 0 }, ['no-login-lines']],
])('a log that %s gives %j', (_name, parts, kinds) => {
  const found = judgeLog({ ...ALIVE, ...parts }, { window: WINDOW, silentAfter: 86_400, hasPattern: false });

  expect(found.map(({ kind }) => kind)).toEqual(kinds);
});

test.each([
  ['auth.log', 'auth.log', { kind: 'current' }],
  ['auth.log.1', 'auth.log', { kind: 'numbered', number: 1 }],
  ['auth.log.12.gz', 'auth.log', { kind: 'numbered', number: 12 }],
  ['auth.log-20261121', 'auth.log', { kind: 'dated', date: '20261121' }],
  ['auth.log-20261121-1795226401.zst', 'auth.log', { kind: 'dated', date: '20261121-1795226401' }],
  ['auth-2026-11-21.log.gz', 'auth.log', { kind: 'dated', date: '2026-11-21' }],
  ['secure-20261121.bz2', 'secure', { kind: 'dated', date: '20261121' }],
  ['auth.log.bak', 'auth.log', { kind: 'copy' }],
  ['auth.log.1~', 'auth.log', { kind: 'copy' }],
  ['secure-web2', 'secure-web2', { kind: 'current' }],
])('%s belongs to %s', (name, series, turn) => {
  expect(logName(name)).toEqual({ name, series, turn });
});

describe('the window is covered', () => {
  const reading = (name: string, hoursOld: number, parts: Partial<FileReading> = {}): FileReading => ({
    ...logName(name),
    sizeBytes: 1,
    writtenMs: hoursAgo(hoursOld - 10).getTime(),
    scan: {
      lines: 1,
      undated: 0,
      future: 0,
      ofLogins: 1,
      oldestMs: hoursAgo(hoursOld).getTime(),
      newestMs: NOW.getTime(),
    },
    ...parts,
  });

  test.each<[string, FileReading[], string[]]>([
    ['by one file', [reading('auth.log', 24)], []],
    [
      'by files that follow each other, in whatever order they are listed',
      [reading('auth.log.2', 30), reading('auth.log', 10), reading('auth.log.1', 20)],
      [],
    ],
    [
      'where the file before was written to before the window',
      [reading('auth.log', 10), { ...logName('auth.log.1'), sizeBytes: 1, writtenMs: WINDOW.fromMs - 1 }],
      [],
    ],
    [
      'and not where that file is a copy aside',
      [reading('auth.log', 10), { ...logName('auth.log.bak'), sizeBytes: 1, writtenMs: 0 }],
      ['the oldest line of auth.log is of 2026-11-21T02:00:00.000Z, and there is no file before it'],
    ],
    [
      'and not where a number is missing',
      [reading('auth.log', 10), reading('auth.log.2', 30)],
      ['auth.log.1 is not there'],
    ],
    [
      'and not where a file in it cannot be read',
      [reading('auth.log', 10), reading('auth.log.1', 20, { missing: 'permission denied' }), reading('auth.log.2', 30)],
      ['auth.log.1: permission denied'],
    ],
  ])('%s', (_name, files, holes) => {
    expect(stateOf('auth.log', files, WINDOW.fromMs).holes).toEqual(holes);
  });
});

test('says where there was no time to read a log to its end', async () => {
  const folder = await folderWith({ 'auth.log': alive(30) });
  const scan = new LoginScan(new LoginTally(WINDOW, { suspiciousAfter: 10 }), { window: WINDOW, timezone: 'UTC' });

  const [state] = await readFolder(folder, scan, {
    files: ['auth.*'],
    fromMs: WINDOW.fromMs,
    signal: AbortSignal.abort(),
  });

  expect(state?.holes[0]).toContain('there was no time to read it to its end');
  await removeFolders();
});

test.each([
  [{ within: '32d' }, '31d'],
  [{ timezone: 'CEST' }, 'CEST'],
  [{ files: ['../shadow'] }, 'without a folder'],
  [{ pattern: '(?=x)' }, 'RE2'],
  [{ pattern: '(' }, 'RE2'],
])('refuses the input %j and says why', (input, words) => {
  expect(task.input.safeParse(input).error?.message).toContain(words);
});
