import { expect, test } from '@jest/globals';
import type { Act, ActOutcome } from '../../../../core/action.ts';
import { Secret } from '../../../../core/secret.ts';
import { keepUp, type UpkeepContext } from '../../../../lambdas/tasks/postgres/_upkeep.ts';
import { tableStats } from './_table-stats.ts';

const TIMEOUT_SECONDS = 300;
const START = new Date('2026-11-21T02:00:00Z');
const input = { lockTimeout: 3, followAfter: 60, statementTimeout: 7_200 };

function after(seconds: number): Date {
  return new Date(START.getTime() + seconds * 1_000);
}

/** A call of so many seconds in which every action takes so many and has this outcome. */
function call(given: number, each: number, outcome: ActOutcome, resume?: unknown) {
  let spent = 0;
  const acted: string[] = [];
  const act: Act = async ({ subject }) => {
    acted.push(subject);
    spent += each;
    return outcome;
  };
  const targets = [
    { name: 'main', url: new Secret('postgres://nobody@127.0.0.1:1/none'), ca: undefined, rds: undefined },
  ];
  const context = {
    targets,
    now: START,
    clock: () => after(spent),
    deadline: after(given),
    resume,
    sessionName: 'test',
    allowAddresses: [],
  };
  return { acted, result: keepUp({ ...context, mode: 'execute', act, input } as UpkeepContext, upkeep) };
}

const upkeep = {
  verb: 'vacuum',
  timeoutSeconds: TIMEOUT_SECONDS,
  measurement: 'tables-vacuumed',
  choose: async () => ({
    queue: ['a', 'b', 'c'].map((name, place) => ({
      oid: place + 1,
      relation: name,
      label: name,
      statement: `VACUUM ${name}`,
      why: '',
      before: tableStats({ oid: place + 1 }),
    })),
    population: 3,
    findings: [],
    measurements: [],
  }),
  judge: () => [],
} as const;

const GONE: ActOutcome = { status: 'skipped', detail: 'gone: does not exist any more' };
const WHOLE_CALL = TIMEOUT_SECONDS - 5;

async function cursorOf(result: ReturnType<typeof call>['result'], seconds: number): Promise<unknown> {
  const paused = await result;
  expect(paused).toMatchObject({ paused: true, seconds });
  return 'paused' in paused ? paused.cursor : undefined;
}

test('keeps its choice before the first action, and goes on in a later call where the time of one is not enough', async () => {
  const first = call(WHOLE_CALL, 145, GONE);
  const chosen = await cursorOf(first.result, 1);
  expect(first.acted).toEqual([]);

  const second = call(WHOLE_CALL, 145, GONE, chosen);
  const halfway = await cursorOf(second.result, 1);
  expect(second.acted).toEqual(['a', 'b']);

  const third = call(WHOLE_CALL, 145, GONE, halfway);
  expect((await third.result) as object).toMatchObject({
    findings: [{ subject: 'a' }, { subject: 'b' }, { subject: 'c' }],
  });
  expect(third.acted).toEqual(['c']);
});

test('does not ask for another call near the end of the run, and names what is left', async () => {
  const chosen = await cursorOf(call(100, 90, GONE).result, 1);
  const last = call(100, 90, GONE, chosen);

  expect(await last.result).toMatchObject({
    findings: [
      { kind: 'gone', subject: 'a' },
      { kind: 'tables-left', value: 2, summary: 'time ended before 2 of 3 tables were finished; left: b, c' },
    ],
  });
});

test('follows a statement that runs, unless the run ends before it could look again', async () => {
  const running: ActOutcome = { status: 'running', since: START };
  const chosen = await cursorOf(call(WHOLE_CALL, 0, GONE).result, 1);

  await cursorOf(call(WHOLE_CALL, 60, running, chosen).result, 30);
  expect(await call(100, 60, running, chosen).result).toMatchObject({ findings: [{ kind: 'tables-left', value: 3 }] });
});

test('a call that is too short for any table ends, instead of pausing for ever', async () => {
  const chosen = await cursorOf(call(WHOLE_CALL, 0, GONE).result, 1);
  const short = call(10, 0, GONE, chosen);

  expect(await short.result).toMatchObject({ findings: [{ kind: 'tables-left', value: 3 }] });
  expect(short.acted).toEqual([]);
});
