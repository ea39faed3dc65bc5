import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { CapPercent, DurationSeconds } from '../../../core/duration.ts';
import { Unavailable } from '../../../core/errors.ts';
import { defineTask } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { groupPermissions } from './_group-permissions.ts';
import { groupName } from './_log-groups.ts';
import { FOLDER_FINDINGS, GROUP_FINDINGS, type FolderKind, type GroupKind } from './_retention-findings.ts';
import { retainFolder } from './_retention-folder.ts';
import { groupRetentionNeeds } from './_retention-group-needs.ts';
import { RETENTION_DAYS, retainGroups } from './_retention-groups.ts';
import { retentionNeeds } from './_retention-needs.ts';

const DAY = 86_400;
const atLeast = (days: number) => (seconds: number) => seconds >= days * DAY;

const Input = z
  .strictObject({
    compressAfter: DurationSeconds.refine(atLeast(1), 'must be 1d at least')
      .prefault('7d')
      .describe('Compress a log that was last written to longer ago than this; a day at least'),
    deleteAfter: DurationSeconds.refine(atLeast(7), 'must be 7d at least')
      .prefault('30d')
      .describe('Delete a compressed log that was last written to longer ago than this; a week at least'),
    quietFor: DurationSeconds.prefault('1h').describe(
      'Never touch a file that was written to within this time, whatever else is said',
    ),
    largeAbove: z
      .int()
      .positive()
      .default(100)
      .describe('Megabytes from which a log that is held open or not rotated is a warning'),
    keepFree: z
      .int()
      .nonnegative()
      .default(256)
      .describe('Megabytes of the disk that must stay free while a compressed copy is written'),
    exempt: z
      .array(z.string().min(1).max(200))
      .max(100)
      .default([])
      .describe('Names or paths to leave alone besides audit, authentication and journal files; * stands for anything'),
    retentionDays: z
      .literal(RETENTION_DAYS)
      .default(365)
      .describe('Days that a CloudWatch log group without a retention is given; one of those that the service knows'),
    shortenRetention: z
      .boolean()
      .default(false)
      .describe('Also shorten a longer retention of a log group, which deletes its older events'),
    maxChanges: z.int().min(1).max(1_000).default(200).describe('The most files or log groups that one run may change'),
    maxPercent: CapPercent.prefault('50%').describe(
      'The largest share of the logs or log groups of a target that one run may change',
    ),
  })
  .refine(({ compressAfter, deleteAfter }) => deleteAfter >= compressAfter, {
    path: ['deleteAfter'],
    message: 'must not be shorter than compressAfter',
  });

const MEGABYTE = 1_000_000;

/** The folder of a `file:///` address. */
export function folderOf(url: string): string {
  if (!url.startsWith('file:///')) throw new Unavailable('the url is neither file:/// nor cloudwatch-logs:');
  return fileURLToPath(url);
}

export const task = defineTask({
  name: 'logs-enforce-retention',
  summary: 'Compresses and deletes logs that nobody has open any more, and gives log groups a retention',
  effect: 'mutating',
  target: 'logs',
  input: Input,
  examples: [
    {},
    { compressAfter: '7d', deleteAfter: '30d', exempt: ['billing/*', 'payments-*.log*'] },
    { retentionDays: 90, shortenRetention: true, maxPercent: '100%' },
  ],
  findings: { ...FOLDER_FINDINGS, ...GROUP_FINDINGS },
  permissions: (platform) => [...secretPermissions(platform, 'logs'), ...groupPermissions(platform)],
  needs: ({ input, targets, signal }) =>
    eachNeed(targets, ({ url }) => {
      const group = groupName(url.reveal());
      if (group !== undefined) return groupRetentionNeeds(group, signal);
      return retentionNeeds(folderOf(url.reveal()), { exempt: input.exempt, signal });
    }),
  timeoutSeconds: 600,
  cap: ({ maxChanges, maxPercent }) => ({ absolute: maxChanges, percent: maxPercent }),
  run: ({ input, targets, now, clock, deadline, signal, mode, act }) =>
    eachTarget<FolderKind | GroupKind, (typeof targets)[number]>(targets, ({ name, url }) => {
      const limits = {
        compressAfterSeconds: input.compressAfter,
        deleteAfterSeconds: input.deleteAfter,
        quietForSeconds: input.quietFor,
        largeBytes: input.largeAbove * MEGABYTE,
      };
      const { exempt, maxChanges, maxPercent } = input;
      const reserveBytes = input.keepFree * MEGABYTE;
      const bounds = { limits, exempt, maxChanges, maxPercent, reserveBytes };
      const work = { target: name, ...bounds, now, clock, deadline, signal, mode, act };
      const group = groupName(url.reveal());
      if (group !== undefined) return retainGroups(work, input, group);
      return retainFolder(work, folderOf(url.reveal()));
    }),
});
