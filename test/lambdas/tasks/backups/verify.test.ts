import { describe, expect, test } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { backupName, begunAt, writeDemoBackups } from '../../../../lib/demo/backups.ts';
import { bucketAddress } from '../../../../lambdas/tasks/backups/_bucket.ts';
import { task } from '../../../../lambdas/tasks/backups/verify.ts';
import type { ResolvedPlatform } from '../../../../core/platform.ts';
import { backupFolder, fixture, hoursAgo, kindsOf, NOW, summaryOf } from './backup-folder.ts';

function platformWith(url: string): ResolvedPlatform {
  return {
    schemaVersion: 1,
    platform: 'shop',
    environment: 'prod',
    allowAddresses: [],
    targets: { backups: { database: { url } } },
    procedures: {},
  };
}

describe('backups-verify on a folder', () => {
  test('says of healthy backups only which level was verified, and that none was restored', async () => {
    await using folder = await backupFolder();
    const newest = await writeDemoBackups(folder.path, NOW);
    const result = await folder.verify({ maxAge: '8h' });
    expect(kindsOf(result)).toEqual(['verified']);
    expect(summaryOf(result, 'verified')).toMatch(new RegExp(`^${newest} was read to its end and was not restored`));
    expect(summaryOf(result, 'verified')).toMatch(/only its rows have checksums.*rungs held: 0, 1, 2, 3 of 10$/);
    const measured = Object.fromEntries(result.measurements.map(({ name, value, unit }) => [name, `${value} ${unit}`]));
    expect(measured).toEqual({
      backups: '8 count',
      'backup-age': '0.7 hours',
      'backup-size': '8858 bytes',
      'bytes-read': '8858 bytes',
      'rungs-held': '4 count',
      tables: '4 count',
      indexes: '2 count',
      constraints: '5 count',
      'rows-size': '4343 bytes',
    });
  });

  test('fails a folder without any backup, and names the pattern that nothing matched', async () => {
    await using folder = await backupFolder();
    const empty = await folder.verify();
    expect(kindsOf(empty)).toEqual(['no-backup']);
    await folder.write('readme.txt', 'what lies here', hoursAgo(1));
    expect(kindsOf(await folder.verify())).toEqual(['no-backup']);
    await folder.write('shop_20260302_050000.dump', await fixture('custom.dump'), hoursAgo(1));
    expect(summaryOf(await folder.verify({ match: 'users_*' }), 'no-backup')).toContain('matches users_*');
  });

  test('knows nothing of a folder that is not there, and does not take that for a folder without backups', async () => {
    const folder = await backupFolder();
    await rm(folder.path, { recursive: true });
    const { findings } = await folder.verify();
    expect(findings).toMatchObject([{ kind: 'not-readable', target: 'database' }]);
    expect(findings[0]?.summary).toContain('ENOENT');
  });

  test('fails the newest backup above the limit of age, and the file under a new name that is an old one', async () => {
    await using stale = await backupFolder();
    await writeDemoBackups(stale.path, NOW, { planted: 'stale' });
    const old = await stale.verify({ maxAge: '8h' });
    expect(kindsOf(old)).toEqual(['too-old', 'verified']);
    expect(old.findings[0]).toMatchObject({ value: 48.7, limit: 8, unit: 'hours' });
    expect(kindsOf(await stale.verify({ maxAge: '3d' }))).toEqual(['verified']);

    await using renamed = await backupFolder();
    await writeDemoBackups(renamed.path, NOW, { planted: 'renamed' });
    expect(kindsOf(await renamed.verify({ maxAge: '26h' }))).toEqual(['misdated', 'verified']);
  });

  test('fails a dump that was cut although its name, time and size look right', async () => {
    await using folder = await backupFolder();
    const newest = await writeDemoBackups(folder.path, NOW, { planted: 'cut-dump' });
    const result = await folder.verify({ maxAge: '8h' });
    expect(kindsOf(result)).toEqual(['cut-short']);
    expect(summaryOf(result, 'cut-short')).toMatch(new RegExp(`^${newest}: it ends at byte 7086`));
    expect(result.measurements).toContainEqual({ name: 'rungs-held', value: 3, unit: 'count', target: 'database' });
  });

  test('fails archives without a single row: nothing dumped, only the schema dumped, zero bytes', async () => {
    for (const body of [await fixture('empty.dump'), await fixture('schema.dump'), Buffer.alloc(0)]) {
      await using folder = await backupFolder();
      await folder.write('shop.dump', body, hoursAgo(1));
      expect(kindsOf(await folder.verify())).toEqual(['no-history', 'empty']);
    }
  });

  test('holds the size against the median of the earlier ones, once there are three', async () => {
    await using folder = await backupFolder();
    const dump = await fixture('plain.sql.gz');
    await folder.write('shop_20260302_050000.sql.gz', dump, hoursAgo(1));
    for (const [day, share] of [27, 28].entries())
      await folder.write(`shop_202602${share}_050000.sql.gz`, Buffer.alloc(dump.length * 3), hoursAgo(49 - day * 24));
    expect(kindsOf(await folder.verify())).toEqual(['no-history', 'verified']);
    await folder.write('shop_20260226_050000.sql.gz', Buffer.alloc(dump.length * 3), hoursAgo(97));
    expect((await folder.verify()).findings[0]).toMatchObject({ kind: 'shrunken', value: dump.length, unit: 'bytes' });
    expect(kindsOf(await folder.verify({ shrunkBelow: '30%' }))).toEqual(['verified']);
    for (const day of [22, 23, 24, 25])
      await folder.write(`shop_202602${day}_050000.sql.gz`, Buffer.alloc(900), hoursAgo((30 - day) * 24 + 1));
    expect((await folder.verify()).findings[0]).toMatchObject({ kind: 'grown', limit: 2_700 });
  });

  test('names the tables and indexes that the backup before had and this one has not', async () => {
    await using folder = await backupFolder();
    const dump = await fixture('custom.dump');
    const lost = Buffer.from(dump);
    // As if events_body had been dropped and an index of another name been there instead.
    for (let at = lost.indexOf('events_body'); at !== -1; at = lost.indexOf('events_body', at + 1))
      lost.write('events_bods', at);
    const [before, after] = [hoursAgo(25), hoursAgo(1)];
    await folder.write(backupName(before), begunAt(dump, before), before);
    await folder.write(backupName(after), begunAt(lost, after), after);
    const result = await folder.verify();
    expect(kindsOf(result)).toEqual(['no-history', 'lost-objects', 'verified']);
    expect(summaryOf(result, 'lost-objects')).toMatch(
      /lacks what shop_20260301_050000.dump had: INDEX public.events_body$/,
    );
  });
});

describe('the permissions of backups-verify', () => {
  test('are those of reading below the prefix, and none for a folder', () => {
    expect(task.permissions(platformWith('s3://acme/db/full'))).toEqual([
      { actions: ['s3:ListBucket'], resources: ['arn:aws:s3:::acme'] },
      { actions: ['s3:GetObject'], resources: ['arn:aws:s3:::acme/db/full/*'] },
    ]);
    expect(task.permissions(platformWith('file:///srv/backups/'))).toEqual([]);
    expect(task.permissions(platformWith('secret:shop/backups'))).toMatchObject([
      { actions: ['secretsmanager:GetSecretValue'], resources: [expect.stringMatching(/:secret:shop\/backups-/)] },
      { resources: ['*'], because: expect.stringContaining('reference') },
    ]);
  });

  test.each([
    ['s3://acme', { bucket: 'acme', prefix: '' }],
    ['s3://acme/', { bucket: 'acme', prefix: '' }],
    ['s3://acme/db', { bucket: 'acme', prefix: 'db/' }],
    ['s3://acme/a%20b/c d/', { bucket: 'acme', prefix: 'a%20b/c d/' }],
  ])('takes %s apart without decoding it', (url, address) => {
    expect(bucketAddress(url)).toEqual(address);
  });
});
