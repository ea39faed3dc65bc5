import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretsDocument } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/document.ts';
import { task } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/index.ts';
import { searchText } from '../../../../lambdas/tasks/vulnerabilities/review-secrets/search.ts';
import { folder, NOW, summariesOf, wordsOf, type Folder } from './_reports.ts';
import { drawn, MADE_UP } from './_secrets.ts';

let repository: Folder;
beforeEach(async () => {
  repository = await folder();
});
afterEach(async () => {
  await repository[Symbol.asyncDispose]();
});

const documentOf = (result: { readonly document?: unknown }) => result.document as SecretsDocument;
const fingerprintIn = (words: string | undefined) => /[0-9a-f]{16}$/.exec(words ?? '')?.[0] ?? '';
const accepting = (fingerprint: string, until = '2026-12-31') => [
  { fingerprint, until, reason: 'a key of the test account, emptied every night', owner: 'Ada' },
];

test('a credential is told with its file, line and kind, and a likely one more softly', async () => {
  await repository.write('src/token.ts', `// the robot\nexport const token = '${MADE_UP.github}';\n`);
  await repository.write('src/password.ts', `const db = { password: '${MADE_UP.password}' };\n`);
  const result = await repository.review(task);

  expect(result.findings.map(({ kind }) => kind)).toEqual(['secret-found', 'possible-secret']);
  expect(summariesOf(result, 'secret-found')[0]).toMatch(
    /^src\/token\.ts:2 holds a GitHub token; fingerprint [0-9a-f]{16}$/,
  );
  expect(documentOf(result)).toMatchObject({ hardcoded_secrets: 2, repositories: [{ history_searched: false }] });
});

test('a healthy repository passes, with the counts of what was and was not looked at', async () => {
  await repository.write('src/token.ts', 'export const token = process.env.TOKEN;\nexport const key = "name";\n');
  await repository.write('logo.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0]));
  await repository.write('.git/config', `[remote] url = https://x:${MADE_UP.github}@git.acme.com`);
  await repository.write('web/node_modules/a/index.js', `token = "${MADE_UP.github}"`);
  await symlink('/etc/passwd', join(repository.path, 'passwd'));
  const result = await repository.review(task);

  expect(result.findings).toEqual([]);
  const counts = Object.fromEntries(result.measurements.map(({ name, value }) => [name, value]));
  expect(counts).toEqual({
    'files-searched': 1,
    'earlier-commits-searched': 0,
    'binary-files': 1,
    'folders-left-out': 2,
    'links-not-followed': 1,
    'likely-secrets': 0,
  });
});

test('no value, and no beginning of one, is in anything that leaves the task', async () => {
  const values = Object.values(MADE_UP);
  await repository.write('all.txt', values.map((value) => `token = "${value}"`).join('\n'));
  await repository.write(`named-${MADE_UP.gitlab}.txt`, `a ${MADE_UP.gitlab} b`);
  await repository.write('addresses', `postgres://shop:${MADE_UP.password}@db.acme.com/shop`);
  const result = await repository.review(task);
  const text = JSON.stringify(result);

  expect(result.findings.length).toBeGreaterThan(10);
  for (const value of values) {
    const body = value.replace(/^-----BEGIN \w+ KEY-----\n|^[a-z]{2,7}[-_](pat_|live_)?|^AKIA|^AIza/, '');
    expect(text).not.toContain(body.slice(0, 6));
  }
});

test('what is accepted by its fingerprint is not accused until its time is over, wherever its line moves', async () => {
  await repository.write('test/key.ts', `const token = '${MADE_UP.github}';`);
  const before = await repository.review(task);
  const fingerprint = fingerprintIn(wordsOf(before)[0]);
  await repository.write('test/key.ts', `\n\n\nconst token = '${MADE_UP.github}';`);
  const accepted = await repository.review(task, { accepted: accepting(fingerprint) });
  const over = await repository.review(task, { accepted: accepting(fingerprint, '2026-03-01') });

  expect(accepted.findings).toEqual([]);
  expect(documentOf(accepted)).toMatchObject({
    hardcoded_secrets: 0,
    secrets: [{ line: 4, accepted: { owner: 'Ada' } }],
  });
  expect(over.findings.map(({ kind }) => kind)).toEqual(['secret-found', 'acceptance-over']);
});

test('the same secret in another file is another one: accepting a test accepts no deployment', async () => {
  await repository.write('test/key.ts', `const token = '${MADE_UP.github}';`);
  const fingerprint = fingerprintIn(wordsOf(await repository.review(task))[0]);
  await repository.write('deploy/key.ts', `const token = '${MADE_UP.github}';`);
  const result = await repository.review(task, { accepted: accepting(fingerprint) });

  expect(wordsOf(result)).toEqual([expect.stringMatching(/^secret-found deploy\/key\.ts /)]);
});

test('an acceptance that matches nothing is an error, unless a part was not searched', async () => {
  await repository.write('a.ts', 'export {};\n');
  const wrong = await repository.review(task, { accepted: accepting('0123456789abcdef') });
  await repository.write('long.csv', 'a'.repeat(9 * 1024 * 1024));
  const partly = await repository.review(task, { accepted: accepting('0123456789abcdef') });

  expect(wordsOf(wrong)).toEqual(['acceptance-matches-nothing 0123456789abcdef']);
  expect(wordsOf(partly)).toEqual(['not-searched long.csv']);
  expect(summariesOf(partly, 'not-searched')[0]).toContain('of which the first 8388608 were searched');
});

test('says what is new against the last review and what is gone', async () => {
  await repository.write('a.ts', `const token = '${MADE_UP.github}';`);
  const first = await repository.review(task);
  await repository.write('a.ts', `const token = '${MADE_UP.gitlab}';`);
  const second = await repository.review(task, {}, first.baseline);

  expect(summariesOf(second, 'secret-found')[0]).toMatch(/^new: a\.ts:1 /);
  expect(documentOf(second).differences).toEqual({
    has_earlier_review: true,
    new: [fingerprintIn(wordsOf(second)[0])],
    fixed: [fingerprintIn(wordsOf(first)[0])],
  });
});

test('an empty folder, and one of pictures alone, is no pass', async () => {
  const empty = await repository.review(task);
  await repository.write('logo.png', Buffer.alloc(100));
  const pictures = await repository.review(task);

  expect([wordsOf(empty), wordsOf(pictures)]).toEqual([['nothing-searched'], ['nothing-searched']]);
  expect(pictures.measurements).toEqual([]);
});

test('a folder deeper than anyone nests is not walked to its end, and says so', async () => {
  const deep = Array.from({ length: 70 }, (_, i) => `d${i}`).join('/');
  await mkdir(join(repository.path, deep), { recursive: true });
  await repository.write('a.ts', 'export {};\n');
  expect(wordsOf(await repository.review(task))).toEqual([expect.stringMatching(/^not-searched d0\/d1\//)]);
});

test('a list of hundreds of credentials is told in part, with how many more there are', async () => {
  for (let file = 0; file < 3; file += 1) {
    const lines = Array.from({ length: 100 }, (_, i) => `token: "${drawn(24, undefined, file * 1_000 + i + 1)}"`);
    await repository.write(`list-${file}.yaml`, lines.join('\n'));
  }
  const result = await repository.review(task);

  expect(summariesOf(result, 'too-many-secrets')).toHaveLength(1);
  expect(documentOf(result).secrets).toHaveLength(200);
});

test('a file in UTF-16 is text', async () => {
  await repository.write('a.ps1', Buffer.from(`\ufeff$token = "${MADE_UP.github}"`, 'utf16le'));
  expect(wordsOf(await repository.review(task))).toEqual([expect.stringMatching(/^secret-found a\.ps1 /)]);
});

test('a folder that is not there is unknown', async () => {
  await repository[Symbol.asyncDispose]();
  expect((await repository.review(task)).findings[0]).toMatchObject({ kind: 'not-readable' });
  repository = await folder();
});

test('the values that are found are whole, so that their fingerprints know them', () => {
  const [hit] = searchText('a', `x ${MADE_UP.github} y`, NOW);
  expect(hit?.value).toBe(MADE_UP.github);
});
