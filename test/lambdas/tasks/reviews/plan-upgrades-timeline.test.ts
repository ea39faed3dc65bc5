import { describe, expect, test } from '@jest/globals';
import type { HopKind } from '../../../../lambdas/tasks/reviews/plan-upgrades/hop-kinds.ts';
import type { Hop } from '../../../../lambdas/tasks/reviews/plan-upgrades/hop.ts';
import { stageOf, type Stage } from '../../../../lambdas/tasks/reviews/plan-upgrades/stage.ts';
import { firstWeek, plan, tasksOf } from '../../../../lambdas/tasks/reviews/plan-upgrades/timeline.ts';

const START = new Date('2026-07-20T00:00:00Z');

function hop(id: string, kind: HopKind, stage: Stage, more: Partial<Hop> = {}): Hop {
  const base = { family: kind, subject: `thing ${id}`, from: '1.0', to: '2.0', step: 1, after: [], preChecks: [] };
  return { ...base, ...more, id, kind, stage };
}

const weeksOf = (hops: readonly Hop[]) =>
  Object.fromEntries(plan(hops, START).flatMap(({ hops: its }) => its.map((one) => [one.hop.id, one.week])));

describe('the weeks of a plan', () => {
  test('begin on the first Monday after the notice', () => {
    expect(firstWeek(new Date('2026-07-01T03:20:00Z'), 14)).toEqual(START);
    expect(firstWeek(new Date('2026-07-06T00:00:00Z'), 0)).toEqual(new Date('2026-07-06T00:00:00Z'));
  });

  test('have staging first, then what is not critical, then what is critical', () => {
    const hops = [
      hop('c', 'database-minor', 'critical'),
      hop('s', 'database-minor', 'staging'),
      hop('n', 'database-minor', 'non-critical'),
    ];

    expect(weeksOf(hops)).toEqual({ s: 1, n: 2, c: 3 });
  });

  test('wait a week after the stage before has had the same change, however late that is, and for no other', () => {
    const hops = [
      hop('first', 'runtime', 'staging'),
      hop('s', 'image', 'staging', { family: 'al2', after: [{ id: 'first', weeks: 3 }] }),
      hop('same', 'image', 'critical', { family: 'al2' }),
      hop('other', 'image', 'critical', { family: 'ubuntu' }),
    ];

    expect(weeksOf(hops)).toEqual({ first: 1, s: 4, same: 5, other: 2 });
  });

  test('never have a minor of a database beside a control plane', () => {
    const hops = [hop('d', 'database-minor', 'critical'), hop('k', 'control-plane', 'critical')];

    expect(weeksOf(hops)).toEqual({ d: 2, k: 3 });
  });

  test('give a major a week of its own, which others of its kind and stage may share', () => {
    const hops = [
      hop('m1', 'database-major', 'critical'),
      hop('m2', 'database-major', 'critical', { family: 'mysql' }),
      hop('i', 'image', 'critical'),
    ];
    const weeks = weeksOf(hops);

    expect(weeks['m1']).toBe(weeks['m2']);
    expect(weeks['i']).not.toBe(weeks['m1']);
  });

  test('have add-ons before or with the control plane, and nodes a week after it, hop by hop', () => {
    const hops = [
      hop('nodes-2', 'node-group', 'critical', { step: 2, after: [{ id: 'plane-2', weeks: 1 }] }),
      hop('plane-2', 'control-plane', 'critical', { step: 2, after: [{ id: 'nodes-1', weeks: 0 }] }),
      hop('nodes-1', 'node-group', 'critical', { after: [{ id: 'plane-1', weeks: 1 }] }),
      hop('plane-1', 'control-plane', 'critical', { after: [{ id: 'add-on', weeks: 0 }] }),
      hop('add-on', 'add-on', 'critical'),
    ];

    expect(weeksOf(hops)).toEqual({ 'add-on': 2, 'plane-1': 2, 'nodes-1': 3, 'plane-2': 3, 'nodes-2': 4 });
    const order = plan(hops, START).map(({ hops: its }) => its.map((one) => one.hop.id));
    expect(order).toEqual([['add-on', 'plane-1'], ['nodes-1', 'plane-2'], ['nodes-2']]);
  });

  test('let what the vendor would force go before its stage, and not before what it depends on', () => {
    const dueBy = { date: '2026-07-28', why: 'it is charged' };
    const others = [hop('n', 'image', 'non-critical')];

    expect(weeksOf([...others, hop('c', 'cache-minor', 'critical')])).toMatchObject({ c: 3 });
    expect(weeksOf([...others, hop('c', 'cache-minor', 'critical', { dueBy })])).toMatchObject({ c: 2 });
    const after = [{ id: 'n', weeks: 1 }];
    const late = plan([...others, hop('c', 'cache-minor', 'critical', { dueBy, after })], START);
    expect(late.flatMap(({ hops }) => hops.map(({ hop: { id }, isLate }) => [id, isLate]))).toEqual([
      ['n', false],
      ['c', true],
    ]);
  });

  test('have what is due in its usual week in time, though others of an earlier stage would have that week', () => {
    const dueBy = { date: '2026-08-03', why: 'it is charged' };
    const hops = [
      hop('s', 'database-minor', 'staging'),
      hop('n1', 'database-major', 'non-critical', { family: 'mysql' }),
      hop('n2', 'database-major', 'non-critical', { family: 'mysql', step: 2, after: [{ id: 'n1', weeks: 1 }] }),
      hop('due', 'database-major', 'critical', { dueBy }),
    ];

    expect(weeksOf(hops)).toEqual({ s: 1, due: 3, n1: 2, n2: 4 });
  });

  test('come to an end where two hops wait for each other', () => {
    const hops = [
      hop('a', 'image', 'critical', { after: [{ id: 'b', weeks: 0 }] }),
      hop('b', 'image', 'critical', { after: [{ id: 'a', weeks: 0 }] }),
    ];

    expect(Object.keys(weeksOf(hops)).sort()).toEqual(['a', 'b']);
  });

  test('say what is done in each, backups first and tests where it is staging', () => {
    const [week] = plan([hop('s', 'database-minor', 'staging')], START);

    expect(week && tasksOf(week)).toEqual([
      'Back up and verify thing s',
      'Move thing s from 1.0 to 2.0 (staging)',
      'Run the whole tests against staging',
      'Watch errors, latency and load until the next week',
    ]);
  });

  test('are none where there is nothing to do', () => {
    expect(plan([], START)).toEqual([]);
  });
});

describe('the stage of a thing', () => {
  const rules = {
    environmentTags: ['Environment'],
    criticalityTags: ['Criticality'],
    stagingValues: ['staging'],
    nonCriticalValues: ['low'],
  };

  test.each([
    [{ environment: ' Staging ' }, 'staging'],
    [{ Environment: 'prod', Criticality: 'low' }, 'non-critical'],
    [{ Environment: 'prod', Criticality: 'high' }, 'critical'],
    [{ Criticality: '' }, 'critical'],
    [{}, 'critical'],
  ])('of the tags %j is %s', (tags, stage) => {
    expect(stageOf(tags as Record<string, string>, rules)).toBe(stage);
  });
});
