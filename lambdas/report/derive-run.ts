import type { RecordedAction } from '../../core/action.ts';
import { deriveReport } from '../../core/derive-report.ts';
import { Corrupt, messageOf } from '../../core/errors.ts';
import { planOf } from '../../core/plan.ts';
import { entriesOf, type Procedure, ResolvedPlatform } from '../../core/platform.ts';
import { RunReport } from '../../core/report.ts';
import { basicDay, basicForm, Ended, sawNothing, Started, StepRecord, stepStem } from '../../core/run.ts';
import { readActions } from '../runtime/action-records.ts';
import { asText, readRecord, requireRecord } from '../runtime/records.ts';
import { runKeys } from '../runtime/run-keys.ts';
import type { RecordSource } from '../runtime/store.ts';
import { renderPage } from './page.ts';

/** What follows from the records of an ended run, to the byte. */
export interface DerivedRun {
  readonly report: RunReport;
  /** `report.json`, `report.html` and the plan of a run that planned, by their keys. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Derives report, page and plan of a run whose `ended.json` is written: from the records that were there at its end,
 * and from the report of the run before.
 *
 * Whoever ends the run derives by this, and so does whoever verifies it later.
 */
export async function deriveRun(source: RecordSource, runKey: string): Promise<DerivedRun> {
  const keys = runKeys(runKey);
  const started = await requireRecord(source, keys.started, Started);
  const ended = await requireRecord(source, keys.ended, Ended);
  const problems: string[] = [];
  const tell = (problem: string) => void problems.push(problem);
  const platform = await unlessCorrupt(tell, () => readRecord(source, keys.profile, ResolvedPlatform));
  const procedure = platform?.value.procedures[started.procedure];
  const atTheEnd = recordsOf(source, ended);
  const unreadable = new Map<number, string>();
  const steps = await readSteps(atTheEnd, runKey, unreadable);
  const report = deriveReport({
    started,
    procedure: procedure ?? { name: started.procedure, timezone: 'UTC', budgetSeconds: 1, planOnly: false, steps: [] },
    ended,
    steps,
    unrecorded: procedure ? await readUnrecorded(atTheEnd, runKey, procedure, steps, unreadable) : new Map(),
    unreadable,
    previous: await readPrevious(source, ended, tell),
    problems,
  });
  const files = new Map<string, string>([
    [keys.report, asText(report)],
    [keys.page, renderPage(report)],
  ]);
  if (report.planSha256) files.set(keys.plan, asText(planOf(report.actions)));
  return { report, files };
}

/**
 * Where the copy of the report for the readers of a day is: the first executed run of a day takes the first key, a
 * later one the second. A plan and a refused run have none.
 */
export function dailyKeys(report: Pick<RunReport, 'procedure' | 'start_time' | 'mode' | 'ended'>): readonly string[] {
  if (report.mode !== 'execute' || sawNothing(report.ended)) return [];
  const start = new Date(report.start_time);
  const folder = `maintenance/${report.procedure}`;
  const stamp = basicForm(start).replace('T', '-').replace('Z', '');
  return [`${folder}/${basicDay(start)}.json`, `${folder}/${stamp}.json`];
}

/** A function may outlive its execution and write on while the run is ended: only what `ended.json` names counts. */
function recordsOf(source: RecordSource, { records }: Ended): RecordSource {
  const named = new Set(records);
  return {
    location: source.location,
    get: async (key) => (named.has(key) ? source.get(key) : undefined),
    async *list(prefix) {
      for (const key of records) if (key.startsWith(prefix)) yield { key };
    },
  };
}

/** The report to compare with; undefined where there is none, or where it cannot be read, which is told. */
async function readPrevious(
  source: RecordSource,
  { previousRunKey }: Ended,
  tell: (problem: string) => void,
): Promise<RunReport | undefined> {
  if (previousRunKey === undefined) return undefined;
  const say = (problem: string) => tell(`its findings are compared with nothing: ${problem}`);
  return (await unlessCorrupt(say, () => readRecord(source, runKeys(previousRunKey).report, RunReport)))?.value;
}

/** One broken record takes nothing from the others: of a step whose record is none it is told why. */
async function readSteps(source: RecordSource, runKey: string, unreadable: Map<number, string>): Promise<StepRecord[]> {
  const steps: StepRecord[] = [];
  for await (const { key } of source.list(`${runKey}/steps/`)) {
    if (key.includes('.pause-')) continue;
    const index = Number.parseInt(key.slice(`${runKey}/steps/`.length), 10);
    const tell = (problem: string) => void unreadable.set(index, problem);
    const step = await unlessCorrupt(tell, () => requireRecord(source, key, StepRecord));
    if (step) steps.push(step);
  }
  return steps.sort((a, b) => a.index - b.index);
}

async function unlessCorrupt<Value>(
  tell: (problem: string) => void,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof Corrupt)) throw thrown;
    tell(messageOf(thrown));
    return undefined;
  }
}

/** The actions of steps that died before their record, by the place of the step. */
async function readUnrecorded(
  source: RecordSource,
  runKey: string,
  procedure: Procedure,
  steps: readonly StepRecord[],
  unreadable: Map<number, string>,
): Promise<Map<number, readonly RecordedAction[]>> {
  const unrecorded = new Map<number, readonly RecordedAction[]>();
  for (const { index, task, effect } of entriesOf(procedure)) {
    if (effect === 'read-only' || steps.some((step) => step.index === index)) continue;
    const known = unreadable.get(index);
    const tell = (problem: string) =>
      void unreadable.set(index, [...(known === undefined ? [] : [known]), problem].join('; '));
    unrecorded.set(index, (await unlessCorrupt(tell, () => readActions(source, runKey, stepStem(index, task)))) ?? []);
  }
  return unrecorded;
}
