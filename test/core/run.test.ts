import { describe, expect, test } from '@jest/globals';
import { findingOfAction } from '../../core/action-finding.ts';
import type { RecordedAction } from '../../core/action.ts';
import { DurationSeconds, formatDuration } from '../../core/duration.ts';
import { NEED_STATES } from '../../core/need.ts';
import { targetsOf } from '../../core/platform.ts';
import { basicDay, basicForm, isRefused, requestedMode, StartInput } from '../../core/run.ts';
import { platformOf, procedureOf } from '../harness/run-records.ts';

describe('a start', () => {
  test('of a person plans, of a schedule or an alarm executes, and what is asked for holds', () => {
    expect(requestedMode({ trigger: 'person', mode: undefined })).toBe('plan');
    expect(requestedMode({ trigger: 'schedule', mode: undefined })).toBe('execute');
    expect(requestedMode({ trigger: 'alarm', mode: undefined })).toBe('execute');
    expect(requestedMode({ trigger: 'person', mode: 'execute' })).toBe('execute');
    expect(requestedMode({ trigger: 'schedule', mode: 'plan' })).toBe('plan');
  });

  test('that overrides something says why', () => {
    const problems = (input: object) => StartInput.safeParse(input).error?.issues.map(({ message }) => message) ?? [];
    expect(problems({ override: 'window' })).toEqual(['an override needs a reason']);
    expect(problems({ override: 'window', reason: 'the disk is full' })).toEqual([]);
    expect(problems({ reason: 'the disk is full' })).toEqual([]);
    expect(problems({})).toEqual([]);
  });

  test('outside the window is refused to a schedule, and gives a person the plan', () => {
    const refusal = { reason: 'window', detail: 'closed' } as const;
    expect(isRefused({ trigger: 'schedule', refusal })).toBe(true);
    expect(isRefused({ trigger: 'person', refusal })).toBe(false);
    expect(isRefused({ trigger: 'person', refusal: { ...refusal, reason: 'input' } })).toBe(true);
    expect(isRefused({ trigger: 'schedule', refusal: undefined })).toBe(false);
  });
});

test('an instant in a key has no mark that a key may not have, and its day is that of UTC', () => {
  const instant = new Date('2026-11-21T23:59:59.987Z');
  expect(basicForm(instant)).toBe('20261121T235959Z');
  expect(basicDay(instant)).toBe('20261121');
});

test('the targets of a kind are those of the profile, and none where it has none', () => {
  const platform = platformOf(procedureOf());
  expect([...targetsOf(platform, 'postgres').keys()]).toEqual(Object.keys(platform.targets['postgres'] ?? {}));
  expect(targetsOf({ ...platform, targets: {} }, 'redis').size).toBe(0);
});

test('nothing is left of a duration that is over', () => {
  expect(formatDuration(0)).toBe('0s');
  expect(formatDuration(-5)).toBe('0s');
  expect(formatDuration(5_400)).toBe('1h30m');
});

test('what is no duration is told with how to write one', () => {
  expect(DurationSeconds.parse('1h30m')).toBe(5_400);
  expect(DurationSeconds.safeParse('soon').error?.issues[0]?.message).toContain('write it as 30m, 1h30m or 14d');
});

test('a need is met, missing or unknown', () => {
  expect(NEED_STATES).toEqual(['met', 'missing', 'unknown']);
});

test('an action that was refused without a word is a finding all the same', () => {
  const action = { status: 'refused', target: 'main', subject: 'orders', summary: 'vacuum orders' } as RecordedAction;
  expect(findingOfAction(action)).toEqual([
    { kind: 'action-refused', target: 'main', subject: 'orders', summary: 'vacuum orders: refused, ' },
  ]);
  expect(findingOfAction({ ...action, status: 'failed' })).toMatchObject([
    { kind: 'action-failed', summary: 'vacuum orders: ' },
  ]);
  expect(findingOfAction({ ...action, status: 'done' })).toEqual([]);
});
