import type { FindingKind } from '../../../core/finding.ts';

/** What the verification of a backup can find. */
export const VERIFY_FINDINGS = {
  'no-backup': {
    severity: 'fail',
    means: 'The folder can be read and there is no backup in it.',
    matters: 'A lost disk or a wrong DELETE now loses the whole database for good.',
    remedy: 'Make a backup now, and find out why the scheduled one does not arrive.',
    prevention: 'Let the backup job report its exit code, and run this task after each of its runs.',
  },
  'too-old': {
    severity: 'fail',
    means: 'The newest backup is older than the profile allows.',
    matters: 'What was written since would be lost in a disaster, and it grows by the hour.',
    remedy: 'Read the log of the backup job, mend it, and make a backup now.',
    prevention: 'Raise an alarm when the backup job fails, and set maxAge to what the business can lose.',
  },
  misdated: {
    severity: 'fail',
    means:
      'The name, the time of writing and the time inside of the backup cannot all be true: an old one may bear a new name.',
    matters: 'A restore from it would bring back an older state than its name promises.',
    remedy: 'Compare it with the backups before it; where the names are only in local time, set timezone.',
    prevention: 'Let the job name its file in UTC at the moment of the dump, and never rename or touch a backup.',
  },
  rewritten: {
    severity: 'info',
    means: 'The backup was written long after the time in its name: it was copied, or it took long.',
    remedy: 'Nothing, if it was copied; if dumps take this long, raise stampTolerance.',
  },
  identical: {
    severity: 'warn',
    means: 'The newest backup has the same bytes as an earlier one: nothing changed in the database, or it is a copy.',
    matters: 'If it is a copy, the changes since the earlier one are in no backup at all.',
    remedy: 'Compare a table that changes every day with the same table in the backup.',
    prevention: 'Let the job dump to a new file each time, and fail rather than keep the old one when pg_dump fails.',
  },
  'several-series': {
    severity: 'warn',
    means: 'There are backups of several things and only the newest file of all was verified.',
    matters: 'A series that stopped or broke stays unseen behind one that goes on.',
    remedy: 'Give this task an entry for each of them with its own match.',
    prevention: 'Give each database a prefix of its own in the bucket or folder.',
  },
  'still-written': {
    severity: 'info',
    means: 'A newer backup is still being written, and the newest finished one was verified.',
    remedy: 'Nothing, unless it stays so.',
  },
  'never-finished': {
    severity: 'warn',
    means: 'A newer backup was begun, has not been written to for an hour and never got its final name.',
    matters: 'The last backup job did not end, so the newest usable state is that of the run before it.',
    remedy: 'Read the log of the backup job: it was probably killed or ran out of space.',
    prevention: 'Watch the free space where dumps are made, and give the job a time limit that reports.',
  },
  empty: {
    severity: 'fail',
    means: 'The backup has no rows at all, although it may be a perfect archive.',
    matters: 'A restore from it succeeds and gives an empty database.',
    remedy: 'Look which database the backup job dumps and as whom, then make a backup again.',
    prevention: 'Name host and database of the dump explicitly, and give its role SELECT on every table.',
  },
  shrunken: {
    severity: 'fail',
    means: 'The backup is far smaller than those before it: it has probably lost something.',
    matters: 'The missing tables or rows age out with the older backups and are then gone everywhere.',
    remedy: 'Compare the tables with pg_restore --list; if much was deleted on purpose, lower shrunkBelow for a while.',
    prevention: 'Announce large deletions, and keep one backup from before each of them.',
  },
  grown: {
    severity: 'warn',
    means: 'The backup is far larger than those before it.',
    matters: 'Restores take longer than planned, and the disk of the backups fills earlier than forecast.',
    remedy: 'Find the table that grew, and look whether the restore still fits its time and disk.',
    prevention: 'Give growing tables a retention, and let postgres-forecast-size watch them.',
  },
  'no-history': {
    severity: 'info',
    means: 'There are too few earlier backups of this name to say whether its size is usual.',
    remedy: 'Nothing; once there are three, sizes are compared.',
  },
  'cut-short': {
    severity: 'fail',
    means: 'The backup ends before its end.',
    matters: 'A restore would stop in the middle, or lose the rest without a word.',
    remedy: 'Make a backup again, and look for a full disk, a broken connection or a killed job.',
    prevention: 'Write to a temporary name, check the exit code of every part of the pipe, and rename only then.',
  },
  damaged: {
    severity: 'fail',
    means: 'Bytes of the backup are not those that were written.',
    matters: 'A restore stops at the damage or brings wrong data back, and the cause may hit the next backup too.',
    remedy: 'Make a backup again, keep this one for the search, and check the disk or the way of transfer.',
    prevention: 'Send backups in binary with a checksum, and keep them where bit rot is found, such as S3 or ZFS.',
  },
  'checksum-mismatch': {
    severity: 'fail',
    means: 'The backup is not the one of which the digest beside it was taken.',
    matters:
      'Nobody can say whether it was changed by a fault or on purpose, so it is no evidence and no safe restore.',
    remedy: 'Make a backup again, and find out who or what changed the file or its digest.',
    prevention: 'Allow only the backup job to write there, and turn on versioning or Object Lock.',
  },
  'cannot-be-opened': {
    severity: 'unknown',
    means: 'The contents of the backup could not be looked at, so nothing is known of them.',
    matters: 'It may be anything, and you would learn that only on the day of the restore.',
    remedy: 'Read the reason; let backups-rehearse-restore prove what cannot be read here.',
    prevention: 'Keep backups in a format that can be verified where they lie, and rehearse the others monthly.',
  },
  'changed-while-read': {
    severity: 'unknown',
    means: 'The backup was written to or replaced while it was being read.',
    matters: 'Neither the old nor the new contents were verified to the end.',
    remedy: 'Run the procedure again, at a time when no backup is being made.',
    prevention: 'Schedule this task after the backup job, and let the job write to a name that is never used again.',
  },
  'not-read-in-time': {
    severity: 'unknown',
    means: 'The backup is too large to be read to its end in the time of this task.',
    matters: 'Damage in the part that was not read stays unseen.',
    remedy: 'Raise timeoutSeconds of the entry, or let backups-rehearse-restore prove it.',
    prevention: 'Dump as a directory or per table, so that the parts stay readable in the time there is.',
  },
  'no-checksum': {
    severity: 'warn',
    means: 'The format of this backup has no checksum, and there is no digest beside it.',
    matters: 'Rows could be altered on disk without anything showing it.',
    remedy: 'Compress the dump, or write its digest beside it: sha256sum backup > backup.sha256.',
    prevention: 'Let the backup job end with the digest of what it wrote.',
  },
  'lost-objects': {
    severity: 'warn',
    means: 'Tables, indexes or constraints of the backup before are not in this one.',
    matters: 'A restore would come up without them, and the older backups that have them expire.',
    remedy: 'If nobody removed them on purpose, look at the options and the role of the backup job.',
    prevention: 'Dump whole databases without lists of tables, with a role that owns or may read all of them.',
  },
  verified: {
    severity: 'info',
    means:
      'The backup was read from its first byte to its last and nothing was wrong; whether it restores is not known.',
    remedy: 'Nothing; let backups-rehearse-restore prove that it restores.',
  },
} as const satisfies Record<string, FindingKind>;
