import type { FindingKind } from '../../../core/finding.ts';

/** What can be found in a folder of logs. */
export const FOLDER_FINDINGS = {
  'held-open': {
    severity: 'warn',
    means:
      'A log that is due by its age, and large, is held open by a process, so it is neither compressed nor deleted.',
    matters: 'It keeps its space until the process lets go of it, and a disk that is full stops the service.',
    remedy: 'Look with the command which program it is, and have it open its logs anew, with its reload as a rule.',
    prevention: 'Let the rotation of this program signal it (postrotate of logrotate), so that it closes the old file.',
  },
  'in-use': {
    severity: 'info',
    means: 'Logs that are due by their age are held open by processes, and are left until they are closed.',
    remedy: 'Nothing; they are small, and every run looks again.',
  },
  'nameless-file': {
    severity: 'warn',
    means:
      'A process holds a large log that was deleted while it was open: its space is still taken and no name shows it.',
    matters:
      'The file grows where no listing shows it until the disk is full, and its content goes when the process ends.',
    remedy: 'Save the content with the command if you need it, then have the program open its logs anew or restart it.',
    prevention:
      'Never delete or compress a log that a process has open; have it rotated by a tool that signals the program.',
  },
  'not-rotated': {
    severity: 'warn',
    means: 'A large log has been written to for more than a week and nothing rotates it.',
    matters: 'It grows until the disk is full, and while it is written to it can be neither compressed nor deleted.',
    remedy: 'Give the program a rotation: its own setting, or an entry of logrotate that signals it.',
    prevention: 'Let the deployment of every program that writes a file bring the rotation of that file with it.',
  },
  'openness-unknown': {
    severity: 'unknown',
    means: 'Logs are due, and it cannot be proven that no process has them open, so they are left as they are.',
    matters: 'Nothing there is compressed or deleted, and the disk fills up.',
    remedy:
      'Run Fettle on the machine itself, as the owner of the files with perl or python3 installed, or as root; on a network file system run it where the files lie.',
    prevention: 'Keep logs on a local disk, and let `fettle doctor` run as the user that the schedule uses.',
  },
  'name-taken': {
    severity: 'warn',
    means: 'A log cannot be compressed, for a file with another content has the name that its gzip would get.',
    matters: 'The log stays in its full size for as long as both are there.',
    remedy: 'Compare the two with the command, and rename one of them.',
    prevention: 'Let one rotation alone name the files of a log; two of them on one folder overwrite each other.',
  },
  'no-space': {
    severity: 'warn',
    means: 'The disk has not enough room to write the compressed copy before the original goes.',
    matters: 'Nothing of that size can be compressed until there is room, and the disk is close to full.',
    remedy: 'Make room: look for what is largest with the command, and move or delete it.',
    prevention: 'Watch the free space of the disk, and compress earlier, by a smaller compressAfter.',
  },
  'files-left': {
    severity: 'warn',
    means: 'More logs are due than the cap or the time of one run allows; the oldest came first.',
    matters: 'If every run leaves some, the folder grows for ever.',
    remedy: 'Nothing if the next run catches up; if it repeats, raise maxChanges or maxPercent on purpose.',
    prevention: 'Run it daily, so that there is little to do each time.',
  },
  'implausible-date': {
    severity: 'warn',
    means: 'The date of a log is before the year 2000 or in the future, so its age is not known and it is left alone.',
    matters: 'It is never compressed or deleted, and a wrong clock would make the age of everything wrong.',
    remedy: 'See whether the clock of the machine is right, then give the file its date with touch.',
    prevention: 'Keep the clock synchronised, and copy logs with their dates.',
  },
  leftover: {
    severity: 'warn',
    means: 'A run that was killed left a log under its working name, and its own name is taken by another file now.',
    matters: 'The log is not where its readers look for it.',
    remedy: 'Look at both files with the command, and give the older one a name of its own.',
    prevention: 'Give the task more time if its limit cut it off; find out who killed it if not.',
  },
  'not-writable': {
    severity: 'warn',
    means: 'Logs are due in a folder that Fettle may not change: it is read-only, or belongs to another user.',
    matters: 'Nothing there is compressed or deleted, and the disk fills up.',
    remedy: 'Mount it writable or let Fettle run as the owner of the folder; the command shows both.',
    prevention: 'Let those who make the folder give it to the user that looks after it.',
  },
  'not-walked': {
    severity: 'unknown',
    means: 'A part of the folder could not be read, so what is due there is not known.',
    matters: 'Logs in that part grow unseen.',
    remedy: 'Read the reason, and give the user of Fettle the right to read and enter the folder.',
    prevention: 'Let those who make a folder of logs give Fettle the right to read it.',
  },
  'no-logs': {
    severity: 'unknown',
    means: 'There is no log at the address, so there is nothing that could be judged.',
    matters: 'The logs that you mean probably lie elsewhere, and nobody looks after them.',
    remedy: 'See whether the url of the target names the right folder or log group.',
    prevention: 'Change the url of the target together with the place where the program writes.',
  },
  exempt: {
    severity: 'info',
    means: 'Files that may be evidence (audit, authentication, journal and what the profile exempts) are left alone.',
    remedy: 'Nothing here; give them a retention of their own that whoever answers for the evidence has agreed to.',
  },
  'left-alone': {
    severity: 'info',
    means: 'Links, files with several names, other file systems and files that changed meanwhile are left alone.',
    remedy: 'Nothing, unless you expected them to be looked after: then name their own folder as a target.',
  },
} as const satisfies Record<string, FindingKind>;
export type FolderKind = keyof typeof FOLDER_FINDINGS;

/** What can be found of the log groups of CloudWatch. */
export const GROUP_FINDINGS = {
  'no-retention': {
    severity: 'warn',
    means: 'A log group has no retention, so its events are kept and paid for without end.',
    matters: 'The bill grows each month, and personal data in the events is kept longer than it may be.',
    remedy: 'Approve the plan of this run, or set the retention with the command.',
    prevention: 'Set the retention where the group is made, in its stack, rather than letting a program create it.',
  },
  'kept-longer': {
    severity: 'info',
    means: 'A log group keeps its events longer than the profile wants; to shorten it would delete events.',
    remedy: 'Nothing if that is meant; else set shortenRetention in the profile, and look at the plan first.',
  },
} as const satisfies Record<string, FindingKind>;
export type GroupKind = keyof typeof GROUP_FINDINGS;
