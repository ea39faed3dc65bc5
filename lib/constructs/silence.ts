import { nextOccurrence, parseSchedule } from '../../core/calendar/cron.ts';
import type { Procedure } from '../../core/platform.ts';

const HOUR_SECONDS = 3_600;
const YEAR_SECONDS = 366 * 24 * HOUR_SECONDS;
/** CloudWatch looks back seven days at most where its periods are hours. */
const LONGEST_HOURS = 168;
/** What a run may take beyond its budget, and its start beyond its time. */
const SLACK_SECONDS = 1_800;
/** Any fixed moment: the same profile gives the same template whenever it is synthesized. */
const FROM = new Date(Date.UTC(2024, 0));

/**
 * After how many hours without the end of a run its procedure is silent.
 *
 * Undefined where it has no schedule, and where the schedule leaves longer gaps than CloudWatch can look back
 * (weekly ones and rarer): an alarm would then ring between two runs. Of those Tick alone says that one is missing.
 */
export function silentAfterHours({ schedule, timezone, budgetSeconds }: Procedure): number | undefined {
  const gapSeconds = schedule === undefined ? undefined : longestGapSeconds(schedule, timezone);
  if (gapSeconds === undefined) return undefined;
  // One more, because the hour in which a run ended is a whole one for CloudWatch.
  const hours = Math.ceil((gapSeconds + budgetSeconds + SLACK_SECONDS) / HOUR_SECONDS) + 1;
  return hours <= LONGEST_HOURS ? hours : undefined;
}

/** At most an hour too long, for in a year of minutes only the gaps are looked at. */
function longestGapSeconds(text: string, timezone: string): number | undefined {
  const parsed = parseSchedule(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { schedule } = parsed;
  if (schedule.kind === 'rate') return schedule.periodSeconds;
  const first = nextOccurrence(schedule, FROM, timezone);
  if (!first) return undefined;
  let longest = 0;
  let from = first;
  while ((from.getTime() - first.getTime()) / 1_000 < YEAR_SECONDS) {
    const next = nextOccurrence(schedule, new Date(from.getTime() + (HOUR_SECONDS - 1) * 1_000), timezone);
    if (!next) return undefined;
    longest = Math.max(longest, (next.getTime() - from.getTime()) / 1_000);
    from = next;
  }
  return longest;
}
