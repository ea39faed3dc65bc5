import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { InvalidInput } from '../../core/errors.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { BACKENDS, keysOf, listed, textOf, type Backend } from './store-backends.ts';

describe.each(BACKENDS)('a store in %s', (_name, start) => {
  let backend: Backend;
  let store: Store;
  beforeAll(async () => {
    backend = await start();
    store = backend.open();
  });
  afterAll(() => backend.close());

  test('creates an object once and gives it back with its tag', async () => {
    const etag = await store.createIfAbsent('once/a.json', '{"a":"é"}');

    expect(etag).toBeDefined();
    expect(await store.createIfAbsent('once/a.json', 'other')).toBeUndefined();
    expect(await textOf(store, 'once/a.json')).toBe('{"a":"é"}');
    expect((await store.get('once/a.json'))?.etag).toBe(etag);
  });

  test('has nothing where nothing was written', async () => {
    expect(await store.get('never/was.json')).toBeUndefined();
    expect(await keysOf(store, 'never/')).toEqual([]);
    await expect(store.remove('never/was.json')).resolves.toBeUndefined();
    expect(await store.createIfAbsent('never/was.json', 'free still')).toBeDefined();
  });

  test('replaces an object that still has the tag, and gives it another', async () => {
    const first = await created('replaced/a', 'one');
    const second = await store.replace('replaced/a', 'two', first);
    const third = await store.replace('replaced/a', 'three', second ?? '');

    expect(new Set([first, second, third]).size).toBe(3);
    expect(await textOf(store, 'replaced/a')).toBe('three');
    expect((await store.get('replaced/a'))?.etag).toBe(third);
  });

  test('refuses to replace by a stale tag, and keeps what is there', async () => {
    const first = await created('stale/a', 'one');
    await store.replace('stale/a', 'two', first);

    expect(await store.replace('stale/a', 'three', first)).toBeUndefined();
    expect(await store.replace('stale/a', 'three', 'no tag of any store')).toBeUndefined();
    expect(await textOf(store, 'stale/a')).toBe('two');
  });

  test('refuses to replace what never was and what has been removed', async () => {
    const etag = await created('gone/a', 'one');
    await store.remove('gone/a');

    expect(await store.replace('gone/a', 'two', etag)).toBeUndefined();
    expect(await store.replace('gone/never', 'two', etag)).toBeUndefined();
    expect(await store.get('gone/a')).toBeUndefined();
    expect(await keysOf(store, 'gone/')).toEqual([]);
  });

  test('removes an object, replaced or not, and takes its key for a new one', async () => {
    const first = await created('again/a', 'one');
    const second = await store.replace('again/a', 'two', first);
    await store.remove('again/a');
    await store.remove('again/a');
    const third = await created('again/a', 'three');

    expect(await store.createIfAbsent('again/a', 'four')).toBeUndefined();
    expect(await store.replace('again/a', 'four', second ?? '')).toBeUndefined();
    expect(await textOf(store, 'again/a')).toBe('three');
    expect(await store.replace('again/a', 'four', third)).toBeDefined();
    expect(await keysOf(store, 'again/')).toEqual(['again/a']);
  });

  test('lets one of 50 writers create a key', async () => {
    const stores = Array.from({ length: 5 }, () => backend.open());
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => stores[n % 5]?.createIfAbsent('race/create', `writer ${n}`)),
    );

    const winners = answers.flatMap((etag, n) => (etag === undefined ? [] : [{ n, etag }]));
    expect(winners).toHaveLength(1);
    expect(await textOf(store, 'race/create')).toBe(`writer ${winners[0]?.n}`);
    expect((await store.get('race/create'))?.etag).toBe(winners[0]?.etag);
  });

  test('lets one of 50 writers replace a version, in round after round', async () => {
    let etag = await created('race/replace', 'start');

    for (let round = 0; round < 5; round += 1) {
      const seen = etag;
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => store.replace('race/replace', `${round}: writer ${n}`, seen)),
      );
      const winners = answers.flatMap((answer, n) => (answer === undefined ? [] : [{ n, answer }]));
      expect(winners).toHaveLength(1);
      expect(await textOf(store, 'race/replace')).toBe(`${round}: writer ${winners[0]?.n}`);
      etag = winners[0]?.answer ?? '';
    }
  });

  test('lets one of many writers have a key that is removed again and again', async () => {
    let wins = 0;
    let removals = 0;
    const writers = Array.from({ length: 12 }, async (_, n) => {
      for (let round = 0; round < 5; round += 1) {
        if ((await store.createIfAbsent('race/lock', `writer ${n}`)) === undefined) continue;
        wins += 1;
        expect(wins - removals).toBe(1);
        expect(await textOf(store, 'race/lock')).toBe(`writer ${n}`);
        removals += 1;
        await store.remove('race/lock');
      }
    });

    await Promise.all(writers);

    expect(wins).toBeGreaterThan(0);
    expect(await store.get('race/lock')).toBeUndefined();
  });

  test('keeps an empty body and one of 5 MB to the byte', async () => {
    const large = randomBytes(5 * 1024 * 1024);
    await created('sizes/empty', '');
    const etag = await created('sizes/large', large);

    expect((await store.get('sizes/empty'))?.body).toHaveLength(0);
    expect(Buffer.from((await store.get('sizes/large'))?.body ?? []).equals(large)).toBe(true);
    expect(await store.replace('sizes/large', large.subarray(1), etag)).toBeDefined();
    expect((await listed(store, 'sizes/')).map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([
      ['sizes/empty', 0],
      ['sizes/large', large.length - 1],
    ]);
  });

  test('lists when an object was written last', async () => {
    const before = Date.now();
    await created('times/a', 'one');
    const [object] = await listed(store, 'times/a');

    // S3 tells whole seconds, and a disk rounds down to its clock's tick.
    expect(object?.lastModified.getTime()).toBeGreaterThan(before - 2_000);
    expect(object?.lastModified.getTime()).toBeLessThan(Date.now() + 2_000);
  });

  test('lists in the order of bytes, folders and files mixed, and by half a name', async () => {
    const keys = ['order/a!', 'order/a-b/c', 'order/a-c', 'order/a.json', 'order/a/b', 'order/a/b.c', 'order/a/b~'];
    keys.push('order/a0', 'order/B', 'order/a/B', 'order/aa', 'order/~', 'order/_', 'order/a b&<c>"');
    for (const key of keys) await created(key, key);
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

    expect(await keysOf(store, 'order/')).toEqual(sorted);
    expect(await keysOf(store, 'order/a/b')).toEqual(['order/a/b', 'order/a/b.c', 'order/a/b~']);
    expect(await keysOf(store, 'ord')).toEqual(sorted);
    expect(await keysOf(store, 'order/a-')).toEqual(['order/a-b/c', 'order/a-c']);
    expect(await keysOf(store, 'order/a/b/')).toEqual([]);
  });

  test('lists more keys than a page of S3 holds, each once, and all of them under no prefix', async () => {
    const keys = Array.from({ length: 1_250 }, (_, n) => `many/${String(n).padStart(5, '0')}.json`);
    for (let from = 0; from < keys.length; from += 25) {
      await Promise.all(keys.slice(from, from + 25).map((key) => store.createIfAbsent(key, key)));
    }

    expect(await keysOf(store, 'many/')).toEqual(keys);
    expect((await keysOf(store, '')).filter((key) => key.startsWith('many/'))).toEqual(keys);
  });

  test.each([
    { why: 'it is empty', key: '' },
    { why: 'it begins with "/"', key: '/etc/passwd' },
    { why: '".." may not be a part of it', key: 'a/../../b' },
    { why: '"." may not be a part of it', key: 'a/./b' },
    { why: 'it has an empty part', key: 'a//b' },
    { why: 'it has an empty part', key: 'a/' },
    { why: '".versions" may not be a part of it', key: 'a/.versions/b' },
    { why: '".temporary" may not be a part of it', key: '.temporary/b' },
    { why: 'it has a character that is not printable ASCII', key: 'a/é' },
    { why: 'it has a character that is not printable ASCII', key: 'a\n' },
    { why: 'it has 1025 bytes, allowed are 1024', key: `${'a/'.repeat(512)}b` },
    { why: 'a part of it has 256 bytes, allowed are 255', key: 'a'.repeat(256) },
  ])('refuses a key in every call where $why', async ({ key, why }) => {
    for (const call of [
      () => store.get(key),
      () => store.createIfAbsent(key, 'body'),
      () => store.replace(key, 'body', 'tag'),
      () => store.remove(key),
    ]) {
      const refusal = await call().catch((thrown: unknown) => thrown);
      expect(refusal).toBeInstanceOf(InvalidInput);
      expect((refusal as Error).message).toContain(why);
    }
  });

  test.each(['../', '/', 'a//', 'é', '.versions/'])('refuses to list by the prefix %j', async (prefix) => {
    await expect(keysOf(store, prefix)).rejects.toThrow(InvalidInput);
  });

  async function created(key: string, body: string | Uint8Array): Promise<string> {
    const etag = await store.createIfAbsent(key, body);
    if (etag === undefined) throw new Error(`${key} was there already`);
    return etag;
  }
});
