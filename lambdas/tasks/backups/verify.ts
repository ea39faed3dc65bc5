import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import { targetsOf } from '../../../core/platform.ts';
import { defineTask } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { abortBefore } from '../../runtime/time-limit.ts';
import { examine } from './_examination.ts';
import { backupNeeds } from './_needs.ts';
import { permissionsFor, sourceOf } from './_place.ts';
import { shown } from './_shown.ts';
import { VERIFY_FINDINGS } from './_verify-findings.ts';

const Input = z.strictObject({
  maxAge: DurationSeconds.default(93_600).describe(
    'How old the newest backup may be; 26h by default, a day and some slack',
  ),
  match: z
    .string()
    .min(1)
    .default('*')
    .describe('Which names are backups, with * and ?, such as database_*.sql.gz; all files by default'),
  timezone: z
    .string()
    .refine(isTimeZone, 'is not a time zone; write it as UTC or Europe/Berlin')
    .default('UTC')
    .describe('The time zone of the times in the names, where they have none of their own'),
  stampTolerance: DurationSeconds.default(7_200).describe(
    'How far the time in the name, the time of writing and the time inside may lie apart; 2h by default',
  ),
  history: z
    .int()
    .min(3)
    .max(60)
    .default(7)
    .describe('With how many earlier backups of the same name the newest is compared'),
  shrunkBelow: Percent.default(50).describe(
    'The share of the usual size below which a backup has lost something; 50% by default',
  ),
  grownBeyond: z
    .number()
    .min(1)
    .default(3)
    .describe('The multiple of the usual size above which a backup is looked at'),
});

export const task = defineTask({
  name: 'backups-verify',
  summary: 'Verifies that there is a young backup of usual size, and reads the newest to its end',
  effect: 'read-only',
  target: 'backups',
  input: Input,
  examples: [{}, { maxAge: '8h' }, { match: 'database_*.sql.gz', timezone: 'Europe/Berlin', shrunkBelow: '80%' }],
  findings: VERIFY_FINDINGS,
  permissions: (platform) => [
    ...secretPermissions(platform, 'backups'),
    ...[...targetsOf(platform, 'backups').values()].flatMap(({ url }) => permissionsFor(url)),
  ],
  needs: ({ input, targets, signal }) => eachNeed(targets, ({ url }) => backupNeeds(url.reveal(), input, signal)),
  timeoutSeconds: 840,
  run: ({ input, targets, now, clock, deadline, signal }) =>
    eachTarget(
      targets,
      async ({ name: target, url }) => {
        const stop = abortBefore(deadline, clock(), signal);
        const { observations, measurements } = await examine(sourceOf(url.reveal(), stop), input, {
          now,
          signal: stop,
        });
        return {
          findings: observations.map(({ summary, ...rest }) => ({ ...rest, summary: shown(summary), target })),
          measurements: measurements.map((measurement) => ({ ...measurement, target })),
        };
      },
      { concurrency: 2 },
    ),
});

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}
