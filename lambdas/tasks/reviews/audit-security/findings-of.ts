import type { Finding } from '../../../../core/finding.ts';
import { printable } from '../../../runtime/http-failure.ts';
import type { Audit } from './audit.ts';
import type { SecurityKind } from './findings.ts';
import type { Flaw } from './flaw.ts';
import type { Look } from './looking.ts';

const LONGEST_SUMMARY = 1_500;
const LONGEST_SUBJECT = 800;
const LONGEST_COMMAND = 3_000;

/** Under which kind a flaw is reported; undefined where it is only in the report's tables. */
export function kindOf({ topic, level }: Pick<Flaw, 'topic' | 'level'>): SecurityKind | undefined {
  const isSevere = level === 'critical' || level === 'high';
  const isMinor = level === 'low' || level === 'informational';
  switch (topic) {
    case 'open-to-world':
      return level === 'low' ? 'open-but-unused' : topic;
    case 'public-snapshot':
    case 'public-image':
      return 'public-share';
    case 'vulnerability':
      return isSevere ? 'severe-vulnerability' : isMinor ? undefined : topic;
    case 'threat':
      return isSevere ? 'threat-seen' : 'suspicion-seen';
    case 'control':
      return isSevere ? 'severe-control-failed' : isMinor ? undefined : 'control-failed';
    default:
      return topic;
  }
}

/** What an audit finds: new ones first, worst first within the same. */
export function findingsOf(audit: Audit): Finding<SecurityKind>[] {
  const { open, differences, applied, exceeded, now } = audit;
  const flaws = open
    .toSorted((a, b) => orderOf(a, audit) - orderOf(b, audit))
    .flatMap((flaw) => {
      const kind = kindOf(flaw);
      if (kind === undefined) return [];
      const { id, title, command, targets } = flaw;
      const change = differences.comparedWith === undefined ? undefined : differences.changes.get(id);
      const summary = `${title}${detailOf(flaw)}${change === 'new' || change === 'worse' ? `; ${change}` : ''}`;
      return targets.map((target): Finding<SecurityKind> => {
        return { kind, target, subject: id, summary, ...(command !== undefined && { command }) };
      });
    });
  const [target = ''] = audit.targets;
  const acceptances = applied.flatMap(({ acceptance, state, flaws: its }): Finding<SecurityKind>[] => {
    const { flaw: subject, until, owner } = acceptance;
    if (state === 'expired') {
      const days = Math.floor((now.getTime() - Date.parse(until)) / 86_400_000);
      const summary = `${subject} was accepted until ${until} by ${owner}, ${days} days ago, and is still there (${its.length})`;
      return [{ kind: 'acceptance-expired', target, subject, summary }];
    }
    if (state !== 'matches-nothing') return [];
    const summary = `${subject}, accepted until ${until} by ${owner}, is no flaw that exists`;
    return [{ kind: 'acceptance-unmatched', target, subject, summary }];
  });
  const worse = exceeded.flatMap(({ flaw, was }) =>
    flaw.targets.map((one): Finding<SecurityKind> => {
      const then = `${was.level}${was.extent === undefined ? '' : `, ${was.extent}`}`;
      const isNow = `${flaw.level}${flaw.extent === undefined ? '' : `, ${flaw.extent}`}`;
      const summary = `${flaw.id} is ${isNow} and was accepted as ${then}`;
      return { kind: 'acceptance-exceeded', target: one, subject: flaw.id, summary };
    }),
  );
  return [...flaws, ...audit.looks.flatMap(gapOf), ...acceptances, ...worse].map(legible);
}

/** Names and titles are other people's words; a record takes them on one line, and none that nobody reads to its end. */
function legible({ command, ...finding }: Finding<SecurityKind>): Finding<SecurityKind> {
  const { subject, summary } = finding;
  return {
    ...finding,
    summary: printable(summary, LONGEST_SUMMARY),
    ...(subject !== undefined && { subject: printable(subject, LONGEST_SUBJECT) }),
    // Half of a command would be another command.
    ...(command !== undefined && command.length <= LONGEST_COMMAND && { command }),
  };
}

function orderOf({ id }: Flaw, { differences }: Audit): number {
  const change = differences.changes.get(id);
  return change === 'new' ? 0 : change === 'worse' ? 1 : 2;
}

function detailOf({ packages = [], sources, times, level }: Flaw): string {
  const software = packages.map(({ name, version, fixedIn }) => {
    const fix = fixedIn === undefined ? '' : `, fixed in ${fixedIn}`;
    return `${name}${version === undefined ? '' : ` ${version}`}${fix}`;
  });
  const named = software.length > 0 ? ` (${software.slice(0, 3).join('; ')})` : '';
  const seen = times === undefined ? '' : `, seen ${times} times`;
  return `${named}; ${level}${seen}, by ${[...new Set(sources.map(({ name }) => name))].join(', ')}`;
}

/** What was not seen is a finding of its own. */
function gapOf(look: Look): Finding<SecurityKind>[] {
  const { target, part: subject } = look;
  if (look.outcome === 'not-enabled') {
    const { why: summary, command } = look;
    return [{ kind: 'not-enabled', target, subject, summary, ...(command !== undefined && { command }) }];
  }
  if (look.outcome !== 'unread') return [];
  const { action, reason, isDenied } = look.unread;
  if (action === '') return [{ kind: 'not-known', target, subject, summary: `${subject}: ${reason}` }];
  const lacks = isDenied ? `; it lacks ${action}` : '';
  return [{ kind: 'part-not-readable', target, subject, summary: `${subject} could not be read: ${reason}${lacks}` }];
}
