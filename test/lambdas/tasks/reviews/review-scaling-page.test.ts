import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { scalingPages } from '../../../../lambdas/tasks/reviews/_scaling-page.ts';
import { task } from '../../../../lambdas/tasks/reviews/review-scaling.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import type { AskedMetric } from '../../../../lib/demo/aws/cloudwatch.ts';
import type { AnswersServer } from '../../../../lib/demo/aws/server.ts';
import {
  calmMonth,
  dbInstance,
  ecsService,
  MAX_CONNECTIONS,
  samplesOf,
  WEB,
} from '../../../../lib/demo/account/load.ts';
import { startAccount } from './_account.ts';

const NOW = new Date('2026-07-01T03:20:00Z');
const PLATFORM = { platform: 'orchard', environment: 'prod' };

const constant =
  (cpu: number, memory: number) =>
  ({ name, statistic, periodSeconds }: AskedMetric) =>
    statistic === 'SampleCount' ? samplesOf({ periodSeconds }) : name === 'CPUUtilization' ? cpu : memory;

let server: AnswersServer;
let document: Json;

beforeAll(async () => {
  server = await startAccount({
    services: ['web', 'small', 'idle', 'silent'].map(ecsService),
    taskDefinitions: [WEB],
    instances: [dbInstance('main'), dbInstance('crowded')],
    parameters: { 'default.postgres15': [MAX_CONNECTIONS] },
    value: calmMonth({
      small: constant(99, 90),
      idle: constant(5, 10),
      silent: () => undefined,
      crowded: ({ name }) => (name === 'DatabaseConnections' ? 1_600 : 'calm'),
    }),
  });
  const result = await resultOf({ task, targets: { account: {} }, input: {} as never, now: NOW });
  document = result.document ?? null;
});

afterAll(() => server.stop());

describe('the page of a scaling review', () => {
  test('says on top what it comes to, with what is not known', () => {
    const { markdown } = scalingPages(document, PLATFORM);
    expect(markdown).toContain('# Scaling review of 1 July 2026');
    expect(markdown).toMatch(
      /^\*\*3 of 6 should change: 2 too small, 1 too large\. Following all of it costs 18 USD a month; 1 matter could not be known\*\*$/m,
    );
  });

  test('decides first what is too small, and gives each its numbers, its price and its way back', () => {
    const { markdown } = scalingPages(document, PLATFORM);
    const decisions = markdown.slice(markdown.indexOf('## Decide'), markdown.indexOf('## All recommendations'));
    expect(decisions.match(/^\d\. .*$/gm)).toEqual([
      '1. **Give each task of small 2 vCPU and 4096 MiB instead of 1 vCPU and 2048 MiB**  ',
      '2. **Database crowded: Consider implementing connection pooling or read replicas**  ',
      '3. **Give each task of idle 0.25 vCPU and 512 MiB instead of 1 vCPU and 2048 MiB**  ',
    ]);
    expect(decisions).toContain('costs 72 USD a month more');
    expect(decisions).toContain('confidence: ');
    expect(decisions).toContain('way back: deploy the service with');
  });

  test('draws the same shares that its table of the ticket has', () => {
    const { html, markdown } = scalingPages(document, PLATFORM);
    expect(markdown).toMatch(/\| service small \| 99 \| 99 \| 99 \| 99 \|/);
    expect(html).toContain('service small: p50 99 %, p95 99 %, p99.5 99 %, the highest 99 %');
    expect(html).not.toContain('service silent: p50');
  });

  test('never shows what has no data as small: it stands under what could not be known', () => {
    const { markdown } = scalingPages(document, PLATFORM);
    const unknown = markdown.slice(markdown.indexOf('## What could not be known'));
    expect(unknown).toContain('- service silent: no hour has a value');
  });

  test('says of a calm account that all is as it should be, and decides nothing', () => {
    const { web } = (document as { services: Record<string, Json> }).services;
    const calm = { ...(document as object), services: { web: web ?? null }, databases: {} };
    const { markdown, html } = scalingPages(calm, PLATFORM);
    expect(markdown).toContain('**Each of the 1 reviewed has the size that it needs**');
    expect(markdown).not.toContain('## Decide');
    expect(html).toContain('<header class="pass">');
  });

  test('is no pass where a part could not be read, and names the right that is missing', () => {
    const [region] = (document as { regions: object[] }).regions;
    const part = { part: 'caches', reason: 'not allowed', missing_permission: 'elasticache:DescribeCacheClusters' };
    const unread = { ...(document as object), services: {}, databases: {}, regions: [{ ...region, unknown: [part] }] };
    const { markdown, html } = scalingPages(unread, PLATFORM);
    expect(markdown).toContain('**Nothing could be reviewed**');
    expect(markdown).toContain('give the role of the review elasticache:DescribeCacheClusters');
    expect(html).toContain('<header class="unknown">');
  });

  test('is refused of a document that is not one of this review', () => {
    expect(() => scalingPages({ services: 3 }, PLATFORM)).toThrow();
  });
});
