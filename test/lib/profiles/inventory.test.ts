import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { InvalidInput } from '../../../core/errors.ts';
import { entriesOf } from '../../../core/platform.ts';
import { loadCatalogue } from '../../../lambdas/catalogue.ts';
import { deployProblems } from '../../../lib/profiles/deploy.ts';
import { listPlatforms, PLATFORMS_FOLDER } from '../../../lib/profiles/inventory.ts';
import { readProfile } from '../../../lib/profiles/read.ts';
import { resolvePlatform } from '../../../lib/profiles/resolve.ts';
import { platformJsonSchema } from '../../../lib/profiles/schema.ts';
import { FAKE_CATALOGUE } from './catalogue.ts';
import { NOW, writePlatforms } from './written.ts';

test('a folder lists its profiles by name, without the default procedure', async () => {
  const folder = await writePlatforms({ 'shop.yaml': '', 'forum.yaml': '', 'notes.md': '', '.hidden.yaml': '' });

  expect(await listPlatforms(folder)).toEqual([
    { name: 'forum', file: path.join(folder, 'forum.yaml') },
    { name: 'shop', file: path.join(folder, 'shop.yaml') },
  ]);
});

test('a profile that would be passed over for its ending is refused, for it would never be deployed', async () => {
  const folder = await writePlatforms({ 'shop.yml': '' });

  await expect(listPlatforms(folder)).rejects.toThrow(/shop\.yml would not be found; call it shop\.yaml$/);
});

test('a folder that is not there is refused', async () => {
  await expect(listPlatforms('/nowhere/platforms')).rejects.toThrow(InvalidInput);
});

test('EventChain is read with the tasks that exist, resolves to its procedures, and can be deployed', async () => {
  const catalogue = await loadCatalogue();

  const read = await readProfile('eventchain', { catalogue, now: NOW });

  expect(read).not.toHaveProperty('problems');
  if ('problems' in read) return;
  const platform = resolvePlatform(read.profile, 'prod', catalogue);
  const daily = platform.procedures['daily'];
  expect(platform).toMatchObject({ account: '111122223333', region: 'eu-west-1' });
  expect(daily).toMatchObject({ schedule: 'cron(0 2 * * ? *)', window: '02:00-04:00', budgetSeconds: 1_800 });
  expect(entriesOf(daily ?? { steps: [] }).map(({ index, task, targets }) => [index, task, targets])).toEqual([
    [1, 'postgres-check-connection', ['main']],
    [2, 'postgres-vacuum', ['main']],
    [3, 'postgres-analyze', ['main']],
    [4, 'postgres-reindex', ['main']],
    [5, 'postgres-check-slow-queries', ['main']],
    [6, 'postgres-check-wraparound', ['main']],
    [7, 'logs-enforce-retention', ['application']],
    [8, 'redis-check-memory', ['cache']],
    [9, 'endpoints-warm-cache', ['api']],
    [10, 'logs-check-failed-logins', ['logins']],
    [11, 'certificates-check-endpoints', ['website', 'api']],
    [12, 'endpoints-check-health', ['website', 'api']],
    [13, 'kubernetes-check-pods', ['cluster']],
    [14, 'backups-verify', ['database']],
    [15, 'metrics-check-latency', ['prometheus']],
    [16, 'metrics-check-error-rate', ['prometheus']],
    [17, 'metrics-check-resource-usage', ['prometheus', 'aws']],
    [18, 'vulnerabilities-review-images', ['images']],
  ]);
  const tasksOf = (name: string) => entriesOf(platform.procedures[name] ?? { steps: [] }).map(({ task }) => task);
  expect(tasksOf('monthly')).toEqual([
    'reviews-review-scaling',
    'reviews-audit-security',
    'vulnerabilities-review-dependencies',
    'vulnerabilities-review-secrets',
  ]);
  expect(tasksOf('quarterly')).toEqual(['reviews-plan-upgrades']);
  expect(deployProblems(platform)).toEqual([]);
});

test('the default procedure that comes with Fettle is made of tasks that exist', async () => {
  const catalogue = await loadCatalogue();
  const folder = await writePlatforms({
    'shop.yaml': 'platform: shop\ntargets: { backups: { nightly: { url: file:///var/backups/ } } }\n',
    'default.yaml': await readFile(path.join(PLATFORMS_FOLDER, 'default.yaml'), 'utf8'),
  });

  const read = await readProfile('shop', { catalogue, now: NOW, platformsFolder: folder });

  expect(read).not.toHaveProperty('problems');
  if ('problems' in read) return;
  expect(resolvePlatform(read.profile, 'local', catalogue).procedures['daily']).toMatchObject({
    planOnly: true,
    steps: [{ index: 1, task: 'backups-verify', targets: ['nightly'] }],
  });
});

test('a broken default procedure is complained of where it stands, and only by profiles that need it', async () => {
  const targets = 'targets: { postgres: { main: { url: env:DB } } }\n';
  const folder = await writePlatforms({
    'default.yaml': 'procedures: { daily: { tasks: [postgres-vacum] } }\n',
    'needs.yaml': `platform: needs\n${targets}`,
    'has.yaml': `platform: has\n${targets}procedures: { daily: { tasks: [postgres-vacuum] } }\n`,
  });
  const options = { catalogue: FAKE_CATALOGUE, now: NOW, platformsFolder: folder };

  expect(await readProfile('needs', options)).toMatchObject({
    problems: [{ code: 'CFG_UNKNOWN_TASK', file: path.join(folder, 'default.yaml'), line: 1, column: 32 }],
  });
  expect(await readProfile('has', options)).toHaveProperty('profile');
});

test('the schema for editors is the same each time, describes every field of an entry, and knows every task', () => {
  const schema = platformJsonSchema(FAKE_CATALOGUE);

  expect(JSON.stringify(schema)).toBe(JSON.stringify(platformJsonSchema(FAKE_CATALOGUE)));
  expect(schema.$defs?.['postgres-vacuum']).toMatchObject({
    description: 'Vacuums tables',
    additionalProperties: false,
    properties: {
      deadRowsAbove: { type: 'string', description: 'The share of dead rows' },
      targets: { description: 'The postgres targets to act on; all by default' },
      required: { type: 'boolean' },
      timeoutSeconds: { type: 'integer', maximum: 300 },
    },
  });
  expect(schema.$defs?.['postgres-vacuum-in-group']?.properties).not.toHaveProperty('required');
  expect(schema.$defs?.['postgres-terminate-sessions']?.required).toEqual(['targets']);
  for (const task of FAKE_CATALOGUE.keys()) expect(schema.$defs).toHaveProperty([task]);
});
