import { expect, test } from '@jest/globals';
import type { RecordedAction } from '../../core/action.ts';
import { compareFindings } from '../../core/compare-findings.ts';
import { deriveReport, type RunRecords } from '../../core/derive-report.ts';
import type { RunReport } from '../../core/report.ts';
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

const bloat = reportedFinding({ kind: 'bloat', severity: 'warn', target: 'main' });
const vacuum = entryOf({ targets: ['main', 'copy'] });
const analyze = entryOf({ index: 2, task: 'postgres-analyze', targets: ['main', 'copy'] });

function derive(over: Partial<RunRecords> = {}): RunReport {
  const procedure = procedureOf({ steps: [vacuum, analyze] });
  return deriveReport({
    started: startedOf(pointerOf()),
    procedure,
    ended: endedOf(),
    steps: [],
    previous: undefined,
    ...over,
  });
}

function saw(main: Verdict, copy: Verdict, over: Partial<ReturnType<typeof stepRecordOf>> = {}) {
  return stepRecordOf({
    targets: [
      { target: 'main', verdict: main },
      { target: 'copy', verdict: copy },
    ],
    ...over,
  });
}

const previous = derive({ steps: [saw('warn', 'pass', { findings: [bloat], verdict: 'warn' })] });

test.each([
  ['its task saw its target again', [saw('pass', 'pass')], ['bloat']],
  ['its task saw only another target', [saw('unknown', 'pass')], []],
  ['only another task saw its target', [saw('pass', 'pass', { index: 2, task: 'postgres-analyze' })], []],
])('whether a finding that is gone was fixed: %s', (_, steps, fixed) => {
  const kinds = derive({ steps, previous }).fixed.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'bloat')).toEqual(fixed);
});

test('a report names the run that it is compared with, and the first of its procedure none', () => {
  expect(derive({ previous }).previousRunId).toBe(previous.runId);
  expect(derive()).not.toHaveProperty('previousRunId');
});

test('of a run without a record nothing was measured and nothing was done', () => {
  expect(derive()).toMatchObject({ measurements: [], actions: [], trends: [], fixed: [] });
});

test('a run that was refused neither mends nor measures anything', () => {
  const measurements = [
    { task: 'postgres-vacuum', name: 'dead-rows', value: 5, unit: 'rows', target: 'main' } as const,
  ];
  const steps = [saw('pass', 'pass', { measurements })];
  const refused = derive({ steps, previous, ended: endedOf({ ended: 'refused' }) });
  expect(refused).toMatchObject({ fixed: [], trends: [], findings: [] });
  expect(derive({ steps, previous }).trends).toHaveLength(1);
});

test('an action that failed on one target of a step without a record fails that one alone', () => {
  const failed: RecordedAction = {
    ...{ id: 'a', task: 'postgres-vacuum', verb: 'vacuum', target: 'main', subject: 'orders' },
    ...{ summary: 'vacuum orders', status: 'failed', detail: 'no space' },
  };
  const report = derive({ unrecorded: new Map([[1, [failed, { ...failed, id: 'b', status: 'running' }]]]) });
  expect(report.tasks[0]?.targets).toEqual([
    { target: 'main', verdict: 'fail' },
    { target: 'copy', verdict: 'unknown' },
  ]);
  expect(report.findings.map(({ summary }) => summary)).toEqual(
    expect.arrayContaining(['vacuum orders: no space', 'vacuum orders: its end was not seen']),
  );
});

test('a target that a record leaves out is unknown, however another of its targets fared', () => {
  const findings = [reportedFinding({ ...bloat, severity: 'fail' })];
  const steps = [stepRecordOf({ findings, verdict: 'fail', targets: [{ target: 'main', verdict: 'fail' }] })];
  expect(derive({ steps }).tasks[0]?.targets).toEqual([
    { target: 'main', verdict: 'fail' },
    { target: 'copy', verdict: 'unknown' },
  ]);
});

test.each([
  ['moved by exactly the share that numbers breathe', { value: 11, limit: 5 }, { value: 10, limit: 5 }],
  ['has no number now', { limit: 5 }, { value: 10, limit: 5 }],
  ['has no limit now', { value: 100 }, { value: 10, limit: 5 }],
  ['had no number before', { value: 100, limit: 5 }, { limit: 5 }],
])('a finding that %s is unchanged', (_, now, before) => {
  const { findings } = compareFindings([{ ...bloat, ...now }], [{ ...bloat, ...before }], () => true);
  expect(findings).toMatchObject([{ change: 'unchanged' }]);
});
