import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entriesOf } from '../../../core/platform.ts';
import { loadCatalogue } from '../../../lambdas/catalogue.ts';
import { demoPlatformFile } from '../../../lib/demo/platform-file.ts';
import { readProfile } from '../../../lib/profiles/read.ts';
import { resolvePlatform } from '../../../lib/profiles/resolve.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-demo-platform-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function tasksOf(file: string): Promise<string[]> {
  const catalogue = await loadCatalogue();
  const read = await readProfile(file, { catalogue, now: new Date('2026-11-21T00:00:00Z') });
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  const { procedures } = resolvePlatform(read.profile, 'local', catalogue);
  return entriesOf(procedures['daily'] ?? { steps: [] }).map(({ task }) => task);
}

test('a machine with every server runs the profile of the repository, with every task but those of an AWS account', async () => {
  const tasks = await tasksOf(await demoPlatformFile(folder, []));
  const ofServers = [...(await loadCatalogue()).values()].filter(({ task }) => task.target !== 'aws');
  expect([...tasks].sort()).toEqual(ofServers.map(({ task }) => task.name).sort());
});

test('where a server is missing the profile goes without its targets and their tasks, and is right without them', async () => {
  const tasks = await tasksOf(await demoPlatformFile(folder, ['redis', 'metrics']));
  expect(tasks).toContain('endpoints-check-health');
  expect(tasks.filter((task) => /^(redis|metrics)-/.test(task))).toEqual([]);
});
