import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Unavailable } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { connectionOf, encryptionOf } from '../../lambdas/tasks/postgres/_connection.ts';
import { refusalOf } from '../../lambdas/tasks/postgres/_connection-refusal.ts';
import { entriesPerLeaf, packedBytes } from '../../lambdas/tasks/postgres/_index-size.ts';
import { isTransientName, noteOf } from '../../lambdas/tasks/postgres/_reindex-note.ts';
import { intervalBetween, isSameHistory, type Snapshot } from '../../lambdas/tasks/postgres/_slow-interval.ts';
import { rateOf, withSample, type Sample } from '../../lambdas/tasks/postgres/_wraparound-rate.ts';
import { Bytes, inBytes as bytesInWords } from '../../lambdas/tasks/postgres/_bytes.ts';
import { addressOf } from '../../lambdas/tasks/redis/_address.ts';
import { anyText, holds, INHERITED } from './property.ts';

/** A literal in one of the ways of SQL, with a word in it that must not be seen. */

/** An address with a password in it, whole or broken. */
const secretAddress = fc
  .tuple(
    fc.constantFrom('postgres://', 'postgresql://', 'redis://', 'rediss://', 'http://', ''),
    anyText,
    anyText,
    anyText,
  )
  .map(([scheme, user, host, query]) => `${scheme}${user}:canary%zz@${host}/db?${query}`);

test('the address of a database is read, or refused without a word of it', () => {
  const good = fc
    .tuple(
      fc.stringMatching(/^[a-z]{1,8}$/),
      anyText.filter((text) => text.isWellFormed() && text !== ''),
    )
    .map(([user, password]) => ({
      user,
      password,
      address: `${user}:${encodeURIComponent(password)}@db.example:6000/shop`,
    }));
  holds(
    fc.property(good, ({ user, password, address }) => {
      expect(connectionOf({ name: 'main', url: new Secret(`postgres://${address}`) })).toMatchObject({
        user,
        password,
        host: 'db.example',
        port: 6_000,
        database: 'shop',
      });
      expect(addressOf({ name: 'cache', url: new Secret(`redis://${address}`) })).toMatchObject({
        user,
        password,
        host: 'db.example',
        port: 6_000,
      });
    }),
    150,
  );
  holds(
    fc.property(fc.oneof(secretAddress, anyText), (text) => {
      for (const read of [
        () => connectionOf({ name: 'main', url: new Secret(text) }),
        () => addressOf({ name: 'cache', url: new Secret(text) }),
      ]) {
        const message = messageOfFailure(read);
        if (message !== undefined) expect(message).not.toMatch(/canary/);
      }
    }),
    250,
  );
});

function messageOfFailure(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(Unavailable);
    return String(thrown);
  }
}

test('a mode of encryption is never read as one that is weaker than it says', () => {
  holds(
    fc.property(
      fc.oneof(
        fc.constantFrom('disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', ...INHERITED),
        anyText,
      ),
      fc.boolean(),
      (mode, isLocal) => {
        const encryption = encryptionOf(mode, isLocal);
        if (['require', 'verify-full'].includes(mode)) expect(encryption).toBe('full');
        if (!isLocal && mode !== 'disable') expect(encryption).not.toBe('none');
      },
    ),
    100,
  );
});

test('whatever refuses a login is named by one of our words, or by none', () => {
  const thrown = fc.oneof(
    fc.anything(),
    fc
      .record({ code: fc.oneof(fc.constantFrom('28P01', 'ECONNREFUSED', ...INHERITED), anyText), message: anyText })
      .map((given) => Object.assign(new Error(given.message), { code: given.code })),
  );
  const progress = fc.record({ isConnected: fc.boolean(), isTlsBegun: fc.boolean(), firstBytes: anyText });
  holds(
    fc.property(thrown, progress, (error, how) => {
      const refusal = refusalOf(error, how);
      if (refusal) {
        expect(refusal.kind).toMatch(/^[a-z-]+$/);
        expect(refusal.reason).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }
    }),
    300,
    {
      examples: INHERITED.map(
        (code) =>
          [Object.assign(new Error('x'), { code }), { isConnected: true, isTlsBegun: false, firstBytes: '' }] as never,
      ),
    },
  );
});

test('what an interval executed is what its counters grew by, never less than nothing', () => {
  const statements = fc.uniqueArray(
    fc.tuple(fc.stringMatching(/^1[0-3]\/-?[1-4]$/), fc.nat(100), fc.nat(1_000), fc.nat(50)),
    { selector: ([id]) => id, maxLength: 6 },
  );
  const reset = fc.option(fc.integer({ min: -100, max: 300 }));
  const snapshot =
    (takenAt: number) =>
    (given: [Snapshot['statements'], number | null, number | null]): Snapshot => ({
      takenAt,
      databaseOid: 5,
      statements: given[0],
      statsReset: given[1] === null ? null : Math.min(given[1], takenAt),
      dealloc: given[2],
    });
  const dealloc = fc.option(fc.nat(3));
  holds(
    fc.property(
      fc.tuple(statements, reset, dealloc).map(snapshot(100)),
      fc.tuple(statements, reset, dealloc).map(snapshot(200)),
      (before, after) => {
        if (!isSameHistory(before, after)) return;
        const { seconds, executed } = intervalBetween(before, after);
        expect(seconds).toBeLessThanOrEqual(100);
        for (const one of executed) {
          expect(one.calls).toBeGreaterThanOrEqual(0);
          expect(one.milliseconds).toBeGreaterThanOrEqual(0);
          expect(one.readMilliseconds).toBeGreaterThanOrEqual(0);
          const now = after.statements
            .filter(([id]) => id.endsWith(`/${one.queryId}`))
            .reduce((sum, [, calls]) => sum + calls, 0);
          expect(one.calls).toBeLessThanOrEqual(now);
        }
        expect(intervalBetween(after, { ...after, takenAt: 300 }).executed.every(({ calls }) => calls === 0)).toBe(
          true,
        );
      },
    ),
    300,
  );
});

test('the rate of ids is never negative, and the samples kept reach no further back than eight days', () => {
  const samples = fc.array(
    fc.record({ takenAt: fc.nat(2_000_000), nextXid: fc.nat(1_000_000), nextMxid: fc.nat(2 ** 32 - 1) }),
    { maxLength: 12 },
  );
  holds(
    fc.property(samples, (given) => {
      let kept: Sample[] = [];
      for (const sample of given) {
        kept = withSample(kept, sample);
        expect(kept.length).toBeLessThanOrEqual(34);
        for (const { takenAt } of kept) expect(sample.takenAt - takenAt).toBeLessThanOrEqual(8 * 86_400);
        const rate = rateOf(kept, sample);
        if (rate) expect(Math.min(rate.xidsPerSecond, rate.mxidsPerSecond)).toBeGreaterThanOrEqual(0);
      }
    }),
    150,
  );
});

test('a note in a database is read back only as it was written, and names as the server cuts them are known', () => {
  holds(
    fc.property(
      fc.oneof(anyText, fc.json()),
      fc.stringMatching(/^[a-zäß_]{1,70}$/),
      fc.constantFrom('_ccnew', '_ccold', '_ccnew2'),
      (text, name, ending) => {
        expect(noteOf(`fettle rebuild: ${text}`, 1)).toBeUndefined();
        let stem = name;
        while (Buffer.byteLength(stem + ending) > 63) stem = stem.slice(0, -1);
        expect(isTransientName(stem + ending, name)).toBe(true);
        expect(isTransientName(`${name}x`, name)).toBe(false);
      },
    ),
    150,
  );
});

test('sizes are read as PostgreSQL writes them, and an index that is packed is no larger than it was', () => {
  holds(
    fc.property(
      fc.integer({ min: 1, max: 999_999 }),
      fc.constantFrom('kB', 'MB', 'GB', 'TB'),
      fc.integer({ min: 8, max: 2_000 }),
      fc.integer({ min: 10, max: 100 }),
      (count, unit, entryBytes, fillfactor) => {
        expect(Bytes.parse(`${count}${unit}`)).toBe(count * 1_024 ** (['kB', 'MB', 'GB', 'TB'].indexOf(unit) + 1));
        expect(bytesInWords(count)).toMatch(/^[\d.,]+ (B|[kMGT]B)$/);
        expect(entriesPerLeaf(entryBytes, fillfactor)).toBeGreaterThanOrEqual(1);
        const stats = { leaf_pages: count, internal_pages: 3, avg_leaf_density: fillfactor / 2 };
        expect(packedBytes(stats, { fillfactor })).toBeLessThanOrEqual((1 + count + 3) * 8_192);
      },
    ),
    150,
  );
});
