import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Entry, ResolvedPlatform } from '../../../core/platform.ts';
import { environmentOf } from '../../../lib/local/environment.ts';

const before = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_PROFILE: 'mine', ORDERS_URL: 'postgres://x', OTHER: 'y' });
});
afterAll(() => {
  process.env = before;
});

function environment(targets: ResolvedPlatform['targets'], kind: Entry['kind'], region?: string) {
  const platform = { platform: 'shop', environment: 'prod', targets, ...(region && { region }) };
  const surroundings = { platform, storeLocation: 'file:///tmp/x', holder: {} };
  return environmentOf(surroundings as never, 'task', { kind, targets: ['a'] } as unknown as Entry);
}

test('a task that calls AWS gets the region of its environment, whatever the person has set', () => {
  const targets = { kubernetes: { a: { eks: 'shop' } } };
  expect(environment(targets, 'kubernetes', 'eu-west-1')).toMatchObject({
    AWS_REGION: 'eu-west-1',
    AWS_PROFILE: 'mine',
  });
  expect(environment(targets, 'kubernetes')).toMatchObject({ AWS_REGION: 'us-east-1' });
});

test('a task that calls no AWS gets nothing of it, and of the rest what it refers to', () => {
  const given = environment({ postgres: { a: { url: 'env:ORDERS_URL' } } }, 'postgres', 'eu-west-1');
  expect(given).toMatchObject({ ORDERS_URL: 'postgres://x' });
  expect(Object.keys(given).filter((name) => name.startsWith('AWS_') || name === 'OTHER')).toEqual([
    'AWS_LAMBDA_FUNCTION_NAME',
  ]);
});
