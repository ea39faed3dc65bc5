import { expect, test } from '@jest/globals';
import { deriveReport } from '../../core/derive-report.ts';
import {
  endedOf,
  entryOf,
  pointerOf,
  procedureOf,
  secondsLater,
  startedOf,
  stepRecordOf,
} from '../harness/run-records.ts';

const run = pointerOf();
const ended = endedOf();
const records = { started: startedOf(run), procedure: procedureOf(), ended, steps: [], previous: undefined };

test('who overrode what, and why, stands in the report', () => {
  const started = startedOf(run, { trigger: 'person', override: 'window', reason: 'the disk is full' });
  expect(deriveReport({ ...records, started })).toMatchObject({ override: 'window', reason: 'the disk is full' });
});

test('a planned run has the hash of its plan, and an executed one has none', () => {
  const started = startedOf(run, { mode: 'plan' });
  expect(deriveReport({ ...records, started }).planSha256).toMatch(/^[0-9a-f]{64}$/);
  expect(deriveReport(records)).not.toHaveProperty('planSha256');
});

test('where the clock was set back the report says so and gives no negative times', () => {
  const steps = [
    stepRecordOf({ startedAt: secondsLater(60).toISOString(), finishedAt: secondsLater(-60).toISOString() }),
  ];
  const report = deriveReport({ ...records, steps, ended: { ...ended, endedAt: secondsLater(-60).toISOString() } });
  expect(report.endedBecause).toContain('the clock was set back during the run');
  expect(report.duration_minutes).toBe(0);
  expect(report.tasks[0]).not.toHaveProperty('durationSeconds');
});

test('a step without a record says what its state caught and why its record cannot be read', () => {
  const caught = { '1': 'Sandbox.Timedout' };
  const [finding] = deriveReport({
    ...records,
    ended: { ...ended, caught },
    unreadable: new Map([[1, 'it is no JSON']]),
  }).findings;
  expect(finding?.summary).toBe('no record of this step: Sandbox.Timedout; it is no JSON');
  const silent = deriveReport({
    ...records,
    procedure: procedureOf({ steps: [entryOf({ targets: ['main', 'copy'] })] }),
  });
  expect(silent.findings.map(({ summary }) => summary)).toEqual([
    'no record of this step: it was not reached',
    'no record of this step: it was not reached',
  ]);
});

test('a target that the record of its step leaves out is unknown, and the report says so', () => {
  const procedure = procedureOf({ steps: [entryOf({ targets: ['main', 'copy'] })] });
  const { findings, tasks, verdict } = deriveReport({ ...records, procedure, steps: [stepRecordOf()] });
  expect(findings).toMatchObject([
    {
      kind: 'not-examined',
      target: 'copy',
      severity: 'unknown',
      summary: 'the record of this step says nothing of it',
    },
  ]);
  expect(tasks[0]?.targets).toEqual([
    { target: 'main', verdict: 'pass' },
    { target: 'copy', verdict: 'unknown' },
  ]);
  expect(verdict).toBe('unknown');
});
