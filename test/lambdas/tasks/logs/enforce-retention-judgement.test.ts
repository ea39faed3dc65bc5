import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { LogFile } from '../../../../lambdas/tasks/logs/_log-files.ts';
import { byteName, isExempt, quotedPath, roleOf, shownPath, stemOf } from '../../../../lambdas/tasks/logs/_log-name.ts';
import { groupDue, RETENTION_DAYS } from '../../../../lambdas/tasks/logs/_retention-groups.ts';
import { bytesInWords, dueOf, gzipNameOf, OldestFirst, Rotation } from '../../../../lambdas/tasks/logs/_retention.ts';

const NOW = new Date('2026-11-21T02:00:00Z');
const DAY_MS = 86_400_000;
const LIMITS = {
  compressAfterSeconds: 7 * 86_400,
  deleteAfterSeconds: 30 * 86_400,
  quietForSeconds: 3_600,
  largeBytes: 100,
};

function log(name: string, days: number, parts: Partial<LogFile> = {}): LogFile {
  const writtenAt = NOW.getTime() - days * DAY_MS;
  return {
    folder: [],
    name,
    role: roleOf(name) ?? 'live',
    dev: 1n,
    ino: 1n,
    sizeBytes: 1_000,
    diskBytes: 4_096,
    mtimeNs: BigInt(writtenAt) * 1_000_000n,
    birthMs: writtenAt,
    changedMs: writtenAt,
    nlink: 1n,
    uid: 0n,
    gid: 0n,
    mode: 0o100644n,
    ...parts,
  };
}

test.each([
  ['app.log', 'live'],
  ['maintenance-20261101.log', 'live'],
  ['APP.LOG', 'live'],
  ['app.log.1', 'rotated'],
  ['app.log-20261101', 'rotated'],
  ['app.log.2026-11-01', 'rotated'],
  ['app.log-20261101-1761955200', 'rotated'],
  ['app.log.1.gz', 'compressed'],
  ['app.log.gz', 'compressed'],
  ['app.log-20261101.zst', 'compressed'],
  ['app.log.12345', undefined],
  ['app.log.bak', undefined],
  ['app.log.old.gz', undefined],
  ['app.gz', undefined],
  ['app.tar.gz', undefined],
  ['dump.sql.gz', undefined],
  ['.app.log', undefined],
  ['.log', undefined],
  ['catalog', undefined],
  ['app.log.1.gz.part', undefined],
  ['app.log\n', undefined],
])('the role of %j is %s', (name, role) => {
  expect(roleOf(name)).toBe(role);
});

test.each([
  ['auth.log.1', true],
  ['oauth2-proxy.log', true],
  ['authorisation.log', true],
  ['author.log', false],
  ['authors/app.log', false],
  ['web/Audit-2026.log.gz', true],
  ['var/audit/x.log', true],
  ['secure.log-20261101', true],
  ['security.log', true],
  ['wtmp', true],
  ['btmp.log.1', true],
  ['lastlog', true],
  ['journal/system.log', true],
  ['access.log.1', false],
  ['billing/app.log', true],
  ['pay-1.log.gz', true],
  ['prepay-1.log.gz', false],
])('%s is exempt: %s', (path, exempt) => {
  expect(isExempt(path, ['billing/*', 'pay-*.log*'])).toBe(exempt);
});

test('a hostile name does not make a pattern slow', () => {
  expect(isExempt(`${'a'.repeat(4_000)}b`, [`${'a*'.repeat(60)}c`])).toBe(false);
});

test.each([
  ['app.log', 6.99, 'not-yet'],
  ['app.log', 7, 'compress'],
  ['app.log.1', 400, 'compress'],
  ['app.log.1.gz', 29.99, 'not-yet'],
  ['app.log.1.gz', 30, 'delete'],
  ['app.log.1.gz', -0.5, 'not-yet'],
  ['app.log.1.gz', -2, 'implausible-date'],
  ['app.log.1.gz', 365 * 56, 'implausible-date'],
])('%s last written %d days ago: %s', (name, days, due) => {
  expect(dueOf(log(name, days), NOW, LIMITS)).toBe(due);
});

test('an empty log is not due, and nothing is that was written to within the quiet time', () => {
  expect(dueOf(log('app.log.1', 400, { sizeBytes: 0 }), NOW, LIMITS)).toBe('not-yet');
  expect(dueOf(log('app.log.1.gz', 40), NOW, { ...LIMITS, quietForSeconds: 41 * 86_400 })).toBe('not-yet');
});

test('the gzip of a log that may be written to again is named by the day of its last entry', () => {
  expect(gzipNameOf(log('app.log', 8))).toBe('app.log-20261113.gz');
  expect(gzipNameOf(log('app.log.3', 8))).toBe('app.log.3.gz');
  for (const name of ['app.log', 'app.log.3', 'app.log-20261101']) {
    expect(roleOf(gzipNameOf(log(name, 8)))).toBe('compressed');
    expect(stemOf(gzipNameOf(log(name, 8)))).toBe('app.log');
  }
});

test('a large log that nothing has rotated for more than a week is accused, and its healthy twins are not', () => {
  const old = { birthMs: NOW.getTime() - 30 * DAY_MS };
  const accused = (...files: readonly LogFile[]) => {
    const rotation = new Rotation();
    for (const file of files) rotation.add(file, LIMITS.largeBytes);
    return rotation.unrotated(NOW).map(({ name }) => name);
  };
  expect(accused(log('app.log', 0, old))).toEqual(['app.log']);
  expect(accused(log('app.log', 0, old), log('other.log.1', 1), log('app.log.1.gz', 9))).toEqual(['app.log']);
  expect(accused(log('app.log', 0, { ...old, sizeBytes: 99 }))).toEqual([]);
  expect(accused(log('app.log', 0, { birthMs: NOW.getTime() - 7 * DAY_MS }))).toEqual([]);
  expect(accused(log('app.log', 0, old), log('app.log-20261115.gz', 7))).toEqual([]);
  expect(accused(log('app.log', 20, old))).toEqual([]);
});

test('nobody is accused where there were more names than could be remembered', () => {
  const rotation = new Rotation(2);
  for (const name of ['a.log.1', 'b.log.1', 'c.log.1']) rotation.add(log(name, 1), 1);
  rotation.add(log('c.log', 0, { birthMs: 0 }), 1);
  expect(rotation.unrotated(NOW)).toEqual([]);
});

test('of any number of due files the oldest are remembered and all are counted', () => {
  const due = new OldestFirst(3);
  for (let place = 0; place < 1_000; place += 1) due.add(log(`app.log.${place}`, 10 + ((place * 7) % 1_000)));
  expect(due.count).toBe(1_000);
  expect(due.files().map(({ mtimeNs }) => (NOW.getTime() - Number(mtimeNs / 1_000_000n)) / DAY_MS)).toEqual([
    1_009, 1_008, 1_007,
  ]);
});

test.each([
  [{ retentionInDays: undefined }, false, 'set-retention'],
  [{ retentionInDays: 30 }, true, 'none'],
  [{ retentionInDays: 90 }, true, 'none'],
  [{ retentionInDays: 120 }, false, 'kept-longer'],
  [{ retentionInDays: 120 }, true, 'shorten-retention'],
  [{ retentionInDays: undefined, logGroupName: '/shop/audit' }, true, 'exempt'],
  [{ retentionInDays: undefined, logGroupClass: 'DELIVERY' }, true, 'none'],
])('the group %j with shortening %s: %s', (parts, shortenRetention, due) => {
  const group = { logGroupName: '/shop/api', logGroupClass: 'STANDARD', ...parts };
  expect(groupDue(group, { retentionDays: 90, shortenRetention, exempt: [] })).toBe(due);
});

test('only retentions that the service takes can be asked for', () => {
  expect(RETENTION_DAYS).toHaveLength(22);
  expect(RETENTION_DAYS.filter((days) => days < 1)).toEqual([]);
});

test('sizes are in words that people use', () => {
  expect([0, 999, 1_000, 1_234_567, 123_456_789].map(bytesInWords)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '1.2 MB',
    '123 MB',
  ]);
});

test('a path is shown without what hides or steers, and quoted so that a shell gives its very bytes back', async () => {
  const paths = ["it's.log", 'two\nlines.log', byteName('Ünï\u202Ecode.log'), '\xff\xfe.log', '$(id) `id` \\x41.log'];
  expect(paths.map(shownPath)).toEqual([
    "it's.log",
    'two\\x0alines.log',
    'Ünï\\xe2\\x80\\xaecode.log',
    '\\xff\\xfe.log',
    '$(id) `id` \\x41.log',
  ]);
  for (const path of paths) {
    const { stdout } = await promisify(execFile)('bash', ['-c', `printf %s ${quotedPath(path)}`], {
      encoding: 'buffer',
    });
    expect(stdout.toString('latin1')).toBe(path);
  }
});
