import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmod, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { verdictOf } from '../../../../core/finding.ts';
import { task } from '../../../../lambdas/tasks/logs/enforce-retention.ts';
import { datedName, enforce, makeLogs, NOW, type Logs } from './_log-folder.ts';

// Who holds a file open is asked of Linux.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a folder of logs', () => {
  let logs: Logs;
  beforeEach(async () => {
    logs = await makeLogs();
  });
  afterEach(() => logs.remove());

  test('has its old logs compressed and its oldest gzips deleted, and keeps the rest as it is', async () => {
    const content = 'GET / 200\n'.repeat(5_000);
    const rotated = await logs.write('app.log.1', 8, content);
    await chmod(rotated, 0o640);
    const before = await stat(rotated);
    await logs.write('app.log', 0);
    await logs.write('web/app.log', 9);
    await logs.write('app.log.2.gz', 29, gzipSync('young'));
    await logs.write('app.log.3.gz', 31, gzipSync('old'));
    await logs.write('web/app.log-20260101.zst', 31);
    await logs.write('app.log.4', 6);
    await logs.write('empty.log.1', 90, '');

    const { findings, actions, measured } = await enforce(logs.folder);

    expect(findings).toEqual([]);
    expect(actions.sort()).toEqual([
      'compress app.log.1 done',
      'compress web/app.log done',
      'delete app.log.3.gz done',
      'delete web/app.log-20260101.zst done',
    ]);
    expect(await logs.names()).toEqual(
      ['app.log', 'app.log.1.gz', 'app.log.2.gz', 'app.log.4', 'empty.log.1', `web/${datedName('app.log', 9)}`].sort(),
    );
    const gzip = join(logs.folder, 'app.log.1.gz');
    expect(gunzipSync(await readFile(gzip)).toString()).toBe(content);
    const { mode, mtimeMs, uid, gid } = await stat(gzip);
    expect({ mode, mtimeMs: Math.round(mtimeMs), uid, gid }).toEqual({
      mode: before.mode,
      mtimeMs: Math.round(before.mtimeMs),
      uid: before.uid,
      gid: before.gid,
    });
    expect(measured).toMatchObject({ 'log-files': 8, 'logs-compressed': 2, 'logs-deleted': 2, 'exempt-bytes': 0 });
    expect(measured['bytes-freed']).toBeGreaterThan(40_000);
    expect(measured['oldest-log-age']).toBeCloseTo(90, 0);
  });

  test('is healthy where nothing is due, and a second run has nothing to do', async () => {
    await logs.write('app.log', 0);
    await logs.write('app.log.1', 8);
    expect((await enforce(logs.folder)).actions).toEqual(['compress app.log.1 done']);
    const second = await enforce(logs.folder);
    expect(second.actions).toEqual([]);
    expect(second.findings).toEqual([]);
    expect(second.measured).toMatchObject({ 'log-files': 2, 'bytes-freed': 0 });
  });

  test('that goes on deeper than anyone keeps logs is unknown there and acted on where it was seen', async () => {
    await logs.write('app.log.1', 8);
    await logs.write(`${'deep/'.repeat(33)}lost.log.1`, 8);

    const { findings, actions } = await enforce(logs.folder);

    expect(actions).toEqual(['compress app.log.1 done']);
    expect(JSON.stringify(findings)).toContain('not-walked');
    expect(task.findings['not-walked']?.severity).toBe('unknown');
  });

  test('is not changed by a plan, which names every change', async () => {
    await logs.write('app.log.1', 8);
    await logs.write('app.log.2.gz', 40);
    const before = await logs.names();
    const { actions, measured } = await enforce(logs.folder, { mode: 'plan' });
    expect(actions.sort()).toEqual(['compress app.log.1 planned', 'delete app.log.2.gz planned']);
    expect(await logs.names()).toEqual(before);
    expect(measured).not.toHaveProperty('bytes-freed');
  });

  test('keeps every file that is not called like a log, however old it is', async () => {
    const others = [
      'dump.sql.gz',
      'site.tar.gz',
      'notes.txt',
      'catalog',
      'app.log.bak',
      'app.logs.1',
      '.hidden.log',
      'blog.1',
      'x.log.gz.part',
      'log',
      '.log',
    ];
    for (const name of others) await logs.write(name, 400);
    await logs.write('app.log', 0);
    const { actions, measured } = await enforce(logs.folder);
    expect(actions).toEqual([]);
    expect(measured['log-files']).toBe(1);
    expect(await logs.names()).toEqual(['app.log', ...others].sort());
  });

  test('keeps what may be evidence, and what the profile exempts, and says how much that is', async () => {
    const evidence = [
      'audit/2026.log.1',
      'auth.log.2.gz',
      'kube-AUDIT-1.log',
      'secure.log.1',
      'journal/system.log.1',
      'oauth.log.1',
    ];
    for (const name of [...evidence, 'billing/app.log.1', 'pay-7.log.1']) await logs.write(name, 400, 'x'.repeat(100));
    await logs.write('author.log.1', 400);
    const { actions, kinds, measured, findings } = await enforce(logs.folder, {
      input: { exempt: ['billing/*', 'pay-*.log*'] },
    });
    expect(actions).toEqual(['compress author.log.1 done']);
    expect(kinds).toEqual(['exempt']);
    expect(findings[0]?.summary).toBe('8 files with 800 bytes are exempt');
    expect(measured).toMatchObject({ 'exempt-bytes': 800, 'log-files': 1 });
  });

  test('never touches a log that was written to lately, whatever the age limits say', async () => {
    await logs.write('app.log.1', 8);
    expect((await enforce(logs.folder, { input: { quietFor: '9d' } })).actions).toEqual([]);
    expect((await enforce(logs.folder, { input: { quietFor: '7d' } })).actions).toHaveLength(1);
  });

  test('is worked off the oldest first within the cap, and what is left is said', async () => {
    for (let place = 1; place <= 6; place += 1) await logs.write(`app.log.${place}`, 10 + place);
    const capped = await enforce(logs.folder, { input: { maxChanges: 2 } });
    expect(capped.actions).toEqual(['compress app.log.6 done', 'compress app.log.5 done']);
    expect(capped.findings).toMatchObject([{ kind: 'files-left', value: 4 }]);
    const share = await enforce(logs.folder, { input: { maxPercent: '34%' } });
    expect(share.actions).toEqual(['compress app.log.4 done', 'compress app.log.3 done']);
    expect(share.kinds).toEqual(['files-left']);
  });

  test('with a date that cannot be is left alone and accused', async () => {
    await logs.write('copied.log.1.gz', 365 * 50);
    await logs.write('future.log.1.gz', -3);
    await logs.write('app.log.1.gz', 3);
    const { actions, kinds } = await enforce(logs.folder);
    expect(actions).toEqual([]);
    expect(kinds.sort()).toEqual(['implausible-date copied.log.1.gz', 'implausible-date future.log.1.gz']);
  });

  test('of which a large one is written to for weeks without rotation is accused of that, and a rotated one is not', async () => {
    const inTenDays = new Date(NOW.getTime() + 10 * 86_400_000);
    for (const name of ['grows.log', 'rotated.log']) await logs.write(name, -10, 'x'.repeat(1_000_000));
    await logs.write('rotated.log.1', -9);
    const { findings, actions } = await enforce(logs.folder, { now: inTenDays, input: { largeAbove: 1 } });
    expect(actions).toEqual([]);
    expect(findings).toMatchObject([{ kind: 'not-rotated', subject: 'grows.log', value: 1_000_000, limit: 1_000_000 }]);
  });

  test('that is not there, is a link, or belongs to the system is unknown', async () => {
    await mkdir(join(logs.folder, 'real'));
    await symlink(join(logs.folder, 'real'), join(logs.folder, 'link'));
    for (const folder of [join(logs.folder, 'missing'), join(logs.folder, 'link'), '/', '/etc']) {
      const { kinds, findings, actions } = await enforce(folder);
      expect(kinds).toEqual(['not-readable']);
      expect(findings[0]?.summary).toContain(folder);
      expect(actions).toEqual([]);
    }
  });

  test('without any log is unknown and no pass', async () => {
    const { findings, kinds } = await enforce(logs.folder);
    expect(kinds).toEqual(['no-logs']);
    const severity = task.findings['no-logs']?.severity;
    expect(verdictOf(findings.map(() => ({ severity: severity ?? 'info' })) as never)).toBe('unknown');
  });
});

test.each([
  [{ compressAfter: '0d' }],
  [{ compressAfter: '1h' }],
  [{ deleteAfter: '0d' }],
  [{ deleteAfter: '6d' }],
  [{ compressAfter: '40d' }],
  [{ quietFor: '0s' }],
  [{ retentionDays: 31 }],
  [{ retentionDays: 0 }],
  [{ maxChanges: 0 }],
  [{ exempt: [''] }],
  [{ removeDefaultExemptions: true }],
])('refuses the absurd input %j', (input) => {
  expect(task.input.safeParse(input).success).toBe(false);
});
