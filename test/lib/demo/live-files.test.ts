import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepFilesLive, type LiveFiles } from '../../../lib/demo/live-files.ts';

let folder = '';
let live: LiveFiles | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-live-'));
});
afterEach(async () => {
  live?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

test('a file that a person writes is in use soon after, and one that cannot be used is said and changes nothing', async () => {
  const file = join(folder, 'pods', 'pods.json');
  let used: unknown = ['first'];
  const said: string[] = [];
  const use = ({ [file]: text = '' }: Readonly<Record<string, string>>) => {
    used = JSON.parse(text);
  };
  live = await keepFilesLive({ [file]: '["first"]' }, use, (problem) => said.push(problem));
  expect(await readFile(file, 'utf8')).toBe('["first"]');

  await writeFile(file, '["second"]');
  await until(() => JSON.stringify(used) === '["second"]');

  await writeFile(file, '["third"');
  await until(() => said.length > 0);
  expect(said[0]).toContain(file);
  expect(used).toEqual(['second']);
});
