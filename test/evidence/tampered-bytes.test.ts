import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryStore } from '../../lambdas/runtime/directory-store.ts';
import { Ended } from '../../core/run.ts';
import { ownBundles } from '../../lib/evidence/own-bundles.ts';
import { verifyRuns } from '../../lib/evidence/verify-runs.ts';
import { filesOf, flawTexts } from './_ended-runs.ts';
import { localRuns } from './_local-runs.ts';

let folder: string;
let store: string;
/** Every object that is evidence or speaks of it, with its content. */
let objects: Map<string, Buffer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-evidence-'));
  store = await localRuns(folder, ['plan', 'execute']);
  // Leases, baselines and pointers of open runs are memory that changes; they prove nothing.
  const evidence = /^(runs|chain|maintenance|index|state\/executions)\/(?!.*\.versions)/;
  objects = new Map([...(await filesOf(store))].filter(([key]) => evidence.test(key)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const verified = () => verifyRuns({ store: new DirectoryStore(store, { onlyReads: true }), ownBundles });

/** What a verification says of the store with this content in the place of an object, which it gets back. */
async function saidOf(key: string, body: Uint8Array): Promise<string> {
  await writeFile(join(store, key), body);
  try {
    const verification = await verified();
    return verification.isProven ? 'proven' : flawTexts(verification);
  } finally {
    await writeFile(join(store, key), objects.get(key) ?? '');
  }
}

/** The content with the byte at this place exchanged for another one. */
function exchanged(body: Buffer, place: number, byte = (body[place] ?? 0) ^ 1): Buffer {
  const other = Buffer.from(body);
  other[place] = byte;
  return other;
}

const replaced = (pattern: RegExp, by: (found: string) => string) => (body: Buffer) => {
  const text = body.toString('latin1');
  const { index, 0: found = '' } = pattern.exec(text) ?? {};
  return index === undefined
    ? undefined
    : Buffer.from(text.slice(0, index) + by(found) + text.slice(index + found.length), 'latin1');
};

const CHANGES: Readonly<Record<string, (body: Buffer) => Buffer | undefined>> = {
  'its first byte': (body) => exchanged(body, 0),
  'its last byte': (body) => exchanged(body, body.length - 1),
  'the byte in its middle': (body) => exchanged(body, Math.floor(body.length / 2)),
  'a blank': replaced(/ /, () => '\t'),
  'a line end': replaced(/\n/, () => '\r'),
  'a digit': replaced(/[0-8]/, (digit) => String(Number(digit) + 1)),
  'a letter': replaced(/[a-y]/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 1)),
  'a brace': replaced(/[{}]/, (brace) => (brace === '{' ? '[' : ']')),
  'a cut in its middle': (body) => body.subarray(0, Math.floor(body.length / 2)),
  'a cut of its last byte': (body) => body.subarray(0, -1),
  'a blank at its end': (body) => Buffer.concat([body, Buffer.from(' ')]),
  'a line at its end': (body) => Buffer.concat([body, Buffer.from('\n')]),
  'nothing in it': () => Buffer.alloc(0),
};

test('the runs of this machine are proven by the same code that ended them, report and page to the byte', async () => {
  const runKey = [...objects.keys()].find((key) => key.endsWith('/ended.json')) ?? '';
  const ended = Ended.parse(JSON.parse(objects.get(runKey)?.toString() ?? ''));
  expect((await ownBundles()).has(ended.bundleSha256)).toBe(true);
  expect(await verified()).toMatchObject({
    isProven: true,
    flaws: [],
    otherVersions: [],
    checked: { links: 2, derived: 5 },
  });
});

describe('every object of the store is named when it has', () => {
  test.each(Object.keys(CHANGES))('%s changed', async (name) => {
    const unnoticed: string[] = [];
    for (const [key, body] of objects) {
      const other = CHANGES[name]?.(body);
      if (other && !(await saidOf(key, other)).includes(key)) unnoticed.push(key);
    }
    expect(unnoticed).toEqual([]);
    expect(objects.size).toBeGreaterThan(25);
  });
});

test('every object of the store is named when it is gone', async () => {
  const unnoticed: string[] = [];
  for (const [key, body] of objects) {
    // One that was replaced has its content in the history too, and only both are the object.
    const [place, aside] = [join(store, key), join(folder, 'aside')];
    const history = place.replace(/\/([^/]+)$/, '/.versions/$1');
    await rename(place, aside);
    const hadHistory = await rename(history, `${aside}.history`).then(
      () => true,
      () => false,
    );
    const said = flawTexts(await verified());
    await rename(aside, place);
    if (hadHistory) await rename(`${aside}.history`, history);
    if (!said.includes(key)) unnoticed.push(key);
    expect(await readFile(place)).toEqual(body);
  }
  expect(unnoticed).toEqual([]);
});

test('every object of the store is named when it stands under a second key', async () => {
  const unnoticed: string[] = [];
  for (const [key, body] of objects) {
    const second = key.replace(/\.(\w+)$/, '-copy.$1');
    await writeFile(join(store, second), body);
    const said = flawTexts(await verified());
    await rm(join(store, second));
    if (!said.includes(second)) unnoticed.push(second);
  }
  expect(unnoticed).toEqual([]);
});

test('no byte of any object can be exchanged for another one unnoticed', async () => {
  const bytes = [...objects].flatMap(([key, body]) => (body.length > 0 ? [{ key, body }] : []));
  const anywhere = fc.record({
    object: fc.constantFrom(...bytes),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    byte: fc.nat(255),
  });
  const seed = Number(process.env['FETTLE_SEED'] ?? '') || Math.floor(Math.random() * 2 ** 31);
  const property = fc.asyncProperty(anywhere, async ({ object: { key, body }, at, byte }) => {
    const place = Math.floor(at * body.length);
    if (body[place] === byte) return;
    const said = await saidOf(key, exchanged(body, place, byte));
    if (!said.includes(key)) throw new Error(`byte ${place} of ${key} as ${byte}: ${said} (FETTLE_SEED=${seed})`);
  });
  await fc.assert(property, { seed, numRuns: 100 });
  expect(await verified()).toMatchObject({ isProven: true });
});
