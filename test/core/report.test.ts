import { expect, test } from '@jest/globals';
import { deriveReport } from '../../core/derive-report.ts';
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

const finding = reportedFinding({ kind: 'bloat', severity: 'warn', target: 'main' });
const report = deriveReport({
  started: startedOf(pointerOf()),
  procedure: procedureOf({ steps: [entryOf()] }),
  ended: endedOf(),
  steps: [stepRecordOf({ findings: [finding], verdict: 'warn', targets: [{ target: 'main', verdict: 'warn' }] })],
  previous: undefined,
});

test('a report that says what its tasks and findings say is read', () => {
  expect(RunReport.parse(report).verdict).toBe('warn');
});

test.each([
  ['a better verdict than its targets have', { ...report, verdict: 'pass' as const }, 'its verdict is pass'],
  ['counts that its targets do not give', { ...report, counts: { ...report.counts, warn: 3 } }, 'it counts 3 targets'],
  [
    'a task that is better than its targets',
    { ...report, tasks: report.tasks.map((task) => ({ ...task, verdict: 'pass' as const })) },
    'is pass, and its targets are warn',
  ],
  [
    'a finding on a target whose verdict is better',
    { ...report, findings: report.findings.map((one) => ({ ...one, severity: 'fail' as const })) },
    'whose verdict is better',
  ],
])('a report that claims %s is not believed', (_, claimed, words) => {
  expect(RunReport.safeParse(claimed).error?.issues[0]?.message).toContain(words);
});
