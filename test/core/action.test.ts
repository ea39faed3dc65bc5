import { describe, expect, test } from '@jest/globals';
import { actionId, Intent } from '../../core/action.ts';

describe('an intent', () => {
  const action = {
    verb: 'vacuum',
    target: 'main',
    subject: 'orders',
    summary: 'a',
    scope: { planned: 1, population: 1 },
  };
  const intent = {
    id: 'a',
    task: 't',
    intendedAt: '2026-11-21T02:00:00.000Z',
    attempt: 1,
    order: 1,
    lease: { kind: 'postgres', target: 'main', epoch: 3 },
    action,
  };

  test('keeps the lease under which it was taken', () => {
    expect(Intent.parse(intent)).toEqual(intent);
    expect(Intent.safeParse({ ...intent, lease: {} }).success).toBe(false);
  });

  test.each([null, 'vacuum orders', 7])('is none where its action is %j', (other) => {
    expect(Intent.safeParse({ ...intent, action: other }).success).toBe(false);
  });

  test('has an action of so short a name that it fits into a key', () => {
    expect(actionId('t', action)).toMatch(/^[\da-f]{24}$/);
  });
});
