import { expect, test } from '@jest/globals';
import type { RecordedAction } from '../../core/action.ts';
import { compareFindings } from '../../core/compare-findings.ts';
import { deriveReport, type RunRecords } from '../../core/derive-report.ts';
import { RunReport } from '../../core/report.ts';
import {
  endedOf,
  entryOf,
  pointerOf,
  procedureOf,
  reportedFinding,
  startedOf,
  stepRecordOf,
} from '../harness/run-records.ts';

const run = pointerOf();
const procedure = procedureOf({
  steps: [
    entryOf(),
    { parallel: [entryOf({ index: 2, task: 'redis-check-memory', kind: 'redis', targets: ['cache'] })] },
  ],
});
const cache = stepRecordOf({
  task: 'redis-check-memory',
  index: 2,
  targets: [{ target: 'cache', verdict: 'pass' }],
});

function derive(over: Partial<RunRecords> = {}): RunReport {
  const records = { started: startedOf(run), procedure, ended: endedOf(), steps: [stepRecordOf(), cache] };
  return deriveReport({ ...records, previous: undefined, ...over });
}

/** A record of the first task with one finding, or with none. */
function step(finding?: Partial<ReturnType<typeof reportedFinding>>) {
  if (!finding) return stepRecordOf();
  const findings = [reportedFinding({ kind: 'bloat', severity: 'warn', ...finding })];
  const verdict = findings[0]?.severity === 'unknown' ? 'unknown' : 'warn';
  return stepRecordOf({ findings, verdict, targets: [{ target: 'main', verdict }] });
}

test('a report fits its schema and counts every target of every task', () => {
  const report = derive({ steps: [step({}), cache] });
  expect(RunReport.parse(report)).toEqual(report);
  expect(report).toMatchObject({ verdict: 'warn', counts: { pass: 1, warn: 1 }, warnings: 1, errors: 0 });
  expect(report).toMatchObject({
    date: '2026-11-21',
    duration_minutes: 1.5,
    tasks_completed: ['postgres-vacuum', 'redis-check-memory'],
  });
});

test('a task without a record is unknown with the error that its state caught', () => {
  const report = derive({ steps: [cache], ended: endedOf({ caught: { '1': 'Lambda.Unknown: killed' } }) });
  expect(report).toMatchObject({ verdict: 'unknown', errors: 1, tasks_completed: ['redis-check-memory'] });
  expect(report.tasks).toMatchObject([{ recorded: false, verdict: 'unknown' }, { recorded: true }]);
  expect(report.findings).toMatchObject([
    { kind: 'no-record', severity: 'unknown', summary: 'no record of this step: Lambda.Unknown: killed' },
  ]);
});

test('a task that died before its record is reported with what it had done, and with what it had begun', () => {
  const action = { id: 'a', task: 'postgres-vacuum', verb: 'vacuum', target: 'main', summary: 'vacuum it' } as const;
  const actions: RecordedAction[] = [
    { ...action, subject: 'orders', status: 'done' },
    { ...action, id: 'b', subject: 'users', status: 'running' },
  ];
  const report = derive({ steps: [cache], unrecorded: new Map([[1, actions]]) });
  expect(report.actions).toEqual(actions);
  expect(report.findings).toMatchObject([{ kind: 'no-record' }, { kind: 'action-unfinished', subject: 'users' }]);
  expect(report.tasks).toMatchObject([{ recorded: false, verdict: 'unknown' }, {}]);
});

test('a task that died after an action of it had failed has failed', () => {
  const action = { id: 'a', task: 'postgres-vacuum', verb: 'vacuum', target: 'main', subject: 'orders' } as const;
  const failed: RecordedAction = { ...action, summary: 'vacuum it', status: 'failed', detail: 'no space' };
  const report = derive({ steps: [cache], unrecorded: new Map([[1, [failed]]]) });
  expect(report.tasks[0]?.verdict).toBe('fail');
  expect(report.findings[0]).toMatchObject({ kind: 'action-failed', summary: 'vacuum it: no space' });
});

test('a record of another task at the same place counts for nothing', () => {
  const report = derive({ steps: [stepRecordOf({ task: 'postgres-reindex' }), cache] });
  expect(report.findings).toMatchObject([{ kind: 'no-record', summary: 'no record of this step: it was not reached' }]);
});

test('a finding counts as fixed only where its target was seen again', () => {
  const previous = derive({ steps: [step({}), cache] });
  expect(derive({ previous }).fixed).toMatchObject([{ kind: 'bloat' }]);
  expect(derive({ previous, steps: [cache] }).fixed).toEqual([]);
  expect(derive({ previous, steps: [step({ kind: 'not-readable', severity: 'unknown' }), cache] }).fixed).toEqual([]);
});

test('a finding that only informed is not reported as fixed', () => {
  const previous = derive({ steps: [step({ severity: 'info' }), cache] });
  expect(derive({ previous }).fixed).toEqual([]);
});

test.each([
  ['new', {}, undefined],
  ['unchanged', {}, {}],
  ['worse', { severity: 'fail' }, {}],
  ['unchanged', { severity: 'warn' }, { severity: 'fail' }],
  ['worse', { value: 14, limit: 5 }, { value: 12, limit: 5 }],
  ['unchanged', { value: 13, limit: 5 }, { value: 12, limit: 5 }],
  ['unchanged', { value: 8, limit: 5 }, { value: 12, limit: 5 }],
  ['worse', { value: 95, limit: 80 }, { value: 80, limit: 80 }],
  ['worse', { value: 2, limit: 10 }, { value: 10, limit: 10 }],
  ['unchanged', { value: 8, limit: 5 }, { value: 4, limit: 5 }],
  ['worse', { value: 2, limit: 10 }, { value: 5, limit: 10 }],
  ['new', { subject: 'orders' }, { subject: 'users' }],
] as const)('a finding is %s: now %j, before %j', (change, now, before) => {
  const base = { kind: 'bloat', severity: 'warn' } as const;
  const earlier = before ? [reportedFinding({ ...base, ...before })] : [];
  const { findings } = compareFindings([reportedFinding({ ...base, ...now })], earlier, () => true);
  expect(findings).toMatchObject([{ change }]);
});

test('the worst findings come first', () => {
  const kinds = ['info', 'warn', 'fail', 'unknown'] as const;
  const findings = kinds.map((severity) => reportedFinding({ kind: severity, severity }));
  const report = derive({ steps: [stepRecordOf({ findings }), cache] });
  expect(report.findings.map(({ severity }) => severity)).toEqual(['fail', 'unknown', 'warn', 'info']);
});

test('a refused run has looked at nothing and passes nothing', () => {
  const refusal = { reason: 'window', detail: 'it is 05:00' } as const;
  const report = derive({ started: startedOf(run, { refusal }), ended: endedOf({ ended: 'refused' }), steps: [] });
  expect(report).toMatchObject({ verdict: 'unknown', tasks: [], findings: [], endedBecause: 'it is 05:00' });
  expect(report.counts).toEqual({ pass: 0, warn: 0, unknown: 0, fail: 0 });
});

test('equal records give the same report to the byte', () => {
  const previous = derive({ steps: [step({}), cache] });
  const records = { steps: [step({ value: 9, limit: 5 }), cache], previous };
  expect(JSON.stringify(derive(structuredClone(records)))).toBe(JSON.stringify(derive(records)));
});
