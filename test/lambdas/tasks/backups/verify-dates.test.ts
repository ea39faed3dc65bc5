import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { backupName, begunAt } from '../../../../lib/demo/backups.ts';
import { seriesOf, stampOf } from '../../../../lambdas/tasks/backups/_stamp.ts';
import { task } from '../../../../lambdas/tasks/backups/verify.ts';
import {
  backupFolder,
  fixture,
  hoursAgo,
  kindsOf,
  summaryOf,
  unzippedFixture,
  type BackupFolder,
} from './backup-folder.ts';

/** Writes honest backups of the last days, one every `hoursApart`, whose inner clock is `zoneHours` before UTC. */
async function writeHonest(folder: BackupFolder, { hoursApart = 6, count = 5, zoneHours = 0 } = {}): Promise<void> {
  const dump = await fixture('custom.dump');
  for (let place = 1; place <= count; place += 1) {
    const at = hoursAgo(1 + place * hoursApart);
    const inside = new Date(at.getTime() - zoneHours * 3_600_000);
    await folder.write(backupName(at), begunAt(dump, inside), at);
  }
}

describe('an old backup under a new name', () => {
  test('is found by its time of writing when it was moved, at every distance above the tolerance', async () => {
    await using folder = await backupFolder();
    await writeHonest(folder);
    for (const hours of [3, 6, 24, 24 * 30]) {
      await folder.write(
        backupName(hoursAgo(1)),
        begunAt(await fixture('custom.dump'), hoursAgo(1 + hours)),
        hoursAgo(1 + hours),
      );
      const result = await folder.verify({ maxAge: '60d' });
      expect(kindsOf(result)).toContain('misdated');
      expect(summaryOf(result, 'misdated')).toContain(`${hours} h before that`);
    }
  });

  test('is found by the clock inside when it was copied, although name and time of writing are new', async () => {
    await using folder = await backupFolder();
    await writeHonest(folder);
    const at = hoursAgo(1);
    await folder.write(backupName(at), begunAt(await fixture('custom.dump'), hoursAgo(7.01)), at);
    const result = await folder.verify();
    expect(kindsOf(result)).toEqual(['misdated', 'verified']);
    expect(summaryOf(result, 'misdated')).toContain('says inside that it was begun at 2026-03-01 22:59:24');
    expect(summaryOf(result, 'verified')).toContain('rungs held: 0, 2, 3 of 10');
    await folder.write(backupName(at), begunAt(await fixture('custom.dump'), at), at);
    expect(kindsOf(await folder.verify())).toEqual(['verified']);
  });

  test('is found beside its original, which was begun in the same second', async () => {
    await using folder = await backupFolder();
    await writeHonest(folder, { hoursApart: 1, count: 1 });
    const at = hoursAgo(1);
    await folder.write(backupName(at), begunAt(await fixture('custom.dump'), hoursAgo(2)), at);
    expect(summaryOf(await folder.verify(), 'misdated')).toContain(
      'begun in the same second as shop_20260302_040000.dump',
    );
  });

  test('is not seen in honest backups of a machine whose clock is in another zone', async () => {
    for (const zoneHours of [-14, -5.5, 5, 12]) {
      await using folder = await backupFolder();
      await writeHonest(folder, { zoneHours });
      const at = hoursAgo(1);
      await folder.write(
        backupName(at),
        begunAt(await fixture('custom.dump'), new Date(at.getTime() - zoneHours * 3_600_000)),
        at,
      );
      expect(kindsOf(await folder.verify())).toEqual(['verified']);
      const copied = new Date(at.getTime() - (zoneHours + 6.1) * 3_600_000);
      await folder.write(backupName(at), begunAt(await fixture('custom.dump'), copied), at);
      expect(kindsOf(await folder.verify())).toContain('misdated');
    }
  });

  test('is found by the start that a verbose script gives, and by the time in a gzip head', async () => {
    await using folder = await backupFolder();
    await folder.write('shop_20260302_050000.sql', await unzippedFixture('verbose.sql.gz'), hoursAgo(1));
    // The fixture was begun long after the time at which this test looks.
    expect(kindsOf(await folder.verify())).not.toContain('misdated');
    const script = (await unzippedFixture('verbose.sql.gz'))
      .toString()
      .replace(/Started on \S+ \S+/, 'Started on 2026-03-01 05:00:00');
    await folder.write('shop_20260302_050000.sql', script, hoursAgo(1));
    expect(summaryOf(await folder.verify(), 'misdated')).toContain('2026-03-01 05:00:00, 24 h before');

    await using zipped = await backupFolder();
    const body = gzipSync(await unzippedFixture('plain.sql.gz'));
    body.writeUInt32LE(hoursAgo(25).getTime() / 1_000, 4);
    await zipped.write('shop_20260302_050000.sql.gz', body, hoursAgo(1));
    expect(kindsOf(await zipped.verify())).toContain('misdated');
  });

  test('that has no time inside is found by having the bytes of an earlier one', async () => {
    await using folder = await backupFolder();
    const body = await fixture('plain.sql.gz');
    await folder.write('shop_20260301_050000.sql.gz', body, hoursAgo(25));
    await folder.write('shop_20260302_050000.sql.gz', body, hoursAgo(1));
    expect(kindsOf(await folder.verify())).toEqual(['no-history', 'identical', 'verified']);
    const other = Buffer.from(body);
    other.writeUInt8(3, 9);
    other.writeUInt8(body.readUInt8(9) === 3 ? 255 : 3, 9);
    await folder.write('shop_20260301_050000.sql.gz', other, hoursAgo(25));
    expect(kindsOf(await folder.verify())).toEqual(['no-history', 'verified']);
  });
});

describe('the times of a backup', () => {
  test('from after now are no proof of youth', async () => {
    await using folder = await backupFolder();
    await folder.write('shop_20991231_000000.sql.gz', await fixture('plain.sql.gz'), hoursAgo(1));
    expect(kindsOf(await folder.verify())).toContain('misdated');
    await using unnamed = await backupFolder();
    await unnamed.write('shop.sql.gz', await fixture('plain.sql.gz'), hoursAgo(-5));
    expect(kindsOf(await unnamed.verify())).toContain('misdated');
  });

  test('count from the name where the file was written later, as by a copy of the whole folder', async () => {
    await using folder = await backupFolder();
    await folder.write('shop_20260227_050000.sql.gz', await fixture('plain.sql.gz'), hoursAgo(1));
    expect(kindsOf(await folder.verify())).toEqual(['too-old', 'rewritten', 'no-history', 'verified']);
  });

  test('are read in the zone that the profile gives, and a name with only a date leaves the hour open', async () => {
    await using folder = await backupFolder();
    await folder.write('shop_20260302_103000.sql.gz', await fixture('plain.sql.gz'), hoursAgo(1));
    expect(kindsOf(await folder.verify())).toContain('misdated');
    expect(kindsOf(await folder.verify({ timezone: 'Asia/Kolkata' }))).toEqual(['no-history', 'verified']);

    await using daily = await backupFolder();
    await daily.write('shop-2026-03-02.sql.gz', await fixture('plain.sql.gz'), hoursAgo(1));
    expect(kindsOf(await daily.verify())).toEqual(['no-history', 'verified']);
    await daily.write('shop-2026-03-02.sql.gz', await fixture('plain.sql.gz'), hoursAgo(25));
    expect(kindsOf(await daily.verify())).toContain('misdated');
  });

  test('decide which is the newest, whatever the order of the names', async () => {
    await using folder = await backupFolder();
    await folder.write('zz.sql.gz', await fixture('plain.sql.gz'), hoursAgo(50));
    await folder.write('aa.sql.gz', await fixture('plain.sql.gz'), hoursAgo(1));
    expect(summaryOf(await folder.verify(), 'verified')).toMatch(/^aa.sql.gz/);
  });
});

describe('a name', () => {
  test.each([
    ['shop_20260301_020304.dump', '2026-03-01T02:03:04Z', 'shop_*.dump'],
    ['20260301T020304Z.sql.gz', '2026-03-01T02:03:04Z', '*.sql.gz'],
    ['shop-2026-03-01T02:03:04+05:30.sql', '2026-02-28T20:33:04Z', 'shop-*.sql'],
    ['shop_2026-03-01_02-03-04.tar', '2026-03-01T02:03:04Z', 'shop_*.tar'],
    ['shop_202603010203.dump', '2026-03-01T02:03:00Z', 'shop_*.dump'],
    ['shop_20260301_020304-0001.dump', '2026-03-01T02:03:04Z', 'shop_*-0001.dump'],
    ['backup_20260301_020304/database.sql.gz', '2026-03-01T02:03:04Z', 'backup_*/database.sql.gz'],
    ['emergency-backup-1772330584.sql', '2026-03-01T02:03:04Z', 'emergency-backup-*.sql'],
    ['shop-2026.03.01.dump', '2026-03-01T00:00:00Z', 'shop-*.dump'],
  ])('%s is of %s and of the series %s', (name, at, series) => {
    expect(stampOf(name, 'UTC')?.at).toEqual(new Date(at));
    expect(seriesOf(name)).toBe(series);
  });

  test.each(['shop.dump', 'shop_20260231_020304.dump', 'v1.2.3.sql', '99999999_999999.dump', 'order-123456789.sql'])(
    '%s has no time',
    (name) => {
      expect(stampOf(name, 'UTC')).toBeUndefined();
    },
  );

  test('cannot be read in a zone that does not exist', () => {
    expect(task.input.safeParse({ timezone: 'Mars/Olympus' }).success).toBe(false);
  });
});
