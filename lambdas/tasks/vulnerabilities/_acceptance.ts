import * as z from 'zod';
import { isAtLeast, type Rating, type Vulnerability } from './_vulnerability.ts';

const DAY_MILLISECONDS = 86_400_000;

/** Who took a risk, why, and until when: what every acceptance says. */
export const ACCEPTANCE = {
  until: z.iso.date().describe('The last day, UTC, on which it is accepted, such as 2026-12-31'),
  reason: z.string().min(10).max(500).describe('Why the risk is taken until then, in a sentence'),
  owner: z.string().min(1).max(100).describe('Who has taken it and looks at it again'),
};

/** A vulnerability that somebody has decided to live with. */
export const AcceptedVulnerability = z.strictObject({
  id: z.string().min(1).max(100).describe('The vulnerability, such as CVE-2024-1234 or GHSA-xxxx-xxxx-xxxx'),
  package: z.string().min(1).max(200).optional().describe('The package that has it; any by default'),
  of: z.string().min(1).max(500).optional().describe('The image or project that has it; any by default'),
  ...ACCEPTANCE,
});
export type AcceptedVulnerability = z.output<typeof AcceptedVulnerability>;

/** What became of an acceptance: without a match it is not known whether it has one where not everything could be read. */
export type AcceptanceState = 'in-force' | 'over' | 'matches-nothing' | 'not-known';

/** True while the day of its end is not over. */
export function isInForce({ until }: { readonly until: string }, now: Date): boolean {
  return now.getTime() < new Date(`${until}T00:00:00Z`).getTime() + DAY_MILLISECONDS;
}

/** The whole days that are left until it ends, the last one included; negative where it has ended. */
export function daysLeft({ until }: { readonly until: string }, now: Date): number {
  const end = new Date(`${until}T00:00:00Z`).getTime() + DAY_MILLISECONDS;
  return Math.floor((end - now.getTime()) / DAY_MILLISECONDS);
}

/** What an acceptance is, from how often it was met and whether everything could be looked at. */
export function acceptanceState(
  acceptance: { readonly until: string },
  { matches, isWhole, now }: { readonly matches: number; readonly isWhole: boolean; readonly now: Date },
): AcceptanceState {
  if (matches === 0) return isWhole ? 'matches-nothing' : 'not-known';
  return isInForce(acceptance, now) ? 'in-force' : 'over';
}

/** True where the acceptance is for this vulnerability of this image or project. */
export function accepts(
  acceptance: AcceptedVulnerability,
  vulnerability: Vulnerability,
  names: readonly string[],
): boolean {
  const wanted = acceptance.id.toUpperCase();
  return (
    [vulnerability.id, ...vulnerability.aliases].some((id) => id.toUpperCase() === wanted) &&
    (acceptance.package === undefined || acceptance.package === vulnerability.package) &&
    (acceptance.of === undefined || names.includes(acceptance.of))
  );
}

/** What a vulnerability asks for: something mends it, nothing does yet, nobody has rated it, or it is too small to count. */
export type Standing = 'fixable' | 'without-fix' | 'not-rated' | 'below-limit' | 'accepted';

/** Where a vulnerability stands that nobody has accepted. */
export function standingOf({ rating, fixedIn }: Vulnerability, limit: Rating, isRated: boolean): Standing {
  if (rating === undefined && isRated) return 'not-rated';
  if (rating !== undefined && !isAtLeast(rating, limit)) return 'below-limit';
  return fixedIn === undefined ? 'without-fix' : 'fixable';
}
