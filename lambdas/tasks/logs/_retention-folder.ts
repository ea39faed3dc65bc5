import { allowedBy } from '../../../core/action.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { folderFindings, type FolderState, type HeldFile } from './_folder-report.ts';
import { codeOf, inFolder, isWritable, lookAt, openFile, openRoot, type LogFolder } from './_log-folder.ts';
import { isSameFile, pathOf, type LogFile } from './_log-files.ts';
import type { Holder } from './_open-files.ts';
import { openOpennessJudge } from './_openness.ts';
import { clearUp, compress, remove, worstCaseSeconds, type FileOutcome } from './_retention-actions.ts';
import type { FolderKind } from './_retention-findings.ts';
import type { FolderWork, RetentionWork } from './_retention-work.ts';
import { dueOf } from './_retention.ts';
import { surveyFolder, type Leftover, type Survey } from './_survey.ts';

interface Examined {
  readonly findings: readonly Finding<FolderKind>[];
  readonly measurements: readonly Measurement[];
}

const MOST_ENTRIES = 1_000_000;
/** After so many files of which nothing can be proven, and none of which it can, the rest is not asked for. */
const MOST_UNPROVEN = 20;
/** A working name younger than this may belong to a run that is still at work. */
const WORKING_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Looks after one folder of logs; throws `Unavailable` where it cannot be read. */
export async function retainFolder(given: RetentionWork, folder: string): Promise<Examined> {
  const root = await openRoot(folder);
  try {
    const openness = await openOpennessJudge(root, given.signal);
    const survey = await surveyFolder(root, openness.open, {
      ...given,
      mostDue: given.maxChanges * 2 + MOST_UNPROVEN,
      mostEntries: MOST_ENTRIES,
    });
    const { files, due, leftovers } = survey;
    const scope = { planned: due.count + leftovers.count, population: files + leftovers.count };
    const work: FolderWork = { ...given, root, openness, scope };
    const state = stateOf(survey, work);
    const bytesFreed = await workOff(work, survey, state);
    return {
      findings: await folderFindings(work, survey, state),
      measurements: measurementsOf(work, survey, state, bytesFreed),
    };
  } finally {
    await root.handle.close();
  }
}

function stateOf(survey: Survey, { root, openness }: Pick<FolderWork, 'root' | 'openness'>): FolderState {
  return {
    held: survey.heldOpen.first.map((file) => heldFile(file, openness.open.holderOf(file, pathOf(root, file)))),
    heldCount: survey.heldOpen.count,
    unproven: 0,
    changed: 0,
    notWritable: [],
    nameTaken: [],
    noSpace: [],
    blockedLeftovers: [],
    reached: 0,
    started: 0,
    compressed: 0,
    deleted: 0,
  };
}

function heldFile(file: LogFile, holder: Holder | undefined): HeldFile {
  return holder === undefined ? { file } : { file, holder };
}

/** Does what is due, the oldest first, as far as cap and time allow. */
async function workOff(work: FolderWork, survey: Survey, state: FolderState): Promise<number> {
  let bytesFreed = 0;
  const hasTime = (file: LogFile) =>
    work.mode === 'plan' || work.deadline.getTime() - work.clock().getTime() > worstCaseSeconds(file) * 1_000;
  const allowed = allowedBy({ absolute: work.maxChanges, percent: work.maxPercent }, work.scope.population);
  for (const leftover of survey.leftovers.first) {
    if (state.started >= allowed || !hasTime(leftover.file)) break;
    if (!(await isSettleable(work, leftover, state))) continue;
    state.started += 1;
    bytesFreed += (await clearUp(work, leftover)).bytesFreed;
  }
  for (const file of survey.due.files()) {
    if (state.started >= allowed) break;
    if (state.started === 0 && state.unproven >= MOST_UNPROVEN) {
      state.unproven += survey.due.count - state.reached;
      state.reached = survey.due.count;
      break;
    }
    if (!hasTime(file)) continue;
    state.reached += 1;
    if (!(await isReady(work, file, state))) continue;
    state.started += 1;
    const due = dueOf(file, work.now, work.limits);
    const outcome = await (due === 'delete' ? remove(work, file) : compress(work, file));
    bytesFreed += outcome.bytesFreed;
    count(state, file, due, outcome);
  }
  return bytesFreed;
}

/** Looks at a file once more before an action of it is planned; what stands against it is noted. */
async function isReady(work: FolderWork, file: LogFile, state: FolderState): Promise<boolean> {
  const path = pathOf(work.root, file);
  try {
    const answer = await inFolder(work.root, file.folder, (folder) => readiness(work, folder, file, path));
    if (answer === 'ready') return true;
    if (answer === 'unknown') state.unproven += 1;
    else if (answer === 'changed') state.changed += 1;
    else if (answer === 'not-writable') state.notWritable.push(file);
    else noteHeld(state, answer);
    return false;
  } catch (thrown) {
    if (codeOf(thrown) === undefined) throw thrown;
    if (['EACCES', 'EPERM'].includes(codeOf(thrown) ?? '')) state.notWritable.push(file);
    // It was removed or renamed since it was listed.
    else state.changed += 1;
    return false;
  }
}

type Readiness = 'ready' | 'unknown' | 'changed' | 'not-writable' | HeldFile;

async function readiness(work: FolderWork, folder: LogFolder, file: LogFile, path: string): Promise<Readiness> {
  if (!(await isWritable(folder))) return 'not-writable';
  const handle = await openFile(folder, file.name);
  try {
    if (!isSameFile(file, await handle.stat({ bigint: true }))) return 'changed';
    const openness = await work.openness.judge(handle, file, path);
    if (openness.state === 'free') return 'ready';
    if (openness.state === 'unknown') return 'unknown';
    return heldFile(file, openness.holder);
  } finally {
    await handle.close();
  }
}

async function isSettleable(work: FolderWork, leftover: Leftover, state: FolderState): Promise<boolean> {
  const { file, kind, original } = leftover;
  if (work.now.getTime() - file.changedMs < WORKING_MS) return false;
  if (kind === 'copy') return true;
  const there = await inFolder(work.root, file.folder, (folder) => lookAt(folder, original));
  if (there === undefined || there.ino === file.ino) return true;
  state.blockedLeftovers.push(leftover);
  return false;
}

function count(state: FolderState, file: LogFile, due: 'compress' | string, { status, end }: FileOutcome): void {
  if (status === 'done') {
    if (due === 'delete') state.deleted += 1;
    else state.compressed += 1;
  }
  if (status !== 'skipped') return;
  if (end === 'held') noteHeld(state, { file });
  else if (end === 'not-provable') state.unproven += 1;
  else if (end === 'name-taken') state.nameTaken.push(file);
  else if (end === 'no-space') state.noSpace.push(file);
  else state.changed += 1;
}

function noteHeld(state: FolderState, held: HeldFile): void {
  state.heldCount += 1;
  state.held.push(held);
}

function measurementsOf(work: FolderWork, survey: Survey, state: FolderState, bytesFreed: number): Measurement[] {
  const { target, now, mode } = work;
  const measure = (name: string, value: number, unit: Measurement['unit']) => ({ name, value, unit, target });
  const { oldestMs } = survey;
  return [
    measure('log-files', survey.files, 'count'),
    measure('log-bytes', survey.bytes, 'bytes'),
    measure('exempt-bytes', survey.exemptBytes, 'bytes'),
    ...(oldestMs === undefined
      ? []
      : [measure('oldest-log-age', Math.max(0, (now.getTime() - oldestMs) / DAY_MS), 'days')]),
    ...(mode === 'plan'
      ? []
      : [
          measure('logs-compressed', state.compressed, 'count'),
          measure('logs-deleted', state.deleted, 'count'),
          measure('bytes-freed', bytesFreed, 'bytes'),
        ]),
  ];
}
