import { expect, test } from '@jest/globals';
import type { RunReport } from '../../core/report.ts';
import { comparable, sameText } from './comparison.ts';

const FINDING = {
  task: 'endpoints-check-health',
  kind: 'slow',
  severity: 'warn',
  target: 'shop',
  subject: 'localhost:40123',
  summary: 'localhost:40123 took 3.1 s at 2026-11-21T22:01:10.999Z, limit 2 s',
  value: 3.1,
  limit: 2,
  unit: 'seconds',
  means: 'It is slow.',
  remedy: 'Look.',
  change: 'new',
} as const;

const ACTION = {
  id: '9cec3d6eb4911f94c30ec1c0',
  task: 'endpoints-warm-cache',
  verb: 'warm',
  target: 'shop',
  subject: '/events',
  summary: 'request /events of localhost:40123',
  before: { at: 1 },
  status: 'done',
} as const;

const TASK = {
  index: 1,
  task: 'endpoints-check-health',
  verdict: 'warn',
  targets: [{ target: 'shop', verdict: 'warn' }],
  recorded: true,
  durationSeconds: 3.2,
} as const;

const REPORT: RunReport = {
  date: '2026-11-21',
  start_time: '2026-11-21T22:01:00.000Z',
  end_time: '2026-11-21T22:01:10.000Z',
  duration_minutes: 0.17,
  tasks_completed: ['endpoints-check-health'],
  warnings: 1,
  errors: 0,
  schemaVersion: 1,
  platform: 'small',
  environment: 'prod',
  procedure: 'daily',
  runId: 'daily-manual-20261121T220100000Z',
  trigger: 'alarm',
  mode: 'execute',
  ended: 'finished',
  verdict: 'warn',
  counts: { pass: 0, warn: 1, unknown: 0, fail: 0 },
  tasks: [{ ...TASK, targets: [...TASK.targets] }],
  findings: [FINDING],
  fixed: [],
  actions: [ACTION],
  measurements: [{ task: 'endpoints-check-health', name: 'answer-time', value: 3.1, unit: 'seconds', target: 'shop' }],
  trends: [],
};

test('runs on other ports, at another time, in another environment and with another id agree', () => {
  const other: RunReport = {
    ...REPORT,
    date: '2026-11-22',
    start_time: '2026-11-22T02:00:00.000Z',
    environment: 'local',
    runId: 'daily-20261122T020000Z',
    findings: [
      {
        ...FINDING,
        subject: 'localhost:1',
        summary: 'localhost:1 took 3.1 s at 2026-11-22T02:00:00Z, limit 2 s',
      },
    ],
    actions: [{ ...ACTION, id: 'another', summary: 'request /events of localhost:1', before: { at: 2 } }],
    measurements: REPORT.measurements.map((measured) => ({ ...measured, value: 9 })),
  };

  expect(comparable(other)).toEqual(comparable(REPORT));
});

test.each<[what: string, other: RunReport]>([
  ['verdict', { ...REPORT, verdict: 'fail' }],
  ['count', { ...REPORT, counts: { ...REPORT.counts, unknown: 1 } }],
  ['mode', { ...REPORT, mode: 'plan' }],
  ['trigger', { ...REPORT, trigger: 'person' }],
  ['ending', { ...REPORT, ended: 'aborted' }],
  ['verdict of a target', { ...REPORT, tasks: [{ ...TASK, targets: [{ target: 'shop', verdict: 'fail' }] }] }],
  ['task without a record', { ...REPORT, tasks: [{ ...TASK, targets: [...TASK.targets], recorded: false }] }],
  ['finding less', { ...REPORT, findings: [] }],
  ['finding more', { ...REPORT, findings: [FINDING, FINDING] }],
  ['severity', { ...REPORT, findings: [{ ...FINDING, severity: 'fail' }] }],
  ['number', { ...REPORT, findings: [{ ...FINDING, value: 3.2 }] }],
  ['word in a summary', { ...REPORT, findings: [{ ...FINDING, summary: `${FINDING.summary}, again` }] }],
  ['change since the last run', { ...REPORT, findings: [{ ...FINDING, change: 'worse' }] }],
  ['action less', { ...REPORT, actions: [] }],
  ['action that failed', { ...REPORT, actions: [{ ...ACTION, status: 'failed' }] }],
  ['action on another thing', { ...REPORT, actions: [{ ...ACTION, subject: '/account' }] }],
  ['measurement less', { ...REPORT, measurements: [] }],
])('another %s is a difference', (_what, other) => {
  expect(comparable(other)).not.toEqual(comparable(REPORT));
});

test('an age is another one a moment later, and its limit stays', () => {
  const old = (age: string, value: number, limit = 26): RunReport => {
    const summary = `search:2.1: its newest report search.json is ${age} old; limit ${limit}h`;
    return { ...REPORT, findings: [{ ...FINDING, kind: 'report-too-old', summary, value, limit, unit: 'hours' }] };
  };

  expect(comparable(old('3d8h2m59s', 80))).toEqual(comparable(old('3d8h4m', 80.1)));
  expect(comparable(old('3d8h4m', 80.1, 27))).not.toEqual(comparable(old('3d8h4m', 80.1)));
});

test('tasks side by side may end in any order', () => {
  const second = { ...FINDING, kind: 'down', target: 'orders' };

  expect(comparable({ ...REPORT, findings: [second, FINDING] })).toEqual(
    comparable({ ...REPORT, findings: [FINDING, second] }),
  );
});

test.each([
  ['shop_20261121_211944.dump: it ends at byte 7086', 'shop_<time>.dump: it ends at byte 7086'],
  [
    'gave its last sample 3h1m12s ago; it is forgotten after 1d',
    'gave its last sample <duration> ago; it is forgotten after 1d',
  ],
  ['search.json is 3d8h old; limit 1d2h', 'search.json is <duration> old; limit 1d2h'],
  ['20 failed logins within 1d from 203.0.113.9, limit 10', '20 failed logins within 1d from 203.0.113.9, limit 10'],
  ['127.0.0.1:5432 waits for pid 4711', '127.0.0.1:<port> waits for pid <id>'],
])('%s becomes %s', (text, same) => {
  expect(sameText(text)).toBe(same);
});
