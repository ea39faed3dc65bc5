import type { Finding } from '../../../core/finding.ts';
import { pathOf, type LogFile } from './_log-files.ts';
import { quotedPath, shownPath } from './_log-name.ts';
import { programOf, type Holder } from './_open-files.ts';
import type { FolderKind } from './_retention-findings.ts';
import type { FolderWork } from './_retention-work.ts';
import { ageSeconds, bytesInWords, daysInWords, gzipNameOf, writtenAt } from './_retention.ts';
import type { Leftover, Survey } from './_survey.ts';

export interface HeldFile {
  readonly file: LogFile;
  /** Undefined where the kernel says that somebody has it open and no process that may be looked into has. */
  readonly holder?: Holder;
}

/** What the work on a folder came upon. */
export interface FolderState {
  readonly held: HeldFile[];
  heldCount: number;
  unproven: number;
  changed: number;
  readonly notWritable: LogFile[];
  readonly nameTaken: LogFile[];
  readonly noSpace: LogFile[];
  readonly blockedLeftovers: Leftover[];
  /** Files that were due and whose turn came, whatever then came of it. */
  reached: number;
  started: number;
  compressed: number;
  deleted: number;
}

type Told = Omit<Finding<FolderKind>, 'target' | 'kind'>;
const MOST_NAMED = 20;

/** Everything that a person should know of a folder after its survey and the work on it. */
export async function folderFindings(
  work: FolderWork,
  survey: Survey,
  state: FolderState,
): Promise<Finding<FolderKind>[]> {
  const { target, limits, root } = work;
  const findings: Finding<FolderKind>[] = [];
  const tell = (kind: FolderKind, told: Told) => findings.push({ kind, target, ...told });
  const each = (kind: FolderKind, files: readonly LogFile[], say: (file: LogFile) => Omit<Told, 'subject'>) => {
    for (const file of files.slice(0, MOST_NAMED)) tell(kind, { subject: subjectOf(file), ...say(file) });
  };
  const pathIn = (file: LogFile, name = file.name) => quotedPath(pathOf(root, { ...file, name }));

  if (survey.files + survey.exemptFiles + survey.leftovers.count + survey.unreadable.count === 0) {
    tell('no-logs', { summary: `${shownPath(root.path)} has no file that is called like a log`, value: 0, limit: 1 });
  }
  if (survey.unreadable.count > 0) {
    const named = survey.unreadable.first.map(({ path, reason }) => `${shownPath(path)}: ${reason}`);
    const count = survey.unreadable.count;
    tell('not-walked', { summary: cut(`${count} unread, 0 expected: ${named.join('; ')}`), value: count, limit: 0 });
  }
  const large = state.held.filter(({ file }) => file.sizeBytes >= limits.largeBytes);
  for (const { file, holder } of large.slice(0, MOST_NAMED)) {
    const subject = subjectOf(file);
    const who = holder ? await programOf(holder) : 'a process that may not be looked into';
    const age = daysInWords(ageSeconds(file, work.now));
    const summary = `${subject}: ${bytesInWords(file.sizeBytes)} held open by ${who}, last written ${age} ago`;
    const command = holder ? `ps -o pid,user,lstart,args -p ${holder.pid}` : `fuser -v ${pathIn(file)}`;
    tell('held-open', { subject, summary, ...bytes(file.sizeBytes, limits.largeBytes), command });
  }
  const small = state.heldCount - large.length;
  if (small > 0) {
    tell('in-use', {
      summary: `${counted(small, 'log')} due and held open by processes`,
      value: small,
      unit: 'count',
    });
  }
  for (const { path, sizeBytes, holder } of work.openness.open.nameless) {
    if (sizeBytes < limits.largeBytes) continue;
    const summary = `${shownPath(path)}: ${bytesInWords(sizeBytes)} without a name, held by ${await programOf(holder)}`;
    // Its own name may be that of a new file by now.
    const command = `cp -- /proc/${holder.pid}/fd/${holder.fd ?? 0} ${quotedPath(`${path}.saved`)}`;
    tell('nameless-file', { subject: shownPath(path), summary, ...bytes(sizeBytes, limits.largeBytes), command });
  }
  each('not-rotated', survey.unrotated.first, (file) => ({
    summary: `${subjectOf(file)}: ${bytesInWords(file.sizeBytes)} and no rotation within 8 days, ${bytesInWords(limits.largeBytes)} expected at most`,
    ...bytes(file.sizeBytes, limits.largeBytes),
    command: `stat -- ${pathIn(file)}`,
  }));
  if (state.unproven > 0) {
    const why = work.openness.blindness.join('; ') || 'the files are of another user';
    const summary = `${counted(state.unproven, 'log')} due and perhaps open, 0 expected: ${why}`;
    tell('openness-unknown', { summary: cut(summary), value: state.unproven, limit: 0, unit: 'count' });
  }
  each('name-taken', state.nameTaken, (file) => ({
    summary: `${subjectOf(file)}: ${shownPath(gzipNameOf(file))} is there and has another content`,
    command: `gzip -dc -- ${pathIn(file, gzipNameOf(file))} | cmp - ${pathIn(file)}`,
  }));
  each('no-space', state.noSpace, (file) => ({
    summary: `${subjectOf(file)}: ${bytesInWords(file.sizeBytes)} and ${bytesInWords(work.reserveBytes)} beside it must be free for its copy`,
    value: file.sizeBytes,
    unit: 'bytes',
    command: `df -h -- ${quotedPath(root.path)}`,
  }));
  each('not-writable', state.notWritable, (file) => ({
    summary: `${subjectOf(file)} is due and its folder may not be changed`,
    command: `ls -ld -- ${quotedPath(pathOf(root, { ...file, name: '.' }))} ${pathIn(file)}`,
  }));
  each('implausible-date', survey.implausible.first, (file) => ({
    summary: `${subjectOf(file)} is dated ${new Date(writtenAt(file)).toISOString()}, which cannot be`,
    command: `stat -- ${pathIn(file)}`,
  }));
  for (const { file, original } of state.blockedLeftovers) {
    const summary = `${subjectOf(file)} is what ${shownPath(original)} was before a run was killed`;
    tell('leftover', {
      subject: subjectOf(file),
      summary,
      command: `ls -li -- ${pathIn(file, original)} ${pathIn(file)}`,
    });
  }
  const left = survey.due.count - state.reached;
  if (left > 0) {
    const summary = `${left} of ${survey.due.count} logs that are due are left to the next run, ${state.started} were in its cap or time`;
    tell('files-left', { summary, value: left, limit: 0, unit: 'count' });
  }
  if (survey.exemptFiles > 0) {
    const summary = `${counted(survey.exemptFiles, 'file')} with ${bytesInWords(survey.exemptBytes)} are exempt`;
    tell('exempt', { summary, value: survey.exemptBytes, unit: 'bytes' });
  }
  const alone = [...survey.left, ...(state.changed > 0 ? [['changed', state.changed] as const] : [])];
  if (alone.length > 0) {
    const summary = `left alone: ${alone.map(([why, count]) => `${counted(count, LEFT[why][0])}${LEFT[why][1]}`).join(', ')}`;
    tell('left-alone', { summary, value: alone.reduce((sum, [, count]) => sum + count, 0), unit: 'count' });
  }
  return findings;
}

const LEFT = {
  link: ['link', ''],
  'hard-link': ['file', ' with several names'],
  'other-file-system': ['folder', ' on another file system'],
  'name-too-long': ['name', ' too long for a gzip beside it'],
  changed: ['file', ' that changed meanwhile'],
} as const;

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

function subjectOf({ folder, name }: LogFile): string {
  return shownPath([...folder, name].join('/'));
}

function bytes(value: number, limit: number) {
  return { value, limit, unit: 'bytes' } as const;
}

function cut(text: string): string {
  return text.length > 1_500 ? `${text.slice(0, 1_499)}…` : text;
}
