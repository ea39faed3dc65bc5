import * as z from 'zod';
import { formatDuration } from '../../../core/duration.ts';
import type { Finding } from '../../../core/finding.ts';

/** A machine that has once given samples, kept from run to run: a Prometheus that lost its data does not know it. */
export const KnownHost = z.object({ name: z.string(), lastSeen: z.iso.datetime() });
export type KnownHost = z.infer<typeof KnownHost>;

export interface Presence {
  readonly present: readonly string[];
  /** Every machine with samples within the last days, and the second of the newest one. */
  readonly seen: ReadonlyMap<string, number>;
  /** Machines that are to be scraped and do not answer. */
  readonly down: readonly string[];
}

export type PresenceKind = 'host-vanished' | 'host-gone' | 'hosts-missing';

/** The machines of earlier runs and of this one; those unseen for longer than the time limit are forgotten. */
export function nextHosts(
  earlier: readonly KnownHost[],
  { present, seen }: Presence,
  { now, forgetAfter }: { readonly now: Date; readonly forgetAfter: number },
): KnownHost[] {
  const lastSeen = new Map(earlier.map(({ name, lastSeen }) => [name, Date.parse(lastSeen)]));
  for (const [name, seconds] of seen) lastSeen.set(name, Math.max(seconds * 1_000, lastSeen.get(name) ?? 0));
  for (const name of present) lastSeen.set(name, now.getTime());
  return [...lastSeen]
    .filter(([, at]) => now.getTime() - at <= forgetAfter * 1_000)
    .map(([name, at]) => ({ name, lastSeen: new Date(Math.min(at, now.getTime())).toISOString() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * A machine that is not there is not healthy: it is unknown, until it has been away for so long that it was meant.
 *
 * Autoscaling takes machines away on purpose. Where the profile says how many there must be, one that is no longer
 * to be scraped is only worth a word as long as there are enough.
 */
export function judgePresence(
  target: string,
  { present, down }: Presence,
  hosts: readonly KnownHost[],
  { now, expectedHosts, forgetAfter }: { now: Date; expectedHosts: number | undefined; forgetAfter: number },
): Finding<PresenceKind>[] {
  const isPresent = new Set(present);
  const isDown = new Set(down);
  const absent = hosts.filter(({ name }) => !isPresent.has(name) && !isDown.has(name));
  const findings: Finding<PresenceKind>[] = down
    .filter((name) => !isPresent.has(name))
    .map((name) => ({
      kind: 'host-vanished',
      target,
      subject: name,
      summary: `${name} is to be scraped and its exporter does not answer; an answer is expected`,
    }));
  const enough = expectedHosts !== undefined && present.length >= expectedHosts;
  for (const { name, lastSeen } of absent) {
    const ageSeconds = (now.getTime() - Date.parse(lastSeen)) / 1_000;
    const summary = `${name} gave its last sample ${formatDuration(ageSeconds)} ago and is no longer scraped; it is forgotten after ${formatDuration(forgetAfter)}`;
    findings.push({ kind: enough ? 'host-gone' : 'host-vanished', target, subject: name, summary });
  }
  if (expectedHosts !== undefined && present.length < expectedHosts) {
    findings.push({
      kind: 'hosts-missing',
      target,
      summary: `${present.length} machines have samples, at least ${expectedHosts} are expected`,
      value: present.length,
      limit: expectedHosts,
      unit: 'count',
    });
  }
  return findings;
}
