import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { abortAfter, abortBefore } from '../../../lambdas/runtime/time-limit.ts';

test.each([0.0123456, 1.7991, 2.0000001, 0, -3])(
  'a limit of %d s is taken, whatever its fractions',
  async (seconds) => {
    const signal = abortAfter(Math.min(seconds, 0.05));
    expect(abortAfter(seconds).aborted).toBe(false);
    if (!signal.aborted) await once(signal, 'abort');
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  },
);

test('every millisecond before a deadline gives a signal that ends, and a deadline that has passed ends at once', async () => {
  const now = new Date('2026-11-21T02:00:00.000Z');
  for (let left = 0; left < 1_000; left += 1)
    expect(abortBefore(new Date(now.getTime() + left), now, new AbortController().signal).aborted).toBe(false);
  const passed = abortBefore(new Date(now.getTime() - 5_000), now, new AbortController().signal);
  if (!passed.aborted) await once(passed, 'abort');
  expect(passed.aborted).toBe(true);
});

test('who stops the work stops it at once', () => {
  const controller = new AbortController();
  const now = new Date('2026-11-21T02:00:00.000Z');
  const signal = abortBefore(new Date(now.getTime() + 60_000), now, controller.signal);
  controller.abort();
  expect(signal.aborted).toBe(true);
});
