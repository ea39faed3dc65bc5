import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backupFolder, fixture, folderFixture, hoursAgo, kindsOf, summaryOf } from './backup-folder.ts';

describe('a backup that is being written', () => {
  test('is not taken for the newest while it grows', async () => {
    await using folder = await backupFolder();
    const now = new Date();
    await folder.write('finished.sql.gz', await fixture('plain.sql.gz'), new Date(now.getTime() - 6 * 3_600_000));
    const growing = join(folder.path, 'growing.sql.gz');
    await writeFile(growing, (await fixture('plain.sql.gz')).subarray(0, 1_000));
    const writer = setInterval(() => appendFileSync(growing, 'x'), 20);
    try {
      const result = await folder.verify({}, now);
      expect(kindsOf(result)).toEqual(['still-written', 'no-history', 'verified']);
      expect(summaryOf(result, 'still-written')).toMatch(/^growing.sql.gz is still being written/);
      expect(summaryOf(result, 'verified')).toMatch(/^finished.sql.gz/);
      clearInterval(writer);
      // What has stopped growing is judged.
      const stopped = await folder.verify({}, now);
      expect(stopped.findings.at(-1)?.summary).toMatch(/^growing.sql.gz: its compressed stream/);
      expect(kindsOf(stopped)).toEqual(['no-history', expect.stringMatching(/damaged|cut-short/)]);
    } finally {
      clearInterval(writer);
    }
  });

  test('is known by its suffix, and is a warning once nobody has written to it for an hour', async () => {
    await using folder = await backupFolder();
    await folder.write('shop_20260302_000000.sql.gz', await fixture('plain.sql.gz'), hoursAgo(6));
    for (const suffix of ['.partial', '.tmp', '.part', '~']) {
      await using busy = await backupFolder();
      await busy.write('shop_20260302_000000.sql.gz', await fixture('plain.sql.gz'), hoursAgo(6));
      await busy.write(`shop_20260302_053000.sql.gz${suffix}`, 'half', hoursAgo(0.1));
      expect(kindsOf(await busy.verify())).toEqual(['still-written', 'no-history', 'verified']);
      await busy.write(`shop_20260302_053000.sql.gz${suffix}`, 'half', hoursAgo(3));
      expect(kindsOf(await busy.verify())).toEqual(['never-finished', 'no-history', 'verified']);
    }
    await folder.write('shop_20260301_000000.sql.gz.tmp', 'half', hoursAgo(30));
    expect(kindsOf(await folder.verify())).toEqual(['no-history', 'verified']);
  });

  test('alone is no backup', async () => {
    await using folder = await backupFolder();
    await folder.write('shop_20260302_053000.sql.gz.partial', 'half', hoursAgo(0.1));
    expect(kindsOf(await folder.verify())).toEqual(['no-backup', 'still-written']);
  });

  test('in the directory format lacks toc.dat, which is a flaw once nobody writes any more', async () => {
    await using folder = await backupFolder();
    const { 'shop_20260302_053000/toc.dat': toc, ...others } = await folderFixture('shop_20260302_053000');
    for (const [name, body] of Object.entries(others)) await folder.write(name, body, hoursAgo(0.5));
    expect(kindsOf(await folder.verify())).toEqual(['no-backup', 'still-written']);
    for (const [name, body] of Object.entries(others)) await folder.write(name, body, hoursAgo(1.5));
    expect(kindsOf(await folder.verify({ stampTolerance: '1d' }))).toContain('cut-short');
    await folder.write('shop_20260302_053000/toc.dat', toc ?? '', hoursAgo(0.4));
    expect(kindsOf(await folder.verify())).toEqual(['no-history', 'verified']);
  });
});

describe('what lies in the folder of backups', () => {
  test('is a name as it stands, and only text in what is said of it', async () => {
    await using folder = await backupFolder();
    const name = 'sh\u001b[31mop\n<script>alert(1)<\\script>\u202e $(rm -rf .) 20260302_050000.sql.gz';
    await folder.write(name, await fixture('plain.sql.gz'), hoursAgo(1));
    const result = await folder.verify();
    expect(kindsOf(result)).toEqual(['no-history', 'verified']);
    const text = result.findings.map(({ summary }) => summary).join('');
    expect(/[\p{Cc}\p{Cf}]/u.test(text)).toBe(false);
    expect(summaryOf(result, 'verified')).toContain('sh\\u001b[31mop\\u000a<script>');
  });

  test('is not followed out of the folder by links', async () => {
    await using elsewhere = await backupFolder();
    await elsewhere.write('outside/shop_20260302_050000.sql.gz', await fixture('plain.sql.gz'), hoursAgo(1));
    await using folder = await backupFolder();
    await symlink(join(elsewhere.path, 'outside'), join(folder.path, 'inside'));
    await symlink(
      join(elsewhere.path, 'outside/shop_20260302_050000.sql.gz'),
      join(folder.path, 'shop_20260302_050000.sql.gz'),
    );
    expect(kindsOf(await folder.verify())).toEqual(['no-backup']);
  });

  test('may be of several databases, of which only the one that was read counts as verified', async () => {
    await using folder = await backupFolder();
    await folder.write('shop_20260302_050000.sql.gz', await fixture('plain.sql.gz'), hoursAgo(1));
    await folder.write('users_20260202_050000.sql.gz', 'dead for a month', hoursAgo(24 * 28));
    expect(kindsOf(await folder.verify())).toEqual(['several-series', 'no-history', 'verified']);
    expect(kindsOf(await folder.verify({ match: 'shop_*' }))).toEqual(['no-history', 'verified']);
    expect(kindsOf(await folder.verify({ match: 'users_*' }))).toEqual(['too-old', 'no-history', 'damaged']);
  });

  test.each([
    ['age', 'shop.age', 'age-encryption.org/v1\n-> X25519 abc'],
    ['OpenPGP', 'shop.sql.gz', '-----BEGIN PGP MESSAGE-----\n'],
    ['by its name', 'shop.sql.gz.gpg', Buffer.from([0x85, 1, 12, 3])],
    ['MySQL', 'shop.sql', '-- MySQL dump 10.13\n'],
    ['no known format', 'shop.dump', Buffer.alloc(3_000, 0xa5)],
  ])('may be what cannot be opened (%s), and then nothing is known of it', async (reason, name, body) => {
    await using folder = await backupFolder();
    await folder.write(name, body, hoursAgo(1));
    const result = await folder.verify();
    expect(kindsOf(result)).toEqual(['no-history', 'cannot-be-opened']);
    expect(summaryOf(result, 'cannot-be-opened')).toContain(reason);
  });

  test('may be an error page that bears the name of a dump', async () => {
    await using folder = await backupFolder();
    await folder.write('shop.sql.gz', '<!doctype html><title>502 Bad Gateway</title>', hoursAgo(1));
    expect(summaryOf(await folder.verify(), 'damaged')).toContain('its name says gzip and it begins with 3c21');
  });
});

describe('a digest beside the backup', () => {
  test.each([
    ['shop.sql.gz.sha256', (hex: string) => `${hex}  shop.sql.gz\n`],
    ['shop.sql.gz.sha256', (hex: string) => `${hex}\n`],
    ['SHA256SUMS', (hex: string) => `${'0'.repeat(64)}  other.sql.gz\n${hex} */srv/elsewhere/shop.sql.gz\n`],
    [
      'backup_metadata.json',
      (hex: string) => JSON.stringify({ backup_file: '/var/x/shop.sql.gz', checksum: hex }, undefined, 2),
    ],
  ])('in %s is compared', async (name, write) => {
    await using folder = await backupFolder();
    const body = await fixture('plain.sql.gz');
    await folder.write('shop.sql.gz', body, hoursAgo(1));
    await folder.write(name, write(createHash('sha256').update(body).digest('hex')), hoursAgo(1));
    const honest = await folder.verify();
    expect(kindsOf(honest)).toEqual(['no-history', 'verified']);
    expect(summaryOf(honest, 'verified')).toContain(`as "${name}" says`);
    await folder.write(name, write('f'.repeat(64)), hoursAgo(1));
    expect(kindsOf(await folder.verify())).toEqual(['no-history', 'checksum-mismatch']);
  });

  test('of MD5 protects rows that have no checksum of their own', async () => {
    await using folder = await backupFolder();
    const body = await fixture('custom-plain.dump');
    const at = hoursAgo(1);
    await folder.write('shop.dump', body, at);
    expect(kindsOf(await folder.verify({ stampTolerance: '9999d' }))).toContain('no-checksum');
    await folder.write('shop.dump.md5', createHash('md5').update(body).digest('hex'), at);
    expect(kindsOf(await folder.verify({ stampTolerance: '9999d' }))).toEqual(['no-history', 'verified']);
  });

  test('that is no digest is not taken for a proof', async () => {
    for (const text of ['', 'shop.sql.gz: OK', 'd41d8cd98f00b204e9800998ecf8427e', `${'a'.repeat(64)}  other.sql.gz`]) {
      await using folder = await backupFolder();
      await folder.write('shop.sql.gz', await fixture('plain.sql.gz'), hoursAgo(1));
      await folder.write('shop.sql.gz.sha256', text, hoursAgo(1));
      expect(kindsOf(await folder.verify())).toEqual(['no-history', 'cannot-be-opened']);
    }
  });
});
