import type { RunReport } from '../../core/report.ts';
import { NOW, pointerOf, reportedFinding, secondsLater } from './run-records.ts';

/** A text that runs, colours, links, turns or clears wherever it is believed. */
export const HOSTILE =
  '<script>alert(1)</script><img src=x onerror=alert(2)>"\'&[a](javascript:b)\u001b[2J\u001b]8;;http://x\u0007\u202e\u2066\u0000\u009b31m\r\u2028';

/** A report in which every free text is hostile. */
export function hostileReport(): RunReport {
  const text = HOSTILE;
  const finding = { ...reportedFinding(), task: text, kind: text, target: text, subject: `s${text}`, summary: text };
  const explained = { means: text, matters: text, remedy: text, prevention: text, command: text };
  const told = { ...finding, ...explained, change: 'new' } as const;
  const action = { id: 'a', task: text, verb: text, target: text, subject: text, summary: text, statement: text };
  return {
    date: '2026-11-21',
    start_time: NOW.toISOString(),
    end_time: secondsLater(60).toISOString(),
    duration_minutes: 1,
    tasks_completed: [text],
    warnings: 0,
    errors: 1,
    schemaVersion: 1,
    platform: text,
    environment: text,
    procedure: text,
    runId: `${pointerOf().id}${text}`,
    trigger: 'person',
    mode: 'execute',
    reason: text,
    ended: 'finished',
    endedBecause: text,
    verdict: 'fail',
    counts: { pass: 0, warn: 0, unknown: 1, fail: 1 },
    tasks: [{ index: 1, task: text, verdict: 'fail', targets: [{ target: text, verdict: 'fail' }], recorded: true }],
    findings: [told, { ...told, severity: 'fail' }],
    fixed: [finding],
    trends: [],
    previousRunId: text,
    actions: [{ ...action, status: 'failed', detail: text }],
    measurements: [{ task: text, name: text, value: 1, unit: 'rows', target: text }],
  };
}
