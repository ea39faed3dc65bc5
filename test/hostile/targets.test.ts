import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RUNTIME_KINDS } from '../../core/finding.ts';
import type { TargetKind } from '../../core/target-kinds.ts';
import type { Task } from '../../core/task.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { renderPage } from '../../lambdas/report/page.ts';
import {
  PASSWORD_IN_A_STATEMENT,
  hostilePostgres,
  hostileRedis,
  type PostgresScene,
  type ServedScene,
} from './_databases.ts';
import { hostileBackups, hostileLogs } from './_files.ts';
import { observe, type Observed, type Scene } from './_run.ts';
import { hostileEndpoints, hostileKubernetes, hostileMetrics } from './_servers.ts';
import { runInShell } from './_shell.ts';
import { searchFor } from '../secrets/_search.ts';
import { problemsOfShowing } from './_shown.ts';

/** Of what is written for one task: whoever reads the report of a night reads them all. */
const MOST_RECORD_BYTES = 2_000_000;
const MOST_STATE_BYTES = 2_000;

let folder: string;
let observed: Observed;
let postgres: PostgresScene;
let prometheus: string;
let missing: string[] = [];
let tasks: readonly Task[];
let scenes: Partial<Record<TargetKind, Scene>>;
const served: ServedScene[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-hostile-'));
  const now = new Date();
  tasks = [...(await loadCatalogue()).values()].map(({ task }) => task);
  const keep = (one: ServedScene | undefined, name: string): Scene => {
    if (!one) missing = [...missing, name];
    else served.push(one);
    return one?.scene ?? { targets: {} };
  };
  scenes = {
    postgres: keep((postgres = await hostilePostgres()), 'postgres'),
    redis: keep(await hostileRedis(folder), 'redis-server'),
    metrics: keep(await hostileMetrics(folder, now), 'prometheus'),
    kubernetes: keep(await hostileKubernetes(now), 'kubernetes'),
    endpoints: keep(await hostileEndpoints(), 'endpoints'),
    logs: await hostileLogs(folder),
    backups: await hostileBackups(folder),
  };
  prometheus = String(scenes.metrics?.targets['prometheus']?.['url'] ?? '');
  observed = await observe(tasks, scenes);
}, 300_000);

afterAll(async () => {
  await Promise.all(served.map((one) => one.stop()));
  await rm(folder, { recursive: true, force: true });
});

test('every task met things with hostile names and said something of them', () => {
  if (missing.length > 0) process.stderr.write(`skipped, not installed: ${missing.join(', ')}\n`);
  const silent = observed.report.tasks.filter(({ task, targets }) => {
    const said = [...observed.report.findings, ...observed.report.actions, ...observed.report.measurements];
    return targets.length > 0 && !said.some((one) => one.task === task);
  });
  expect(silent.map(({ task }) => task)).toEqual([]);
  // A name that nobody foresaw would make a target unreadable, or a task fail.
  const unread = observed.report.findings.filter(({ kind }) => Object.hasOwn(RUNTIME_KINDS, kind));
  expect(unread.map(({ task, target, summary }) => `${task} ${target}: ${summary}`)).toEqual([]);
});

test('what targets call their things is shown and steers nothing: page, terminal, JSON and announcement', () => {
  expect(problemsOfShowing(observed.report)).toEqual([]);
});

test('no text of a target is longer than anyone reads, and what a task writes stays bounded', () => {
  const large = [...observed.recordBytes].filter(([, bytes]) => bytes > MOST_RECORD_BYTES);
  expect(large).toEqual([]);
  const texts = [...observed.report.findings, ...observed.report.actions].flatMap((one) => Object.values(one));
  const long = texts.filter((text) => typeof text === 'string' && text.length > 4_000);
  expect(long).toEqual([]);
  for (const outcome of observed.outcomes) expect(JSON.stringify(outcome).length).toBeLessThan(MOST_STATE_BYTES);
});

test('what real servers were asked with, and what stands in their statements, is in no report', () => {
  const urls = Object.values(scenes).flatMap(({ targets }) =>
    Object.values(targets).map(({ url }) => String(url ?? '')),
  );
  const passwords = urls.flatMap((url) => (URL.canParse(url) && new URL(url).password ? [new URL(url).password] : []));
  expect(passwords.length).toBeGreaterThanOrEqual(missing.includes('redis-server') ? 1 : 2);
  const kubeconfig = String(scenes.kubernetes?.targets['cluster']?.['kubeconfig']);
  const tokens = /token"?: *"?([\w-]+)/.exec(kubeconfig)?.slice(1) ?? [];
  expect(tokens).toHaveLength(1);
  const secrets = [...passwords, ...tokens, PASSWORD_IN_A_STATEMENT].map((value) => ({ name: 'secret', value }));
  const shown = [JSON.stringify(observed.report), renderPage(observed.report)];
  expect(searchFor(secrets)(shown.map((content) => ({ name: 'report', content })))).toEqual([]);
});

describe('a command of a finding, pasted as it is printed,', () => {
  test('has nothing invisible in it', () => {
    const commands = observed.report.findings.flatMap(({ command = '' }) => command);
    expect(commands.filter((command) => /\p{C}|[\u2028\u2029]/u.test(command))).toEqual([]);
  });

  test('is SQL that the very server takes and that changes nothing but what it names', async () => {
    const ours = observed.report.findings.filter(({ task, command }) => task.startsWith('postgres-') && command);
    expect(new Set(ours.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(3);
    const refused: string[] = [];
    for (const { command = '' } of ours.filter(({ command }) => !/pg_(cancel|terminate)_backend/.test(command ?? ''))) {
      await postgres.run('SET lock_timeout = 200');
      await postgres.run(command).catch((error: Error) => refused.push(`${command}: ${error.message}`));
    }
    expect(refused.filter((words) => !words.includes('lock timeout'))).toEqual([]);
    expect((await postgres.run('SELECT count(*)::int AS n FROM victim')).rows).toEqual([{ n: 0 }]);
  });

  test('is a query that the very Prometheus answers, with the one group that it is about', async () => {
    const ours = observed.report.findings.filter(
      ({ task, command }) => command && /^metrics-check-(latency|error-rate)$/.test(task),
    );
    expect(ours.length > 0 || missing.includes('prometheus')).toBe(true);
    for (const { command = '' } of ours) {
      const answer = await fetch(`${prometheus}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: command }),
      });
      const { status, data } = (await answer.json()) as { status: string; data?: { result: unknown[] } };
      expect({ command, status, found: (data?.result.length ?? 0) > 0 }).toEqual({
        command,
        status: 'success',
        found: true,
      });
    }
  });

  test('is a line of shell that starts only known programs, with the very names of the things', async () => {
    const ours = observed.report.findings.filter(
      ({ task, command }) => command && /^(logs|kubernetes|certificates|backups)-|check-resource-usage$/.test(task),
    );
    expect(new Set(ours.map(({ task }) => task)).size).toBeGreaterThanOrEqual(3);
    const problems = await runInShell(
      folder,
      ours.map(({ command = '' }) => command),
    );
    expect(problems).toEqual([]);
  });
});
