import { glob, mkdir, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RunReport } from '../../core/report.ts';
import type { Task } from '../../core/task.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { announce } from '../../lambdas/runtime/announce.ts';
import { createLog } from '../../lambdas/runtime/log.ts';
import { ownCredentials } from '../../lambdas/runtime/references.ts';
import { REPOSITORY } from '../harness/cruise.ts';
import { canaryBox, SEED } from './_canaries.ts';
import { type Commanded, fettle, shownBy } from './_command-line.ts';
import { type Parrot, startParrot } from './_parrot.ts';
import { type SecretPlatform, secretPlatform, writeCareless } from './_platform.ts';
import { filesOf, type Search, searchFor, type Sink } from './_search.ts';

/** Every command that may meet a secret, in the order in which they are given. */
const COMMANDS = {
  validate: ['validate', 'shop.yaml', '--json'],
  plan: ['plan', 'changes', '--platform', 'shop.yaml'],
  run: ['run', 'daily', '--platform', 'shop.yaml', '--json', '--reason', 'by hand'],
  report: ['report', 'daily', '--platform', 'shop.yaml'],
  runs: ['runs', '--platform', 'shop.yaml', '--json'],
  doctor: ['doctor', '--platform', 'shop.yaml', '--json'],
  explain: ['explain', 'not-readable'],
  'a profile with secrets in it': ['validate', 'careless.yaml'],
  'a store that repeats secrets': ['runs', '--platform', 'shop.yaml', '--store', 's3://fettle-secret-store', '--json'],
} as const;

const canaries = canaryBox();
const started = Date.now();
let folder: string;
let tasks: readonly Task[];
let platform: SecretPlatform;
let parrot: Parrot;
let report: RunReport;
let search: Search;
let typed: Commanded;
const commanded = new Map<string, Commanded>();

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'fettle-secrets-')));
  await mkdir(join(folder, 'tmp'));
  parrot = await startParrot();
  tasks = [...(await loadCatalogue()).values()].map(({ task }) => task);
  platform = await secretPlatform(folder, tasks, parrot, canaries);
  const environment = { ...platform.environment, FETTLE_DEBUG: '1' };
  const address = `postgres://app:${encodeURIComponent(canaries.take('typed'))}@db/main`;
  await writeCareless(folder, canaries);
  for (const [name, given] of Object.entries(COMMANDS)) commanded.set(name, await fettle(folder, environment, given));
  typed = await fettle(folder, environment, ['run', address, '--platform', address, '--json']);
  search = searchFor(canaries.all);
  const ran = commanded.get('run');
  if (ran?.code !== 1) throw new Error(`the run exited with ${ran?.code}: ${ran?.stderr}`);
  report = RunReport.parse(JSON.parse(ran.stdout));
}, 300_000);

afterAll(async () => {
  await parrot.close();
  await rm(folder, { recursive: true, force: true });
});

test(`every task met at least sixty secrets of every kind, and servers that repeat them (FETTLE_SEED=${SEED})`, () => {
  expect(canaries.all.length).toBeGreaterThanOrEqual(60);
  expect(report.tasks.map(({ task, recorded }) => ({ task, recorded }))).toEqual(
    tasks.map(({ name }) => ({ task: name, recorded: true })),
  );
  for (const protocol of ['pg', 'redis', 'secretsmanager.GetSecretValue', 'GET /fine']) {
    expect(parrot.heard).toContain(protocol);
  }
  expect(parrot.heard.join('\n')).toMatch(/GET \/api\/v1\/(pods|namespaces)/);
  // What servers repeated arrived, or nothing would have been there to hide.
  expect(JSON.stringify(report)).toContain('[redacted]');
});

test('no record, report, page, log or other file that a run leaves holds any part of a secret', async () => {
  const given = /^\/(secrets|targets|careless\.yaml)/;
  const written = (await filesOf(folder)).filter(({ name }) => !given.test(name));
  const names = written.map(({ name }) => name).join('\n');
  expect(names).toMatch(/report\.html/);
  expect(names).not.toMatch(/heapsnapshot|cpuprofile|\/core(\.\d+)?$|\/report\.\d+/m);
  expect(search(written)).toEqual([]);
});

test('no command shows any part of a secret, in words or in JSON, debugging or not', () => {
  const shown = [...commanded].flatMap(([name, one]) => shownBy(name, one));
  expect(commanded.get('doctor')?.stdout).toContain('cache-env');
  expect(search(shown)).toEqual([]);
  expect(commanded.get('a profile with secrets in it')?.stderr).toContain('[redacted]');
});

test('an address with a password, typed where a name is meant, is not repeated', () => {
  expect(typed.stdout + typed.stderr).toMatch(/postgres:\/{1,2}\[redacted\]/);
  expect(search([{ name: 'typed', content: typed.stdout + typed.stderr }])).toEqual([]);
});

test('the process of a task knows the secrets of its own targets and no others', () => {
  const handlers = [...commanded.values()]
    .flatMap(({ processes }) => processes)
    .filter(({ environment }) => environment);
  const seen = new Set<string>();
  for (const { environment } of handlers) {
    const variables = new Map(environment.split('\0').map((line) => [line.split('=')[0] ?? '', line] as const));
    const name = /AWS_LAMBDA_FUNCTION_NAME=([^\0]+)/.exec(environment)?.[1] ?? '';
    seen.add(name);
    const task = tasks.find((one) => one.name === name);
    const allowed = task ? platform.mayKnow(task) : [];
    const others = Object.keys(platform.environment).filter((key) => variables.has(key) && !key.startsWith('AWS_'));
    expect({ name, others: others.filter((key) => !allowed.includes(key)) }).toEqual({ name, others: [] });
    if (!task) expect({ name, aws: variables.has('AWS_SECRET_ACCESS_KEY') }).toEqual({ name, aws: false });
  }
  // Some end before anyone can look.
  expect(seen.size).toBeGreaterThan(tasks.length / 2);
});

test('the profile that travels with the function that begins a run holds references only', async () => {
  const sinks: Sink[] = [];
  for await (const file of glob('node_modules/.cache/fettle/*/begin-run-*/profile.json', { cwd: REPOSITORY })) {
    const path = join(REPOSITORY, file);
    if ((await stat(path)).mtimeMs < started) continue;
    sinks.push({ name: path, content: await readFile(path) });
  }
  const ours = sinks.filter(({ content }) => content.includes('SECRET_PG_ENV'));
  expect(ours.length).toBeGreaterThan(0);
  expect(search(ours)).toEqual([]);
  for (const { name } of ours) await rm(dirname(name), { recursive: true });
});

test('what is announced of such a run holds no part of a secret', async () => {
  const lines: string[] = [];
  const log = createLog(
    {},
    () => new Date(),
    (line) => void lines.push(line),
  );
  const previous = { ...process.env };
  Object.assign(process.env, platform.environment, { FETTLE_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:alerts' });
  try {
    log.hide(ownCredentials());
    await announce(report, { n: 1, sha256: 'a'.repeat(64) }, { log });
  } finally {
    process.env = previous;
  }
  expect(parrot.published.join('\n')).toContain(report.runId);
  expect(lines.join('\n')).toContain('announcement failed');
  expect(search([...parrot.published, ...lines].map((content) => ({ name: 'announcement', content })))).toEqual([]);
});
