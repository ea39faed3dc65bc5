import { RecordedAction, REFUSALS } from '../../core/action.ts';
import { ReportedFinding, ReportedMeasurement, RUNTIME_KINDS, SEVERITIES, UNITS } from '../../core/finding.ts';
import type { Entry } from '../../core/platform.ts';
import type { Task } from '../../core/task.ts';

/**
 * The words that a record of a step cannot do without: names of its fields, of its task and targets, of kinds, units and
 * states. They stand in the profile and in the catalogue, where everybody reads them; a password that is one of them
 * (`postgres`, `main`) would otherwise take the record apart.
 */
export function recordWords(task: Task, { kind, targets }: Pick<Entry, 'kind' | 'targets'>): ReadonlySet<string> {
  return new Set([
    ...FIELDS,
    ...STATES,
    task.name,
    kind,
    ...targets,
    ...Object.keys(task.findings),
    ...Object.keys(RUNTIME_KINDS),
  ]);
}

const FIELDS = [
  ...Object.keys(RecordedAction.shape),
  ...Object.keys(ReportedFinding.shape),
  ...Object.keys(ReportedMeasurement.shape),
  // Of what a task returns, of a pause, and of an action that is only intended.
  ...['findings', 'measurements', 'baseline', 'document', 'attachments', 'cursor', 'soFar'],
  ...['scope', 'planned', 'population'],
];

const STATES = [...SEVERITIES, ...UNITS, ...REFUSALS, ...RecordedAction.shape.status.options];
