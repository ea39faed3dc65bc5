import { describe, expect, test } from '@jest/globals';
import type { Procedure } from '../../../core/platform.ts';
import { isRefused } from '../../../core/run.ts';
import { decideStart } from '../../../lambdas/steps/_decide-start.ts';
import { procedureOf } from '../../harness/run-records.ts';

const nightly = procedureOf({ schedule: 'cron(0 2 * * ? *)', window: '02:00-04:00' });
const inside = '2026-11-21T02:30:00.000Z';
const outside = '2026-11-21T12:00:00.000Z';

function decide(input: unknown, at: string, procedure: Procedure = nightly) {
  return decideStart({ executionStartedAt: at, input }, procedure, new Date(at));
}

describe('what a start becomes', () => {
  test('an empty input is a plan of a person, at any time of the day', () => {
    for (const at of [inside, outside]) {
      const { run, started } = decide({}, at);
      expect(run.mode).toBe('plan');
      expect(started).toMatchObject({ trigger: 'person', requestedMode: 'plan', mode: 'plan' });
      expect(started.refusal).toBeUndefined();
    }
  });

  test.each([
    ['01:59:59', false],
    ['02:00:00', true],
    ['03:59:59', true],
    ['04:00:00', false],
  ])('a schedule at %s of a window 02:00-04:00 may execute: %s', (time, open) => {
    const { started } = decide({ trigger: 'schedule' }, `2026-11-21T${time}.000Z`);
    expect(started.mode).toBe(open ? 'execute' : 'plan');
    expect(isRefused(started)).toBe(!open);
  });

  test('a refusal names the time, the zone and the window', () => {
    const { started } = decide({ trigger: 'schedule' }, outside, { ...nightly, timezone: 'Europe/Berlin' });
    expect(started.refusal).toEqual({
      reason: 'window',
      detail: 'it is 13:00 Europe/Berlin and the window is 02:00-04:00 [RUN_WINDOW]',
    });
  });

  test('a person who wants to execute outside of the window gets a plan and is told why', () => {
    const { run, started } = decide({ mode: 'execute' }, outside);
    expect(run.mode).toBe('plan');
    expect(started).toMatchObject({ requestedMode: 'execute', mode: 'plan', refusal: { reason: 'window' } });
    expect(isRefused(started)).toBe(false);
  });

  test('an alarm executes inside and plans outside of the window', () => {
    expect(decide({ trigger: 'alarm' }, inside).started.mode).toBe('execute');
    const { started } = decide({ trigger: 'alarm' }, outside);
    expect(started.mode).toBe('plan');
    expect(isRefused(started)).toBe(false);
  });

  test('a person who overrides the window with a reason executes outside of it', () => {
    const { started } = decide({ mode: 'execute', override: 'window', reason: 'the disk is full' }, outside);
    expect(started).toMatchObject({ mode: 'execute', override: 'window', reason: 'the disk is full' });
    expect(started.refusal).toBeUndefined();
  });

  test('another override does not open the window', () => {
    const { started } = decide({ mode: 'execute', override: 'freeze', reason: 'the disk is full' }, outside);
    expect(started).toMatchObject({ mode: 'plan', refusal: { reason: 'window' } });
  });

  test('a procedure that may only plan plans, whatever is asked for', () => {
    const { started } = decide({ trigger: 'schedule', mode: 'execute' }, inside, { ...nightly, planOnly: true });
    expect(started).toMatchObject({ requestedMode: 'plan', mode: 'plan' });
    expect(started.refusal).toBeUndefined();
  });

  test('a procedure without a window is always open', () => {
    const { started } = decide({ trigger: 'schedule' }, outside, procedureOf());
    expect(started.mode).toBe('execute');
  });

  test.each([
    [{ trigger: 'schedule', force: true }, 'force'],
    [{ mode: 'excute' }, 'mode'],
    [{ override: 'window' }, 'an override needs a reason'],
    ['execute', 'input'],
    [null, 'input'],
  ])('input %j is refused with what is wrong in it', (input, word) => {
    const { run, started } = decide(input, inside);
    expect(run.mode).toBe('plan');
    expect(started.refusal).toMatchObject({ reason: 'input', detail: expect.stringContaining(word) });
    expect(isRefused(started)).toBe(true);
  });
});

describe('the id of a run', () => {
  test('a scheduled run is named by the time that its schedule meant, so a second delivery has the same name', () => {
    const input = { trigger: 'schedule', scheduledTime: '2026-11-21T02:00:00Z' };
    const first = decide(input, '2026-11-21T02:00:04.000Z');
    expect(first.run).toEqual({
      id: 'daily-20261121T020000Z',
      procedure: 'daily',
      key: 'runs/daily/daily-20261121T020000Z',
      mode: 'execute',
    });
    expect(decide(input, '2026-11-21T02:41:00.000Z').run.id).toBe(first.run.id);
  });

  test.each([
    ['absent', undefined],
    ['no time', '<aws.scheduler.scheduled-time>'],
    ['far in the past', '2020-01-01T02:00:00Z'],
    ['ahead', '2026-11-21T02:40:01Z'],
  ])('a scheduled time that is %s is taken from the calendar', (_, scheduledTime) => {
    const input = { trigger: 'schedule', ...(scheduledTime !== undefined && { scheduledTime }) };
    const { run, started } = decide(input, '2026-11-21T02:35:00.000Z');
    expect(run.id).toBe('daily-20261121T020000Z');
    expect(started.scheduledTime).toBe('2026-11-21T02:00:00.000Z');
  });

  test('a clock that runs a little fast is believed', () => {
    const input = { trigger: 'schedule', scheduledTime: '2026-11-21T02:04:00Z' };
    expect(decide(input, inside.replace('02:30', '02:00')).run.id).toBe('daily-20261121T020400Z');
  });

  test('a run of a person is named by its start, to the millisecond', () => {
    const { run, started } = decide({}, '2026-11-21T12:00:00.123Z');
    expect(run.id).toBe('daily-manual-20261121T120000123Z');
    expect(started.scheduledTime).toBeUndefined();
  });

  test('a person cannot take the name of a scheduled run', () => {
    expect(decide({ scheduledTime: '2026-11-21T02:00:00Z' }, inside).run.id).toContain('daily-manual-');
  });

  test('a repeated Begin of one execution finds the same name', () => {
    const start = { executionStartedAt: inside, input: {} };
    const [first, second] = ['2026-11-21T02:30:01Z', '2026-11-21T02:30:09Z'].map(
      (now) => decideStart(start, nightly, new Date(now)).run.id,
    );
    expect(second).toBe(first);
  });

  test('an unreadable start time gives way to the time of Begin', () => {
    const { run } = decideStart({ executionStartedAt: 'yesterday', input: {} }, nightly, new Date(inside));
    expect(run.id).toBe('daily-manual-20261121T023000000Z');
  });
});

describe('the deadline', () => {
  const deadlineOf = (input: unknown, at: string) => decide(input, at).started.deadline;

  test('is the end of the budget', () => {
    expect(deadlineOf({ trigger: 'schedule' }, '2026-11-21T02:00:00.000Z')).toBe('2026-11-21T02:30:00.000Z');
  });

  test('is the end of the window where that comes first', () => {
    expect(deadlineOf({ trigger: 'schedule' }, '2026-11-21T03:45:00.000Z')).toBe('2026-11-21T04:00:00.000Z');
  });

  test('is the end of the budget for a plan and for an overridden window', () => {
    expect(deadlineOf({}, '2026-11-21T03:45:00.000Z')).toBe('2026-11-21T04:15:00.000Z');
    const overriding = { mode: 'execute', override: 'window', reason: 'the disk is full' };
    expect(deadlineOf(overriding, '2026-11-21T03:45:00.000Z')).toBe('2026-11-21T04:15:00.000Z');
  });
});
