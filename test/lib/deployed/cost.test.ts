import { beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunReport } from '../../../core/report.ts';
import { runMetrics } from '../../../lambdas/runtime/announce.ts';
import { loadCatalogue, type Catalogue } from '../../../lambdas/catalogue.ts';
import { costOf } from '../../../lib/deployed/cost.ts';
import { PRICES, type PriceName, withPrices } from '../../../lib/deployed/prices.ts';
import { ownTemplate, type Template } from '../../../lib/deployed/template.ts';
import {
  METRICS_OF_RUN,
  monthlyUsage,
  runsPerMonth,
  storeRequests,
  transitionsOf,
} from '../../../lib/deployed/usage.ts';
import type { Procedure, ResolvedPlatform } from '../../../core/platform.ts';
import { findDeployments } from '../../../lib/stacks/deployments.ts';
import { fettle } from '../../bad-inputs/_fettle.ts';
import { startS3Server } from '../../servers/s3.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
let catalogue: Catalogue;
let platform: ResolvedPlatform;
let template: Template;

beforeAll(async () => {
  catalogue = await loadCatalogue();
  const found = await findDeployments({ catalogue, now: NOW, platform: 'eventchain' });
  const [deployed] = 'deployments' in found ? found.deployments : [];
  if (!deployed) throw new Error('eventchain cannot be deployed');
  platform = deployed;
  template = await ownTemplate(platform, catalogue);
});

function usageOf(changed: Partial<ResolvedPlatform> = {}, taskSeconds = new Map<string, number>()) {
  return monthlyUsage({ platform: { ...platform, ...changed }, template, assumptions: { taskSeconds }, now: NOW });
}

function quantity(usage: ReturnType<typeof usageOf>, price: PriceName): number {
  return usage.filter((one) => one.price === price).reduce((sum, one) => sum + one.quantity, 0);
}

function daily(): Procedure {
  const procedure = platform.procedures['daily'];
  if (!procedure) throw new Error('eventchain has no daily procedure');
  return procedure;
}

describe('what a platform uses in a month', () => {
  test.each([
    ['cron(0 2 * * ? *)', 365 / 12],
    ['cron(0 2 ? * MON *)', 52 / 12],
    ['cron(0 2 1 1,4,7,10 ? *)', 4 / 12],
    ['rate(1 hour)', 730],
    ['rate(1 minute)', 43_800],
  ])('%s starts %d runs', (schedule, runs) => {
    expect(runsPerMonth({ ...daily(), schedule }, NOW)).toBeCloseTo(runs, 5);
  });

  test('a procedure that persons start uses nothing that could be counted', () => {
    const { steps, budgetSeconds, planOnly, timezone } = daily();
    const unscheduled = { name: 'by-hand', steps, budgetSeconds, planOnly, timezone };
    expect(runsPerMonth(unscheduled, NOW)).toBe(0);
  });

  test('transitions are those of the state machine: two tasks more are two states more, and a pause is three', () => {
    const { steps, ...procedure } = daily();
    const plain = steps.flatMap((step) => ('task' in step && !step.pauses && !step.required ? [step] : [])).slice(0, 1);
    const times = (count: number) => Array.from({ length: count }, (_, place) => place + 1);
    const of = (count: number) =>
      transitionsOf(platform, {
        ...procedure,
        steps: times(count).flatMap((index) => plain.map((entry) => ({ ...entry, index }))),
      });
    // Begin, its Choice, the task, Finish, and the start itself.
    expect(of(1)).toBe(5);
    expect(of(3)).toBe(7);
    const pausing = plain.map((entry) => ({ ...entry, pauses: true }));
    // Its Choice, and of one pause that Choice again, the wait and the task.
    expect(transitionsOf(platform, { ...procedure, steps: pausing })).toBe(5 + 1 + 3);
  });

  test('alarms are those of the template', () => {
    const alarms = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(3);
    expect(quantity(usageOf(), 'alarm')).toBe(alarms.length);
  });

  test('twice as many runs cost twice as many transitions', () => {
    const transitionsWith = (schedule: string) =>
      quantity(usageOf({ procedures: { daily: { ...daily(), schedule } } }), 'stateTransition');
    expect(transitionsWith('cron(0 2,3 * * ? *)')).toBeCloseTo(2 * transitionsWith('cron(0 2 * * ? *)'), 5);
  });

  test('a task that was measured counts as long as it took', () => {
    const measured = usageOf({}, new Map([['daily/postgres-vacuum', 610]]));
    const difference = quantity(measured, 'functionGbSecond') - quantity(usageOf(), 'functionGbSecond');
    expect(difference).toBeCloseTo((365 / 12) * 600 * 0.5, 3);
  });
});

describe('prices', () => {
  const said = { platform: 'shop', environment: 'prod', assumed: [], notCounted: [] };

  test('the cost is the sum of its lines, dearest first', () => {
    const { lines, monthlyUsd } = costOf({ ...said, usage: usageOf(), prices: PRICES });
    expect(lines.reduce((sum, line) => sum + line.monthlyUsd, 0)).toBeCloseTo(monthlyUsd, 9);
    expect(lines.map((line) => line.monthlyUsd)).toEqual(
      lines.map((line) => line.monthlyUsd).toSorted((a, b) => b - a),
    );
    expect(monthlyUsd).toBeGreaterThan(1);
    expect(monthlyUsd).toBeLessThan(50);
  });

  test('of another region replace those of the table', () => {
    const usage = [{ price: 'alarm', quantity: 10, of: '10 alarms' }] as const;
    expect(costOf({ ...said, usage, prices: withPrices({ alarm: 0.2 }, 'p.json') }).monthlyUsd).toBeCloseTo(2, 9);
  });

  test.each([
    [{ alarms: 1 }, 'there is no price "alarms"; did you mean "alarm"?'],
    [{ alarm: '1' }, 'alarm is "1"; a price is a number of USD for one alarm-month'],
    [{ alarm: -1 }, 'alarm is -1'],
    [[], 'a mapping of prices is needed'],
  ])('%j are none', (given, words) => {
    expect(() => withPrices(given, 'p.json')).toThrow(words);
  });
});

test('as many metrics of a run are counted as it puts', () => {
  const report = { platform: 'shop', environment: 'prod', procedure: 'daily', ended: 'finished', counts: {} };
  const put = runMetrics({ ...report, duration_minutes: 1, end_time: NOW.toISOString() } as unknown as RunReport, 0);
  expect(METRICS_OF_RUN).toBe(put.length);
});

test('a real run asks as much of its bucket as is counted, and no more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-cost-'));
  const website = createServer((_request, response) => response.end('<html>open</html>')).listen(0, '127.0.0.1');
  await once(website, 'listening');
  const s3 = await startS3Server();
  s3.createBucket('fettle-state');
  const url = `http://127.0.0.1:${(website.address() as AddressInfo).port}`;
  const tasks = '[endpoints-check-health, { endpoints-warm-cache: { paths: [/, /a, /b], expectCached: false } }]';
  const profile = join(folder, 'shop.yaml');
  await writeFile(
    profile,
    `platform: shop\ntargets: { endpoints: { web: { url: "${url}" } } }\nprocedures: { daily: { tasks: ${tasks} } }\n`,
  );
  const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1' };
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, AWS_ENDPOINT_URL: s3.endpoint, ...keys };
  const { stdout } = await fettle(['run', 'daily', '-p', profile, '--store', 's3://fettle-state'], {
    cwd: folder,
    env,
  });
  expect(stdout).toMatch(/^PASS/);
  const reads = s3.requests.filter(({ method, key }) => method === 'GET' && key !== '').length;
  const writes = s3.requests.filter(({ method, key }) => method === 'PUT' || (method === 'GET' && key === '')).length;
  const counted = storeRequests({ tasks: 2, changes: 1, actions: 3 });
  for (const [seen, expected] of [
    [reads, counted.read],
    [writes, counted.write],
  ] as const) {
    expect(seen).toBeGreaterThan(expected * 0.7);
    expect(seen).toBeLessThanOrEqual(expected);
  }
  website.close();
  await s3.close();
  await rm(folder, { recursive: true });
});
