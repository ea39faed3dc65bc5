import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Catalogue, loadCatalogue } from '../../lambdas/catalogue.ts';
import { listPlatforms } from '../../lib/profiles/inventory.ts';
import { problemText } from '../../lib/profiles/problem.ts';
import { readProfile } from '../../lib/profiles/read.ts';
import { HEAD, PROFILE_MESSAGES, SECRET_MESSAGES } from './messages/profile.ts';

const NOW = new Date('2026-11-21T00:00:00Z');
let folder: string;
let catalogue: Catalogue;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'fettle-bad-profile-')));
  catalogue = await loadCatalogue();
});
afterAll(() => rm(folder, { recursive: true }));

/** What a person reads of a file, with its name in place of its path. */
async function linesOf(file: string): Promise<readonly string[]> {
  const read = await readProfile(file, { catalogue, now: NOW });
  if ('profile' in read) return [];
  return read.problems.map((problem) => problemText({ ...problem, file: basename(problem.file) }));
}

async function linesOn(text: string): Promise<readonly string[]> {
  const file = join(folder, 'mine.yaml');
  await writeFile(file, text);
  return linesOf(file);
}

test.each(PROFILE_MESSAGES)(
  'a profile with $mistake is refused with its place, what was found and what is allowed',
  async ({ text, says }) => {
    expect(await linesOn(text)).toEqual(says);
  },
);

test.each(SECRET_MESSAGES)('$mistake in a profile is refused at its place, and never repeated', async (message) => {
  const lines = await linesOn(message.text);
  expect(lines).toEqual(message.says);
  expect(message.text).toContain(message.secret);
  expect(lines.join('\n')).not.toContain(message.secret);
});

test.each([
  ['a reference', 'secret:shop/AKIA-keys'],
  ['a word that begins like a key', 'AKIA'],
  ['an address without a password', 'https://ann@host/'],
  ['a time in an address', 'https://host/a:b@c'],
])('%s is no secret', async (_what, text) => {
  expect(await linesOn(`${HEAD}people: { team: ["${text}"] }\n`)).toEqual([]);
});

test('the example of an address in a comment is no secret', async () => {
  expect(await linesOn(`${HEAD}# url: postgres://user:password@host/db\n`)).toEqual([]);
});

test('a window over midnight, and the last Sunday of a month, are no mistakes', async () => {
  const procedure = 'window: 23:00-04:00, schedule: "cron(0 2 ? * 1L *)", tasks: [postgres-vacuum]';
  expect(await linesOn(`${HEAD}procedures: { daily: { ${procedure} } }\n`)).toEqual([]);
});

test('a secret in a comment hides no other mistake', async () => {
  const lines = await linesOn(
    `${HEAD}# AKIAIOSFODNN7EXAMPLE\nprocedures: { daily: { tasks: [{ postgres-vacuum: { targets: [mian] } }] } }\n`,
  );
  expect(lines.map((line) => line.replace(/^.* /, ''))).toEqual(['[CFG_SECRET_INLINE]', '[TARGET_UNKNOWN]']);
});

test('what is no file to read is said in words', async () => {
  await mkdir(join(folder, 'folder.yaml'));
  await symlink(join(folder, 'round.yaml'), join(folder, 'round.yaml'));
  await writeFile(join(folder, 'plain'), '');
  const places = ['folder.yaml', 'round.yaml', 'plain/mine.yaml', 'absent.yaml', `${'n'.repeat(300)}.yaml`];
  const lines = await Promise.all(places.map((place) => linesOf(join(folder, place))));
  expect(lines.flat()).toEqual([
    'folder.yaml:1:1 is a folder, and a file is needed [CFG_UNREADABLE]',
    'round.yaml:1:1 cannot be read: its symbolic links go round in a circle [CFG_UNREADABLE]',
    'mine.yaml:1:1 cannot be read: a part of its path is no folder [CFG_UNREADABLE]',
    'absent.yaml:1:1 there is no such file [CFG_NOT_FOUND]',
    expect.stringMatching(/^n+….*:1:1 cannot be read: its name is too long \[CFG_UNREADABLE\]$/),
  ]);
});

test('a file whose name commands a terminal is shown with its marks written out', async () => {
  const file = join(folder, 'a\nb\u001b[2J\u202e.yaml');
  await writeFile(file, 'platform: 7\n');
  const lines = await linesOf(file);
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^a b\\u001b\[2J\\u202e\.yaml:1:/);
});

test('a name that is no platform is quoted on one line and cut', async () => {
  const lines = await Promise.all(['*', '🦄', 'a\u001b[31m', 'n'.repeat(5_000), 'shop\u202e'].map(linesOf));
  expect(lines.flat()).toEqual([
    expect.stringMatching(/ there is no platform "\*"; allowed: .*eventchain.* \[CFG_NOT_FOUND\]$/),
    expect.stringMatching(/ there is no platform "🦄"; allowed: /),
    expect.stringMatching(/ there is no platform "a\\u001b\[31m"; allowed: /),
    expect.stringMatching(/ there is no platform "n{60}…"; allowed: /),
    expect.stringMatching(/ there is no platform "shop\\u\{202e\}"; allowed: /),
  ]);
  for (const line of lines.flat()) expect(line.length).toBeLessThan(800);
});

test('a profile that ends in .yml is refused, for a deployment would pass it over', async () => {
  const platforms = join(folder, 'platforms');
  await mkdir(platforms);
  await writeFile(join(platforms, 'shop.yml'), '');
  await expect(listPlatforms(platforms)).rejects.toMatchObject({ code: 'CFG_FILE_ENDING' });
});
