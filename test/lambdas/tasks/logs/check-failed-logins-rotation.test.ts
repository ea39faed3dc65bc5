import { afterAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, link, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { readFolder } from '../../../../lambdas/tasks/logs/_auth-folder.ts';
import { LoginScan } from '../../../../lambdas/tasks/logs/_login-scan.ts';
import { LoginTally } from '../../../../lambdas/tasks/logs/_login-tally.ts';
import {
  alive,
  check,
  failed,
  folderWith,
  hoursAgo,
  NOW,
  removeFolders,
  writeLog,
  type LogFile,
} from './failed-logins-folder.ts';

afterAll(removeFolders);

/** Thirty hours of a living log with three failures: 26, 20 and 2 hours ago. */
const HOURLY = alive(30);
const DAYS = {
  first: [...HOURLY.slice(0, 4), failed(hoursAgo(26)), ...HOURLY.slice(4, 8)],
  second: [...HOURLY.slice(8, 10), failed(hoursAgo(20)), ...HOURLY.slice(10, 20)],
  third: [...HOURLY.slice(20, 28), failed(hoursAgo(2)), ...HOURLY.slice(28)],
};

function bytes(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((one) => `${one}\n`).join(''));
}

const CURRENT: LogFile = { content: DAYS.third };
const SECOND: LogFile = { content: DAYS.second, written: hoursAgo(11) };
const FIRST: LogFile = { content: gzipSync(bytes(DAYS.first)), written: hoursAgo(23) };
const OLD: LogFile = {
  content: gzipSync(bytes([failed(hoursAgo(50)), ...alive(20, hoursAgo(31))])),
  written: hoursAgo(32),
};

describe('logs that were turned over', () => {
  test.each<[string, Record<string, LogFile | readonly string[]>]>([
    ['with numbers', { 'auth.log': CURRENT, 'auth.log.1': SECOND, 'auth.log.2.gz': FIRST, 'auth.log.3.gz': OLD }],
    [
      'with dates',
      { secure: CURRENT, 'secure-20261121': SECOND, 'secure-20261120.gz': FIRST, 'secure-20261119.gz': OLD },
    ],
    [
      'with zstd',
      {
        'auth.log': CURRENT,
        'auth.log.1': SECOND,
        'auth.log.2.zst': { ...FIRST, content: zstdCompressSync(bytes(DAYS.first)) },
      },
    ],
    [
      'a moment ago',
      { 'auth.log': [], 'auth.log.1': { content: [...DAYS.second, ...DAYS.third] }, 'auth.log.2.gz': FIRST },
    ],
    [
      'and of which one is being compressed',
      {
        'auth.log': CURRENT,
        'auth.log.1': SECOND,
        'auth.log.1.gz': { ...SECOND, content: gzipSync(bytes(DAYS.second)).subarray(0, 90) },
        'auth.log.2.gz': FIRST,
      },
    ],
    ['and named like plain ones', { 'auth.log': CURRENT, 'auth.log.1': SECOND, 'auth.log.2': FIRST }],
    [
      'with a copy aside',
      {
        'auth.log': CURRENT,
        'auth.log.1': SECOND,
        'auth.log.2.gz': FIRST,
        'auth.log.bak': CURRENT,
        'auth.log.1.gz': { ...SECOND, content: gzipSync(bytes(DAYS.second)) },
      },
    ],
    [
      'and lie beside older ones that cannot be read',
      {
        'auth.log': CURRENT,
        'auth.log.1': SECOND,
        'auth.log.2.gz': FIRST,
        'auth.log.3.xz': { content: Buffer.from('fd377a585a00', 'hex'), written: hoursAgo(32) },
      },
    ],
  ])('%s are read as one, each line once', async (_name, files) => {
    const { words, counted } = await check(await folderWith(files));

    expect(words).toEqual([]);
    expect(counted['failed-logins']).toBe(2);
  });

  test('count once where a file has two names', async () => {
    const folder = await folderWith({ 'auth.log': [...DAYS.first, ...DAYS.second, ...DAYS.third] });
    await link(join(folder, 'auth.log'), join(folder, 'auth.log.1'));
    await symlink('auth.log', join(folder, 'auth.log.2'));

    expect((await check(folder)).counted['failed-logins']).toBe(2);
  });

  test.each<[string, Record<string, LogFile>, string]>([
    [
      'is compressed with xz',
      { 'auth.log.1': SECOND, 'auth.log.2.xz': { ...FIRST, content: Buffer.from('fd377a585a000004', 'hex') } },
      'auth.log.2.xz: it is compressed with xz',
    ],
    [
      'ends early',
      { 'auth.log.1': SECOND, 'auth.log.2.gz': { ...FIRST, content: gzipSync(bytes(DAYS.first)).subarray(0, -20) } },
      'auth.log.2.gz: it ends early',
    ],
    ['is not there', { 'auth.log.2.gz': FIRST }, 'auth.log.1 is not there'],
    [
      'was the oldest that is kept',
      { 'auth.log.1': SECOND },
      'the oldest line of auth.log is of 2026-11-20T14:00:00.000Z',
    ],
  ])('are unknown where one %s, and what is there counts all the same', async (_name, files, reason) => {
    const { words, findings, measurements } = await check(await folderWith({ 'auth.log': CURRENT, ...files }), {
      failuresAbove: 0,
    });

    expect(words).toEqual(['failed-logins', 'window-not-covered auth.log']);
    expect(findings[1]?.summary).toContain(reason);
    expect(measurements).toEqual([]);
  });

  test('are read to their end where one is turned over and compressed meanwhile', async () => {
    const folder = await folderWith({ 'auth.log': CURRENT, 'auth.log.1': SECOND, 'auth.log.2.gz': FIRST });
    const window = { fromMs: hoursAgo(24).getTime(), untilMs: NOW.getTime() };
    const tally = new LoginTally(window, { suspiciousAfter: 10 });
    let turned = false;
    class TurningScan extends LoginScan {
      override begin(series: string, writtenMs: number) {
        if (!turned) {
          turned = true;
          execFileSync(
            'sh',
            [
              '-c',
              'mv auth.log.2.gz auth.log.3.gz; gzip -c auth.log.1 > auth.log.2.gz; touch -r auth.log.1 auth.log.2.gz; rm auth.log.1; mv auth.log auth.log.1; : > auth.log',
            ],
            { cwd: folder },
          );
        }
        return super.begin(series, writtenMs);
      }
    }
    const scan = new TurningScan(tally, { window, timezone: 'UTC' });

    const [state] = await readFolder(folder, scan, {
      files: ['auth.log*'],
      fromMs: window.fromMs,
      signal: AbortSignal.timeout(30_000),
    });

    expect(turned).toBe(true);
    expect(state?.holes).toEqual([]);
    expect(tally.summary().failures).toBe(2);
  });
});

describe('what lies in the folder', () => {
  const COVERED = { 'auth.log': [...DAYS.first, ...DAYS.second, ...DAYS.third] };

  test('folders of such a name are passed over', async () => {
    const folder = await folderWith(COVERED);
    await mkdir(join(folder, 'auth.log.d'));

    expect((await check(folder)).words).toEqual([]);
  });

  test('a pipe, a device and a link out of the folder are never opened, and said', async () => {
    const folder = await folderWith({ syslog: [] });
    const elsewhere = await folderWith(COVERED);
    execFileSync('sh', ['-c', 'mkfifo auth.log'], { cwd: folder });
    await symlink(join(elsewhere, 'auth.log'), join(folder, 'secure'));
    await symlink('/dev/zero', join(folder, 'secure-web2'));

    const { words, findings } = await check(folder);

    expect(words.toSorted()).toEqual([
      'window-not-covered auth.log',
      'window-not-covered secure',
      'window-not-covered secure-web2',
    ]);
    expect(findings.map(({ summary }) => summary).join('\n')).toMatch(
      /auth\.log: it is no file[^]*secure: it is a link that leads out/,
    );
  });

  test('a log that may not be read is unknown, and says who may read it', async () => {
    const folder = await folderWith(COVERED);
    await chmod(folder, 0o755);
    await chmod(join(folder, 'auth.log'), 0);

    const { words, findings } = await asNobody(() => check(folder));

    expect(words).toEqual(['window-not-covered auth.log']);
    expect(findings[0]?.summary).toContain('auth.log: permission denied');
    expect(findings[0]?.command).toBe(`ls -l --full-time -- '${folder}/auth.log'*`);
  });

  test('rubbish is unknown and does no harm', async () => {
    const folder = await folderWith({ 'auth.log': { content: Buffer.alloc(300_000, 'ÿ\x01\xfe') } });

    expect((await check(folder)).words).toEqual(['not-parsable auth.log']);
  });

  test('a log of many lines is read piece by piece and lines without end are cut', async () => {
    const path = join(await folderWith(COVERED), 'auth.log');
    await writeFile(path, `${'x'.repeat(200_000)}\n`, { flag: 'a' });
    await writeFile(path, Array.from({ length: 20_000 }, () => `${HOURLY[29]}\r\n`).join(''), { flag: 'a' });
    await copyFile(path, `${path}.1`);
    await rename(`${path}.1`, path);

    const { words, counted } = await check(join(path, '..'));

    expect(words).toEqual([]);
    expect(counted['failed-logins']).toBe(2);
  });

  test('names with quotes are quoted in the command', async () => {
    const folder = join(await folderWith({}), "it's");
    await writeLog(join(folder, 'auth.log'), { content: alive(9, hoursAgo(72)), written: hoursAgo(72) });

    expect((await check(folder)).findings[0]?.command).toBe(
      `ls -l --full-time -- '${folder.replace("'", `'\\''`)}/auth.log'*`,
    );
  });
});

/** Root may read everything, so it is somebody else meanwhile. */
async function asNobody<Result>(work: () => Promise<Result>): Promise<Result> {
  const { getuid, seteuid } = process;
  if (getuid?.() !== 0 || !seteuid) return work();
  seteuid(65_534);
  try {
    return await work();
  } finally {
    seteuid(0);
  }
}
