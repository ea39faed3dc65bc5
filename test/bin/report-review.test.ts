import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fettleCommand } from '../harness/fettle-command.ts';

const PROFILE = `platform: shop
targets: { aws: { account: {} } }
procedures:
  monthly: { tasks: [reviews-review-scaling] }
`;
let folder: string;
let store: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-cli-'));
  store = join(folder, 'store');
  await writeFile(join(folder, 'shop.yaml'), PROFILE);
  await mkdir(join(store, 'scaling', 'monthly'), { recursive: true });
  for (const day of ['20261031', '20261101', '20260930']) {
    await writeFile(join(store, 'scaling', 'monthly', `${day}.json`), `{"day":"${day}"}\n`);
    await writeFile(join(store, 'scaling', 'monthly', `${day}.md`), `# Review of ${day}\n`);
    await writeFile(join(store, 'scaling', 'monthly', `${day}.html`), '<p></p>');
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const report = (...words: readonly string[]) =>
  fettleCommand('report', ...words, '--store', store, '--platform', join(folder, 'shop.yaml'));

test('the latest review is printed as the text of a ticket, with the place of its page', async () => {
  const { code, stdout, stderr } = await report('scaling');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '# Review of 20261101\n' });
  expect(stderr).toContain('scaling/monthly/20261101.html');
});

test('the latest review is its document where JSON is asked for', async () => {
  const { code, stdout } = await report('scaling', '--json');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '{"day":"20261101"}\n' });
});

test('a review that was never made is an error that names the task which makes it', async () => {
  await rm(join(store, 'scaling'), { recursive: true });
  const { code, stdout, stderr } = await report('scaling');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('there is no review "scaling"');
  expect(stderr).toContain('reviews-review-scaling');
});

test('a review that does not exist is an error with the nearest word', async () => {
  const { code, stderr } = await report('scalling');
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean "scaling"');
});
