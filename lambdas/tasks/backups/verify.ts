import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import { Unavailable } from '../../../core/errors.ts';
import { targetsOf } from '../../../core/platform.ts';
import { isReference } from '../../../core/target-kinds.ts';
import { defineTask, type Permission } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { bucketAddress, bucketSource } from './_bucket.ts';
import { directorySource } from './_directory.ts';
import { examine } from './_examination.ts';
import { secondsBetween } from './_judgement.ts';
import { shown } from './_shown.ts';
import type { BackupSource } from './_source.ts';

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

const KINDS = {
  'no-backup': {
    severity: 'fail',
    means: 'The folder can be read and there is no backup in it.',
    remedy: 'Make a backup now, and find out why the scheduled one does not arrive.',
  },
  'too-old': {
    severity: 'fail',
    means: 'What happened since the newest backup would be lost in a disaster.',
    remedy: 'Read the log of the backup job, mend it, and make a backup now.',
  },
  misdated: {
    severity: 'fail',
    means:
      'The name, the time of writing and the time inside of the backup cannot all be true: an old one may bear a new name.',
    remedy: 'Compare it with the backups before it; where the names are only in local time, set timezone.',
  },
  rewritten: {
    severity: 'info',
    means: 'The backup was written long after the time in its name: it was copied, or it took long.',
    remedy: 'Nothing, if it was copied; if dumps take this long, raise stampTolerance.',
  },
  identical: {
    severity: 'warn',
    means: 'The newest backup has the same bytes as an earlier one: nothing changed in the database, or it is a copy.',
    remedy: 'Compare a table that changes every day with the same table in the backup.',
  },
  'several-series': {
    severity: 'warn',
    means: 'There are backups of several things and only the newest file of all was verified.',
    remedy: 'Give this task an entry for each of them with its own match.',
  },
  'still-written': {
    severity: 'info',
    means: 'A newer backup is still being written, and the newest finished one was verified.',
    remedy: 'Nothing, unless it stays so.',
  },
  'never-finished': {
    severity: 'warn',
    means: 'A newer backup was begun, has not been written to for an hour and never got its final name.',
    remedy: 'Read the log of the backup job: it was probably killed or ran out of space.',
  },
  empty: {
    severity: 'fail',
    means: 'The backup has no rows at all, although it may be a perfect archive.',
    remedy: 'Look which database the backup job dumps and as whom, then make a backup again.',
  },
  shrunken: {
    severity: 'fail',
    means: 'The backup is far smaller than those before it: it has probably lost something.',
    remedy: 'Compare the tables with pg_restore --list; if much was deleted on purpose, lower shrunkBelow for a while.',
  },
  grown: {
    severity: 'warn',
    means: 'The backup is far larger than those before it.',
    remedy: 'Find the table that grew, and look whether the restore still fits its time and disk.',
  },
  'no-history': {
    severity: 'info',
    means: 'There are too few earlier backups of this name to say whether its size is usual.',
    remedy: 'Nothing; once there are three, sizes are compared.',
  },
  'cut-short': {
    severity: 'fail',
    means: 'The backup ends before its end, so that a restore would stop or silently lose the rest.',
    remedy: 'Make a backup again, and look for a full disk, a broken connection or a killed job.',
  },
  damaged: {
    severity: 'fail',
    means: 'Bytes of the backup are not those that were written.',
    remedy: 'Make a backup again, keep this one for the search, and check the disk or the way of transfer.',
  },
  'checksum-mismatch': {
    severity: 'fail',
    means: 'The backup is not the one of which the digest beside it was taken.',
    remedy: 'Make a backup again, and find out who or what changed the file or its digest.',
  },
  'cannot-be-opened': {
    severity: 'unknown',
    means: 'The contents of the backup could not be looked at, so nothing is known of them.',
    remedy: 'Read the reason; let backups-rehearse-restore prove what cannot be read here.',
  },
  'changed-while-read': {
    severity: 'unknown',
    means: 'The backup was written to or replaced while it was being read.',
    remedy: 'Run the procedure again, at a time when no backup is being made.',
  },
  'not-read-in-time': {
    severity: 'unknown',
    means: 'The backup is too large to be read to its end in the time of this task.',
    remedy: 'Raise timeoutSeconds of the entry, or let backups-rehearse-restore prove it.',
  },
  'no-checksum': {
    severity: 'warn',
    means: 'Rows of this backup could be altered on disk without anything showing it.',
    remedy: 'Compress the dump, or write its digest beside it: sha256sum backup > backup.sha256.',
  },
  'lost-objects': {
    severity: 'warn',
    means: 'Tables, indexes or constraints of the backup before are not in this one.',
    remedy: 'If nobody removed them on purpose, look at the options and the role of the backup job.',
  },
  verified: {
    severity: 'info',
    means:
      'The backup was read from its first byte to its last and nothing was wrong; whether it restores is not known.',
    remedy: 'Nothing; let backups-rehearse-restore prove that it restores.',
  },
} as const;

// What the task does besides reading: enough to say so before it is stopped.
const MOST_MARGIN_SECONDS = 5;

/** Opens the place that an address names. */
function sourceOf(url: string, signal: AbortSignal): BackupSource {
  if (url.startsWith('s3://')) return bucketSource(bucketAddress(url), signal);
  if (url.startsWith('file:///')) return directorySource(fileURLToPath(url), signal);
  throw new Unavailable('the address is neither s3://bucket/prefix/ nor file:///folder/');
}

function permissionsFor(url: string): Permission[] {
  if (isReference(url)) {
    const because = 'The address is a reference, so the bucket is not known before the task runs.';
    return [{ actions: ['s3:ListBucket', 's3:GetObject'], resources: ['*'], because }];
  }
  if (!url.startsWith('s3://')) return [];
  const { bucket, prefix } = bucketAddress(url);
  return [
    { actions: ['s3:ListBucket'], resources: [`arn:aws:s3:::${bucket}`] },
    { actions: ['s3:GetObject'], resources: [`arn:aws:s3:::${bucket}/${prefix}*`] },
  ];
}

/** Aborts a little before the deadline, so that there is time left to say how far it came. */
function beforeDeadline(signal: AbortSignal, leftSeconds: number): AbortSignal {
  const margin = Math.min(MOST_MARGIN_SECONDS, leftSeconds / 10);
  return AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, leftSeconds - margin) * 1_000)]);
}

export const task = defineTask({
  name: 'backups-verify',
  summary: 'Verifies that there is a young backup of usual size, and reads the newest to its end',
  effect: 'read-only',
  target: 'backups',
  input: Input,
  examples: [{}, { maxAge: '8h' }, { match: 'database_*.sql.gz', timezone: 'Europe/Berlin', shrunkBelow: '80%' }],
  findings: KINDS,
  permissions: (platform) => [...targetsOf(platform, 'backups').values()].flatMap(({ url }) => permissionsFor(url)),
  timeoutSeconds: 840,
  run: ({ input, targets, now, clock, deadline, signal }) =>
    eachTarget(
      targets,
      async ({ name: target, url }) => {
        const stop = beforeDeadline(signal, secondsBetween(clock(), deadline));
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
