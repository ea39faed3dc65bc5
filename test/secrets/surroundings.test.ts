import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ResolvedPlatform } from '../../core/platform.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { task as checkConnection } from '../../lambdas/tasks/postgres/check-connection.ts';
import { task as vacuum } from '../../lambdas/tasks/postgres/vacuum.ts';
import { tasksPage } from '../../lib/docs/tasks-page.ts';
import { TARGET_KINDS } from '../../core/target-kinds.ts';
import { EXAMPLE_TARGETS } from '../../lib/docs/example-platform.ts';
import { deployProblems } from '../../lib/profiles/deploy.ts';
import { performTask } from '../harness/perform-task.ts';
import { synthesize } from '../lib/stacks/synthesized.ts';
import { canaryBox } from './_canaries.ts';
import { type Parrot, startParrot } from './_parrot.ts';
import { filesOf, searchFor } from './_search.ts';

const canaries = canaryBox();
const previous = { ...process.env };
let parrot: Parrot;

/** The environment of somebody who has many things to do besides. */
beforeAll(async () => {
  parrot = await startParrot();
  const names = [
    'PGPASSWORD',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'GITHUB_TOKEN',
    'DATABASE_PASSWORD',
    'SECRET_URL',
  ];
  for (const name of names) process.env[name] = canaries.take(name, 'plain');
});

afterAll(async () => {
  for (const name of Object.keys(process.env)) if (!(name in previous)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, previous);
  await parrot.close();
});

test('a password of the surroundings is not sent to a database that the profile names without one', async () => {
  const home = await mkdtemp(join(tmpdir(), 'fettle-home-'));
  const inFile = canaries.take('.pgpass', 'plain');
  await writeFile(join(home, '.pgpass'), `*:*:*:*:${inFile}\n`, { mode: 0o600 });
  process.env['PGPASSFILE'] = join(home, '.pgpass');
  const targets = { main: { url: `postgres://app@127.0.0.1:${parrot.port}/main` } };
  for (const task of [checkConnection, vacuum]) await performTask({ task, targets, timeoutSeconds: 20 });
  await rm(home, { recursive: true });
  expect(parrot.passwords.length).toBeGreaterThan(0);
  expect(new Set(parrot.passwords)).toEqual(new Set(['']));
});

test('a password in the query of an address is the one that its database is sent', async () => {
  const password = canaries.take('in a query', 'with URL escapes');
  const url = `postgres://127.0.0.1:${parrot.port}/main?user=app&password=${encodeURIComponent(password)}`;
  await performTask({ task: vacuum, targets: { main: { url } }, timeoutSeconds: 20 });
  expect(parrot.passwords.at(-1)).toBe(password);
});

test('a deployed stack holds references and no value: template, assets, bundles', async () => {
  const { folder, template } = await synthesize((platform) => ({
    ...platform,
    targets: ResolvedPlatform.shape.targets.parse(
      Object.fromEntries(Object.entries(EXAMPLE_TARGETS).map(([kind, { full }]) => [kind, { main: full }])),
    ),
  }));
  const files = await filesOf(folder);
  // Code of megabytes is searched for what stands in it as it is, everything else for what it decodes to as well.
  const [code, texts] = [true, false].map((isCode) => files.filter(({ name }) => name.endsWith('.js') === isCode));
  expect(code?.length).toBeGreaterThan(5);
  expect(JSON.stringify(template)).toContain('orchard/prod/postgres');
  expect(searchFor(canaries.all)(texts ?? [])).toEqual([]);
  const found = canaries.all.filter(({ value }) => code?.some(({ content }) => content.includes(value)));
  expect(found).toEqual([]);
  await rm(folder, { recursive: true });
});

test('an address of any kind that only this machine could read is refused before anything is synthesized, and not shown', () => {
  const references = Object.entries(TARGET_KINDS).flatMap(([kind, { addresses }]) =>
    addresses.flatMap((field) => ['env:SECRET_URL', 'file:secret'].map((reference) => ({ kind, field, reference }))),
  );
  for (const { kind, field, reference } of references) {
    const problems = deployProblems({
      schemaVersion: 1,
      platform: 'shop',
      environment: 'prod',
      account: '111122223333',
      region: 'eu-west-1',
      allowAddresses: [],
      targets: { [kind]: { main: { [field]: reference } } },
      procedures: {},
    });
    expect(problems.map(({ path }) => path)).toContain(`environments.prod.targets.${kind}.main.${field}`);
    expect(searchFor(canaries.all)(problems.map(({ text }) => ({ name: 'problem', content: text })))).toEqual([]);
  }
  expect(references.length).toBeGreaterThan(20);
});

test('the generated pages hold nothing of the environment that they are made in', async () => {
  const content = tasksPage(await loadCatalogue());
  expect(searchFor(canaries.all)([{ name: 'docs/tasks.md', content }])).toEqual([]);
});
