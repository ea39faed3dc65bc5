import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { resourceName, stackName } from '../../state-machines/names.ts';

test('a name that fits stays as it is', () => {
  expect(resourceName(stackName('eventchain', 'prod'), 'postgres-vacuum')).toBe(
    'fettle-eventchain-prod-postgres-vacuum',
  );
  expect(resourceName('x'.repeat(32), 'y'.repeat(31))).toBe(`${'x'.repeat(32)}-${'y'.repeat(31)}`);
});

test('a longer name is cut to 64 characters and told apart by its hash', () => {
  const stack = stackName('a-platform-with-a-long-name', 'production');
  const [one, other] = ['endpoints-request-compliance-report', 'endpoints-request-compliance-reports'].map((part) =>
    resourceName(stack, part),
  );

  expect(one).toMatch(/^fettle-a-platform-with-a-long-name-production-endpoints-[0-9a-f]{8}$/);
  expect(one).toHaveLength(64);
  expect(other).toHaveLength(64);
  expect(other).not.toBe(one);
});

test('whatever the parts, a name is valid for Lambda, Step Functions and Scheduler', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/);
  fc.assert(
    fc.property(word, word, word, (platform, environment, part) => {
      expect(resourceName(stackName(platform, environment), part)).toMatch(/^[a-z0-9-]{1,64}$/);
    }),
  );
});
