import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync, type Zippable } from 'fflate';
import { pack } from 'tar-stream';
import { task } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/index.ts';
import type { Source } from '../../../../lambdas/tasks/vulnerabilities/_source.ts';
import { searchRepository } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/repository.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { folder, hoursAgo, NOW, summariesOf, wordsOf, type Folder } from './_reports.ts';
import { MADE_UP } from './_secrets.ts';

interface Member {
  readonly name: string;
  readonly body?: string | Buffer;
  readonly linkname?: string;
}

async function tar(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  const pieces: Buffer[] = [];
  archive.on('data', (piece: unknown) => pieces.push(piece as Buffer));
  for (const { name, body = '', linkname } of members) {
    if (linkname === undefined) archive.entry({ name }, body);
    else archive.entry({ name, type: 'symlink', linkname });
  }
  archive.finalize();
  await once(archive, 'end');
  return Buffer.concat(pieces);
}

const LEAKY = `const token = '${MADE_UP.github}';\n`;
const MEMBERS: readonly Member[] = [
  { name: 'shop-3f78685/README.md', body: '# Shop\n' },
  { name: 'shop-3f78685/empty', body: '' },
  { name: 'shop-3f78685/src/token.ts', body: LEAKY },
  { name: 'shop-3f78685/node_modules/a.js', body: LEAKY },
];
const HEALTHY = MEMBERS.slice(0, 2);

let place: Folder;
beforeEach(async () => {
  place = await folder();
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
});

const review = (name: string, input = {}) =>
  resultOf({ task, now: NOW, input, targets: { here: { url: `${place.url}${name}` } } });

function zip(members: readonly Member[], level: 0 | 6 = 6): Buffer {
  const files: Zippable = {};
  for (const { name, body = '' } of members) files[name] = [typeof body === 'string' ? strToU8(body) : body, { level }];
  return Buffer.from(zipSync(files));
}

const ARCHIVES: readonly (readonly [string, (members: readonly Member[]) => Promise<Buffer> | Buffer])[] = [
  ['shop.tar.gz', async (members) => gzipSync(await tar(members))],
  ['shop.tar', tar],
  ['shop.zip', (members) => zip(members)],
  ['shop.zip', (members) => zip(members, 0)],
];

describe.each(ARCHIVES)('%s', (name, make) => {
  test('is searched without being unpacked anywhere, and its outer folder is no part of a name', async () => {
    await place.write(name, await make(MEMBERS));
    const result = await review(name);

    expect(wordsOf(result)).toEqual([expect.stringMatching(/^secret-found src\/token\.ts /)]);
    expect(result.measurements).toContainEqual({ name: 'files-searched', value: 3, unit: 'count', target: 'here' });
  });

  test('that is healthy passes', async () => {
    await place.write(name, await make(HEALTHY));
    expect((await review(name)).findings).toEqual([]);
  });

  test('that is cut is unknown, although its beginning is healthy', async () => {
    const whole = await make([...HEALTHY, { name: 'shop-3f78685/data', body: 'abc '.repeat(60_000) }]);
    await place.write(name, whole.subarray(0, Math.floor(whole.length / 2)));
    const result = await review(name);

    expect(result.findings).toEqual([
      expect.objectContaining({ kind: 'not-readable', summary: expect.stringMatching(/cut|damaged/) }),
    ]);
    expect(result.measurements).toEqual([]);
  });

  test('that is old is unknown besides what is found in it', async () => {
    await place.write(name, await make(MEMBERS), hoursAgo(24 * 30));
    expect((await review(name)).findings.map(({ kind }) => kind)).toEqual(['secret-found', 'archive-too-old']);
  });

  test.each(['../outside.ts', '/etc/outside.ts', 'a/../../outside.ts', 'C:/outside.ts', 'a\\..\\outside.ts'])(
    'with a name that leads out of it, %s, says so and does not read it',
    async (outside) => {
      await place.write(name, await make([...HEALTHY, { name: outside, body: LEAKY }]));
      const result = await review(name);

      expect(result.findings.map(({ kind }) => kind)).toEqual(['not-searched']);
      expect(summariesOf(result, 'not-searched')[0]).toContain('leads out of the archive');
    },
  );
});

test('a name of an archive does not make one: its first bytes tell', async () => {
  await place.write('shop.zip', gzipSync(await tar(MEMBERS)));
  await place.write('other.zip', 'Not found\n'.repeat(100));
  expect((await review('shop.zip')).findings[0]?.kind).toBe('secret-found');
  expect((await review('other.zip')).findings[0]).toMatchObject({
    kind: 'not-readable',
    summary: 'other.zip is neither a tar nor a zip archive',
  });
});

test.each([
  ['has lost its last four bytes', (whole: Buffer) => whole.subarray(0, -4)],
  [
    'has another checksum',
    (whole: Buffer) => Buffer.concat([whole.subarray(0, -8), Buffer.alloc(4), whole.subarray(-4)]),
  ],
])('an archive whose files all come, and that %s, is unknown', async (_what, change) => {
  await place.write('shop.tar.gz', change(gzipSync(await tar(HEALTHY))));
  expect((await review('shop.tar.gz')).findings).toEqual([
    expect.objectContaining({ kind: 'not-readable', summary: expect.stringContaining('is cut or damaged') }),
  ]);
});

test('an archive that is empty, or that is not there, is unknown', async () => {
  await place.write('empty.tar.gz', '');
  await place.write('nothing.tar.gz', gzipSync(await tar([])));
  expect((await review('empty.tar.gz')).findings[0]).toMatchObject({ kind: 'not-readable' });
  expect(wordsOf(await review('nothing.tar.gz'))).toEqual(['nothing-searched']);
  expect((await review('gone.zip')).findings[0]).toMatchObject({ kind: 'not-readable' });
});

test.each(['shop.tar.gz', 'shop.zip', ''])(
  'a search of %j whose time is over says so and passes nothing',
  async (name) => {
    await place.write('shop.tar.gz', gzipSync(await tar(MEMBERS)));
    await place.write('shop.zip', zip(MEMBERS));
    const url = `${place.url}${name}`;
    const result = await resultOf({ task, now: NOW, signal: AbortSignal.abort(), targets: { here: { url } } });

    expect(result.findings).toEqual([
      expect.objectContaining({
        kind: 'not-readable',
        summary: expect.stringContaining('the task reached its deadline'),
      }),
    ]);
  },
);

test.each(ARCHIVES.slice(0, 3))(
  'a search of %s whose time ends in the middle says how far it came',
  async (archive, make) => {
    const stop = new AbortController();
    const bytes = await make(MEMBERS);
    const file = { path: archive, sizeBytes: bytes.length, lastModified: NOW };
    const source: Source = {
      location: 's3://acme/',
      list: () => Promise.reject(new Error('not asked for')),
      look: () => Promise.resolve(file),
      async *open() {
        yield bytes.subarray(0, 60);
        stop.abort();
        yield bytes.subarray(60);
      },
    };
    const options = { target: 'here', leftOut: new Set<string>(), now: NOW, signal: stop.signal };
    await expect(searchRepository({ source, archive }, options)).rejects.toThrow(
      /^it was searched up to shop-3f78685\/README\.md when the task reached its deadline$/,
    );
  },
);

test('links and their like in a tar are counted and not followed', async () => {
  await place.write('shop.tar', await tar([...HEALTHY, { name: 'shop-3f78685/link', linkname: '/etc/passwd' }]));
  const result = await review('shop.tar');
  expect(result.measurements).toContainEqual({ name: 'links-not-followed', value: 1, unit: 'count', target: 'here' });
});

test('a file of a zip that is enciphered was not searched', async () => {
  const whole = zip(HEALTHY, 0);
  // Its flag in the directory: bit 0 of the eighth byte of an entry.
  const entry = whole.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
  whole[entry + 8] = (whole[entry + 8] ?? 0) | 1;
  await place.write('shop.zip', whole);
  expect(summariesOf(await review('shop.zip'), 'not-searched')).toEqual([
    'README.md is enciphered, and was not searched',
  ]);
});

test('a file of a zip that is not what its checksum says was not searched', async () => {
  const whole = zip([{ name: 'a.txt', body: 'harmless text' }], 0);
  whole[whole.indexOf('harmless')] = 0x48;
  await place.write('shop.zip', whole);
  expect(summariesOf(await review('shop.zip'), 'not-searched')[0]).toContain('is not what its checksum says');
});

test('a picture of any size is no text, and nothing of it is missing', async () => {
  const picture = Buffer.alloc(12 * 1024 * 1024);
  await place.write('shop.zip', zip([...HEALTHY, { name: 'shop-3f78685/logo.png', body: picture }]));
  await place.write('folder/logo.png', picture);
  await place.write('folder/a.ts', 'export {};');
  for (const name of ['shop.zip', 'folder/']) {
    const result = await review(name);
    expect(result.findings).toEqual([]);
    expect(result.measurements).toContainEqual({ name: 'binary-files', value: 1, unit: 'count', target: 'here' });
  }
});

test('a file that unpacks to far more than it is long is searched at its beginning, and says so', async () => {
  const bomb = Buffer.alloc(16 * 1024 * 1024, 'a');
  await place.write('bomb.zip', zip([...HEALTHY, { name: 'shop-3f78685/bomb', body: bomb }]));
  await place.write('bomb.tar.gz', gzipSync(await tar([...HEALTHY, { name: 'shop-3f78685/bomb', body: bomb }])));
  for (const name of ['bomb.zip', 'bomb.tar.gz']) {
    expect(wordsOf(await review(name))).toEqual(['not-searched bomb']);
  }
});
