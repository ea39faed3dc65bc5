import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task as certificates } from '../../../lambdas/tasks/certificates/check-endpoints.ts';
import { task as health } from '../../../lambdas/tasks/endpoints/check-health.ts';
import { task as warming } from '../../../lambdas/tasks/endpoints/warm-cache.ts';
import { createAuthority } from '../../../lib/demo/servers/tls.ts';
import {
  PLANTED_SERVICES,
  PLANTED_WARMINGS,
  SHOP_PATHS,
  startDemoServices,
  type DemoServices,
} from '../../../lib/demo/services.ts';
import { performTask } from '../../harness/perform-task.ts';

let services: DemoServices;
let targets: Readonly<Record<string, { url: string; ca: string }>>;

beforeAll(async () => {
  const authority = await createAuthority({ name: 'Demo authority' });
  services = await startDemoServices({ authority, now: new Date() });
  const { certificate: ca } = authority;
  targets = Object.fromEntries(Object.entries(services.urls).map(([name, url]) => [name, { url, ca }]));
});

afterAll(() => services.close());

test('the services of the demo have exactly what is planted, and healthy certificates', async () => {
  const { shop } = targets;
  if (!shop) throw new Error('the demo has no shop');
  const performances = [
    { task: health, targets },
    { task: certificates, targets },
    { task: warming, targets: { shop }, input: { paths: [...SHOP_PATHS] } },
  ];
  const found: string[] = [];
  const acted: string[] = [];
  for (const performance of performances) {
    const { result, actions } = await performTask(performance);
    if ('paused' in result) throw new Error('it paused');
    found.push(
      ...result.findings.map(({ kind, target, subject }) =>
        [performance.task.name, kind, target, ...(subject === undefined ? [] : [subject])].join(' '),
      ),
    );
    acted.push(...actions.map(({ verb, target, subject }) => `${verb} ${target} ${subject}`));
  }

  expect(found.sort()).toEqual([...PLANTED_SERVICES].sort());
  expect(acted).toEqual(PLANTED_WARMINGS);
});
