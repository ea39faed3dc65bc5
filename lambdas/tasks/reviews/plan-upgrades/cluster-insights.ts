import type { Cluster, Deprecation } from './cluster.ts';
import { addDays, dayOf, daysUntil } from './days.ts';
import { notKnown, type Ground, type Note } from './hop.ts';

/** EKS refreshes each day; what is older by a day more is of another cluster than the one that runs now. */
const STALE_DAYS = 2;
/** An insight counts the calls of so many days. */
const CALLS_DAYS = 30;

interface InsightRow {
  readonly name: string;
  readonly version: string | null;
  readonly status: string;
  readonly reason: string;
  readonly green_from: string | null;
}

/** What stands in the way of an upgrade; what is red only because EKS looks back 30 days is told apart. */
export function judgeInsights(
  { name, insights }: Pick<Cluster, 'name' | 'insights'>,
  { now, input }: Ground,
): { readonly rows: InsightRow[]; readonly notes: Note[] } {
  const subject = `cluster ${name}`;
  // That they could not be read is said with the action that it needs.
  if (insights === undefined) return { rows: [], notes: [] };
  if (insights.length === 0) {
    return {
      rows: [],
      notes: [notKnown(subject, 'EKS has no upgrade insight of it, so what stands in the way is not known')],
    };
  }
  const rows: InsightRow[] = [];
  const notes: Note[] = [];
  const stale = insights.filter((one) => one.refreshedAt === undefined || daysUntil(now, one.refreshedAt) > STALE_DAYS);
  if (stale.length > 0) {
    const last = stale.flatMap(({ refreshedAt }) => refreshedAt ?? []).toSorted((a, b) => +a - +b)[0];
    const when = last ? `were last refreshed on ${dayOf(last)}` : 'were never refreshed';
    notes.push(notKnown(subject, `${stale.length} of its ${insights.length} upgrade insights ${when}`));
  }
  for (const insight of insights) {
    const { status, reason, version } = insight;
    const calls = insight.deprecations.map((deprecation) => callsOf(deprecation, now, input.quietDays));
    const isQuiet = calls.length > 0 && calls.every(({ state }) => state === 'quiet');
    const last = calls.flatMap(({ lastCalledAt }) => lastCalledAt ?? []).toSorted((a, b) => +b - +a)[0];
    const greenFrom = isQuiet && last && status !== 'PASSING' ? addDays(last, CALLS_DAYS + 1) : undefined;
    rows.push({
      name: insight.name,
      version: version ?? null,
      status,
      reason,
      green_from: greenFrom ? dayOf(greenFrom) : null,
    });
    if (status === 'PASSING') continue;
    const about = `${subject}: the insight "${insight.name}"${version === undefined ? '' : ` for ${version}`}`;
    if (status === 'UNKNOWN') notes.push(notKnown(subject, `EKS cannot tell what "${insight.name}" is: ${reason}`));
    else if (insight.deprecations.length === 0) {
      notes.push({ kind: 'insight-failing', subject, summary: `${about} is ${status}: ${reason}` });
    } else if (greenFrom && last) {
      const summary = `${about} is still ${status}, and the API was last called on ${dayOf(last)}; EKS shows it until ${dayOf(greenFrom)}`;
      notes.push({ kind: 'insight-lagging', subject, summary });
    } else {
      notes.push(...insight.deprecations.flatMap((one, i) => callNote(about, one, calls[i], subject)));
    }
  }
  return { rows, notes };
}

interface Calls {
  readonly state: 'called' | 'quiet' | 'unknown';
  readonly lastCalledAt: Date | undefined;
  readonly agents: readonly string[];
}

/** A client without a time may have called a minute ago. */
function callsOf({ clients }: Deprecation, now: Date, quietDays: number): Calls {
  const times = clients.flatMap(({ lastCalledAt }) => lastCalledAt ?? []);
  const recent = clients.filter(({ lastCalledAt }) => lastCalledAt && daysUntil(now, lastCalledAt) <= quietDays);
  const state =
    recent.length > 0 ? 'called' : clients.length > 0 && times.length === clients.length ? 'quiet' : 'unknown';
  return { state, lastCalledAt: times.toSorted((a, b) => +b - +a)[0], agents: recent.map(({ agent }) => agent) };
}

function callNote(
  about: string,
  { api, replacement, servedUntil }: Deprecation,
  calls: Calls | undefined,
  subject: string,
): Note[] {
  const instead = replacement ? `, ${replacement} instead` : '';
  const until = servedUntil ? `, not served from ${servedUntil} on` : '';
  if (calls?.state === 'quiet') return [];
  if (calls?.state !== 'called')
    return [notKnown(subject, `${about.slice(subject.length + 2)} names ${api} and not who calls it`)];
  const last = calls.lastCalledAt ? ` on ${dayOf(calls.lastCalledAt)}` : '';
  const summary = `${about}: ${api} is still called, last${last} by ${calls.agents.slice(0, 3).join(', ')}${until}${instead}`;
  return [{ kind: 'api-still-called', subject, summary }];
}
