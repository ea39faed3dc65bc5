import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { catalogue, matcherOf } from '../../lambdas/tasks/backups/_catalogue.ts';
import { promisedDigest } from '../../lambdas/tasks/backups/_checksum.ts';
import { Flaw } from '../../lambdas/tasks/backups/_flaw.ts';
import { hours, judgeObjects, judgeSize, madeAt, median, newestFirst } from '../../lambdas/tasks/backups/_judgement.ts';
import { shown } from '../../lambdas/tasks/backups/_shown.ts';
import type { BackupFile, BackupSource } from '../../lambdas/tasks/backups/_source.ts';
import { seriesOf, stampOf } from '../../lambdas/tasks/backups/_stamp.ts';
import { NOW } from '../lambdas/tasks/backups/backup-folder.ts';
import { anyText, holds, holdsAsync } from './property.ts';

const instant = fc.date({ min: new Date('2000-01-02'), max: new Date('2098-01-01'), noInvalidDate: true });

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'] as const;

test('the time in the name of a backup is read back in whatever way names write it', () => {
  const form = fc.constantFrom(
    (wall: string) => wall.replace(/[-:]/g, ''),
    (wall: string) => wall.replace('T', '_').replaceAll(':', '-'),
    (wall: string) => wall.replace('T', ' '),
    (wall: string) => wall.replace('T', '.').replaceAll('-', '.').replaceAll(':', '.'),
    (wall: string) => wall.replace(/[-:T]/g, ''),
  );
  holds(
    fc.property(
      instant,
      fc.constantFrom(...ZONES),
      form,
      fc.stringMatching(/^[a-z]{1,8}[-_]$/),
      (at, zone, written, prefix) => {
        const seconds = Math.floor(at.getTime() / 1_000);
        const local = Temporal.Instant.fromEpochMilliseconds(seconds * 1_000).toZonedDateTimeISO(zone);
        const wall = local.toPlainDateTime().toString({ smallestUnit: 'second' });
        const name = `shop/${prefix}${written(wall)}.dump`;

        const stamp = stampOf(name, zone);
        const meant = local.toPlainDateTime().toZonedDateTime(zone).epochMilliseconds;
        expect(stamp).toEqual({ at: new Date(meant), precisionSeconds: 1 });
        expect(seriesOf(name)).toBe(`shop/${prefix}*.dump`);
        const inUtc = stampOf(`${prefix}${new Date(seconds * 1_000).toISOString().replace('.000', '')}.dump`, zone);
        expect(inUtc?.at.getTime()).toBe(seconds * 1_000);
      },
    ),
    150,
  );
});

test('no name makes the reader of times throw, and what it finds is a time of this century', () => {
  const name = fc.oneof(
    anyText,
    fc.stringMatching(/^(20\d\d[-_.]?\d\d[-_.]?\d\d|1[5-9]\d{8}|[T_ :Z+-]|\d\d|\/){0,6}$/),
  );
  holds(
    fc.property(name, (text) => {
      const stamp = stampOf(text, 'Europe/Berlin');
      if (stamp) expect(stamp.at.getUTCFullYear()).toBeGreaterThanOrEqual(1999);
      if (stamp) expect(seriesOf(text)).not.toBe(text);
      expect(seriesOf(text).split('/').length).toBe(text.split('/').length);
      expect(shown(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
    400,
  );
});

/** What a pattern means, letter by letter and without any cleverness. */
function fits(name: string, pattern: string): boolean {
  if (pattern === '') return name === '';
  const [mark, rest] = [pattern.slice(0, 1), pattern.slice(1)];
  if (mark === '*') return fits(name, rest) || (name !== '' && name[0] !== '/' && fits(name.slice(1), pattern));
  if (name === '') return false;
  return (mark === '?' ? name[0] !== '/' : name[0] === mark) && fits(name.slice(1), rest);
}

test('a pattern of names fits what its letters say and nothing else, however it is meant to waste time', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/', '.', '(', '+', '\n'), maxLength: 8 });
  holds(
    fc.property(letters, letters, (name, pattern) => {
      expect(matcherOf(pattern)(name)).toBe(fits(name, pattern));
    }),
    1_000,
  );
  const steps = process.cpuUsage();
  expect(matcherOf('*a'.repeat(400) + 'b')('a'.repeat(1_000))).toBe(false);
  const { user, system } = process.cpuUsage(steps);
  expect(user + system).toBeLessThan(2_000_000);
});

const backupFile = fc.record({
  path: fc.oneof(
    fc.stringMatching(/^(shop|crm)[-_]20260[1-9]0[1-9](_0[0-9]0000)?\.(dump|sql\.gz|dump\.partial|dump\.sha256|log)$/),
    fc.stringMatching(/^20260[1-9]0[1-9]\/(toc\.dat|\d{4}\.dat\.gz|notes\.txt)$/),
    anyText.filter((text) => text !== ''),
  ),
  sizeBytes: fc.nat(1_000_000),
  lastModified: instant,
});

test('every file is part of one backup at most, in whatever order they are listed, and the newest comes first', () => {
  const unique = fc.uniqueArray(backupFile, { selector: ({ path }) => path, maxLength: 12 });
  const options = { match: '*', timezone: 'UTC' };
  holds(
    fc.property(unique, (files: readonly BackupFile[]) => {
      const found = newestFirst(catalogue(files, options));
      const used = found.flatMap((backup) => backup.files.map(({ path }) => path));
      expect(new Set(used).size).toBe(used.length);
      expect(newestFirst(catalogue(files.toReversed(), options)).map(({ name }) => name)).toEqual(
        found.map(({ name }) => name),
      );
      for (const backup of found) {
        expect(backup.sizeBytes).toBe(backup.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
        expect(madeAt(backup).getTime()).toBeLessThanOrEqual(backup.lastModified.getTime());
      }
    }),
    150,
  );
});

function sourceOf(text: string): BackupSource {
  const nothing = () => Promise.reject(new Error('not asked for'));
  return {
    ...{ location: 'memory', showsGrowth: false, list: nothing, look: nothing, pour: nothing },
    async *open() {
      yield await Promise.resolve(Buffer.from(text));
    },
  };
}

test('a digest is taken from the file beside a backup only where it stands there for that backup', async () => {
  const file = { path: 'shop.dump.sha256', sizeBytes: 1, lastModified: NOW };
  const hex = (text: string) => createHash('sha256').update(text).digest('hex');
  const line = fc.constantFrom(
    (digest: string, name: string) => `${digest}  ${name}\n`,
    (digest: string, name: string) => `${digest.toUpperCase()} *./${name}\r\n`,
    (digest: string, name: string) => `SHA256 (/srv/${name}) = ${digest}\n`,
  );
  await holdsAsync(
    fc.asyncProperty(line, anyText, anyText, async (written, other, noise) => {
      const text = `${written(hex(other), 'other.dump')}${noise.replaceAll('\n', '')}\n${written(hex('shop'), 'shop.dump')}`;
      const found = await promisedDigest(sourceOf(text), 'backups/shop.dump', { file, algorithm: 'sha256' });
      expect(found).toEqual({ algorithm: 'sha256', hex: hex('shop') });
      const foreign = promisedDigest(sourceOf(written(hex(other), 'other.dump')), 'shop.dump', {
        file,
        algorithm: 'sha256',
      });
      await expect(foreign).rejects.toThrow(Flaw);
    }),
    100,
  );
});

test('a size is judged against the middle of the earlier ones, and objects against those of the backup before', () => {
  const size = fc.integer({ min: 1, max: 1_000_000 });
  const words = fc.array(fc.stringMatching(/^(TABLE|INDEX) [a-z]{1,3}$/), { maxLength: 5 });
  holds(
    fc.property(fc.array(size, { minLength: 3, maxLength: 9 }), size, words, words, (earlier, value, now, before) => {
      const middle = median(earlier);
      expect(earlier.filter((one) => one <= middle + 0.5).length * 2).toBeGreaterThanOrEqual(earlier.length);
      expect(earlier.filter((one) => one >= middle - 0.5).length * 2).toBeGreaterThanOrEqual(earlier.length);
      const [backup] = catalogue([{ path: 'a.dump', sizeBytes: value, lastModified: NOW }], {
        match: '*',
        timezone: 'UTC',
      });
      const found = backup && judgeSize(backup, earlier, { shrunkBelow: 50, grownBeyond: 3 });
      expect(found?.map(({ kind }) => kind)).toEqual(
        value < middle / 2 ? ['shrunken'] : value > middle * 3 ? ['grown'] : [],
      );
      const lost = judgeObjects('a', now, { name: 'b', objects: before });
      expect(lost.length).toBe(before.some((one) => !now.includes(one)) ? 1 : 0);
      expect(hours(value)).toBeCloseTo(value / 3_600, 0);
    }),
    150,
  );
});
