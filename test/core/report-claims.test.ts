import { expect, test } from '@jest/globals';
import { deriveReport } from '../../core/derive-report.ts';
import { RunReport } from '../../core/report.ts';
import type { Verdict } from '../../core/verdict.ts';
import {
  endedOf,
  entryOf,
  pointerOf,
  procedureOf,
  reportedFinding,
  startedOf,
  stepRecordOf,
} from '../harness/run-records.ts';

/** A report of steps that saw these targets so, and of one finding that fails `main` in the first of them. */
function claimed(...steps: readonly { readonly task: string; readonly saw: Readonly<Record<string, Verdict>> }[]) {
  const finding = reportedFinding({ task: 'postgres-vacuum', kind: 'bloat', severity: 'fail', target: 'main' });
  const report = deriveReport({
    started: startedOf(pointerOf()),
    procedure: procedureOf({
      steps: steps.map(({ task, saw }, place) => entryOf({ index: place + 1, task, targets: Object.keys(saw) })),
    }),
    ended: endedOf(),
    steps: steps.map(({ task, saw }, place) =>
      stepRecordOf({
        index: place + 1,
        task,
        targets: Object.entries(saw).map(([target, verdict]) => ({ target, verdict })),
      }),
    ),
    previous: undefined,
  });
  return RunReport.safeParse({ ...report, findings: [{ ...finding, change: 'new' }] });
}

const better = 'postgres-vacuum found bloat (fail) on main, whose verdict is better';

test.each([
  [
    'another task failed the same target',
    [
      { task: 'postgres-vacuum', saw: { main: 'pass' } },
      { task: 'postgres-check-bloat', saw: { main: 'fail' } },
    ],
  ],
  ['the same task failed another target', [{ task: 'postgres-vacuum', saw: { main: 'pass', copy: 'fail' } }]],
] as const)('a finding that its own target does not bear is not believed although %s', (_, steps) => {
  expect(claimed(...steps).error?.issues).toMatchObject([{ message: better }]);
});

test.each([
  [
    'one of two steps of its task bears it',
    [
      { task: 'postgres-vacuum', saw: { main: 'pass' } },
      { task: 'postgres-vacuum', saw: { main: 'fail' } },
    ],
  ],
  ['no task tells of its target', [{ task: 'postgres-vacuum', saw: { copy: 'pass' } }]],
] as const)('a finding is believed where %s', (_, steps) => {
  expect(claimed(...steps).error).toBeUndefined();
});
