import { describe, expect, test } from '@jest/globals';
import type { Entry } from '../../core/platform.ts';
import { procedureDefinition } from '../../state-machines/procedure.ts';
import type { State } from '../../state-machines/states.ts';
import { entryOf, platformOf, procedureOf } from './written.ts';

function statesOf(...steps: (Entry | readonly Entry[])[]): Readonly<Record<string, State>> {
  const procedure = procedureOf(steps);
  return procedureDefinition(platformOf(procedure), procedure).States;
}

describe('the frame of a run', () => {
  test('Begin leads on, straight to Finish or to the end of a duplicate', () => {
    const states = statesOf(entryOf('a-check'));

    expect(states['Begin']).toMatchObject({ Type: 'Task', Next: 'Begun?', OutputPath: '$.Payload' });
    expect(states['Begun?']).toMatchObject({
      Choices: [
        { StringEquals: 'end', Next: 'Duplicate' },
        { StringEquals: 'finish', Next: 'Finish' },
      ],
      Default: 'a-check',
    });
    expect(states['Duplicate']).toEqual({ Type: 'Succeed' });
    expect(states['Finish']).toMatchObject({ End: true });
  });

  test('the machine may take its budget and the time to begin and to finish', () => {
    const procedure = procedureOf([entryOf('a-check')]);

    expect(procedureDefinition(platformOf(procedure), procedure).TimeoutSeconds).toBe(1_800 + 900);
  });

  test('a procedure without tasks goes from Begin to Finish', () => {
    expect(statesOf()['Begun?']).toMatchObject({ Default: 'Finish' });
  });
});

describe('a task in line', () => {
  test('that fails is recorded under its number and the next one runs', () => {
    const states = statesOf(entryOf('a-check'), entryOf('b-check'));

    expect(states['a-check']).toMatchObject({
      Next: 'b-check',
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.caught.s01', Next: 'b-check' }],
    });
    expect(states['b-check']).toMatchObject({ Next: 'Finish', Catch: [{ Next: 'Finish' }] });
  });

  test('that is required leads to Finish when its function fails and when its verdict says stop', () => {
    const states = statesOf(entryOf('a-check', { required: true }), entryOf('b-check'));

    expect(states['a-check']).toMatchObject({ Next: 'a-check?', Catch: [{ Next: 'Finish' }] });
    expect(states['a-check?']).toEqual({
      Type: 'Choice',
      Choices: [{ Variable: '$.previous.stop', BooleanEquals: true, Next: 'Finish' }],
      Default: 'b-check',
    });
  });

  test('that pauses waits as long as it says and is called again', () => {
    const states = statesOf(entryOf('a-work', { pauses: true }), entryOf('b-check'));

    expect(states['a-work?']).toEqual({
      Type: 'Choice',
      Choices: [{ Variable: '$.previous.status', StringEquals: 'paused', Next: 'a-work…' }],
      Default: 'b-check',
    });
    expect(states['a-work…']).toEqual({ Type: 'Wait', SecondsPath: '$.previous.waitSeconds', Next: 'a-work' });
  });

  test('that neither pauses nor is required has no state but its own', () => {
    expect(Object.keys(statesOf(entryOf('a-check')))).toEqual(['Begin', 'Begun?', 'Duplicate', 'a-check', 'Finish']);
  });

  test('that comes twice has two states and one function', () => {
    const states = statesOf(entryOf('a-check'), entryOf('b-check'), entryOf('a-check'));

    const tasks = Object.values(states).filter((state) => state.Type === 'Task');
    const functions = tasks.map(({ Parameters }) => Parameters.FunctionName);

    expect(functions.filter((name) => name === 'fettle-shop-prod-a-check')).toHaveLength(2);
    expect(tasks.map(({ Parameters }) => Parameters.Payload['step']).filter(Number.isInteger)).toEqual([1, 2, 3]);
  });

  test('is given longer than its function, and tried again only where Lambda itself failed', () => {
    const state = statesOf(entryOf('a-check', { timeoutSeconds: 300 }))['a-check'];

    expect(state).toMatchObject({ TimeoutSeconds: 315 });
    const retried = state?.Type === 'Task' ? state.Retry.flatMap(({ ErrorEquals }) => ErrorEquals) : [];
    expect(retried.length).toBeGreaterThan(0);
    for (const error of retried) expect(error).toMatch(/^Lambda\./);
  });
});

describe('tasks side by side', () => {
  const states = statesOf([entryOf('a-check'), entryOf('b-work', { pauses: true })], entryOf('c-check'));
  const group = states['group 01'];
  const branches = group?.Type === 'Parallel' ? group.Branches : [];

  test('catch for themselves, so that the group never fails, and leave their errors under their numbers', () => {
    expect(group).toMatchObject({
      ResultSelector: { 's01.$': '$[0].error', 's02.$': '$[1].error' },
      ResultPath: '$.caught.g01',
      Next: 'c-check',
    });
    expect(group).not.toHaveProperty('Catch');
    expect(branches[0]?.States['a-check']).toMatchObject({ Catch: [{ ResultPath: '$.error', Next: 'a-check.' }] });
  });

  test('pause within their own branch', () => {
    const [, work] = branches;

    expect(work?.States['b-work?']).toMatchObject({ Choices: [{ Next: 'b-work…' }], Default: 'b-work.' });
    expect(work?.States['b-work…']).toMatchObject({ Type: 'Wait', Next: 'b-work' });
  });

  test('are invoked as tasks in line are', () => {
    expect(branches.map(({ StartAt }) => StartAt)).toEqual(['a-check', 'b-work']);
    expect(branches[1]?.States['b-work']).toMatchObject({
      Parameters: { FunctionName: 'fettle-shop-prod-b-work', Payload: { step: 2 } },
    });
  });
});
