/** What an error is about, in a sentence, and what the person who gets it does. */
export interface ErrorMeaning {
  readonly means: string;
  readonly remedy: string;
}

/** Every way in which a platform's profile can be wrong. */
export const PROFILE_ERRORS = {
  CFG_NOT_FOUND: {
    means: 'There is no profile of this name or at this path.',
    remedy: 'Give the name of a file of `platforms/` without its ending, or a path with a slash in it.',
  },
  CFG_UNREADABLE: {
    means: 'The profile is there and cannot be read: it is no file, or its rights forbid it.',
    remedy: 'Give a plain file that you may read.',
  },
  CFG_FILE_ENDING: {
    means: 'A profile ends in .yml and would be passed over.',
    remedy: 'Rename it so that it ends in .yaml.',
  },
  CFG_TOO_LARGE: {
    means: 'The profile is far larger than a profile is, as it stands or with its aliases written out.',
    remedy: 'Check that this is the file you mean; write out what the aliases stand for.',
  },
  CFG_TOO_DEEP: {
    means: 'The profile nests deeper than any setting does.',
    remedy: 'Check the brackets and the indentation at the place.',
  },
  CFG_ENCODING: {
    means: 'The file is not UTF-8, or begins with a byte order mark.',
    remedy: 'Save it as UTF-8 without byte order mark.',
  },
  CFG_FORBIDDEN_CHAR: {
    means: 'The file holds a character that does not show, or that makes text read otherwise than it is.',
    remedy: 'Remove the character at the place.',
  },
  CFG_YAML: { means: 'The file is not valid YAML 1.2.', remedy: 'Mend the syntax at the place.' },
  CFG_DUPLICATE_ID: {
    means: 'The same key stands twice in one mapping, and readers differ in which of them counts.',
    remedy: 'Remove one of the two; the message has both places.',
  },
  CFG_FORBIDDEN_KEY: {
    means: 'The key is one that JavaScript gives a meaning of its own.',
    remedy: 'Choose another name.',
  },
  CFG_NUMBER: {
    means: 'The number means different things to different readers, or cannot be kept exactly.',
    remedy: 'Write plain digits, or put the text in quotes.',
  },
  CFG_UNKNOWN_KEY: {
    means: 'Nothing reads this key here.',
    remedy: 'Take one of the allowed keys; the nearest one is named where there is one.',
  },
  CFG_UNKNOWN_TASK: { means: 'There is no such task.', remedy: '`fettle tasks` lists those that exist.' },
  CFG_UNKNOWN_PROCEDURE: {
    means: 'The section speaks of a procedure that the platform does not have.',
    remedy: 'Take one of the procedures of the profile.',
  },
  CFG_MISSING: { means: 'Something that is needed is not there.', remedy: 'Add what the message names.' },
  CFG_TYPE: {
    means: 'Another kind of value stands here than is meant, such as a number in quotes.',
    remedy: 'Write the allowed kind; text that looks like a number stands in quotes.',
  },
  CFG_RANGE: { means: 'The value is beyond its limit.', remedy: 'Stay within the limit that the message names.' },
  CFG_VALUE: { means: 'The value is of the right kind and is not allowed here.', remedy: 'Write one that is allowed.' },
  CFG_NAME: {
    means: 'The name cannot become part of the names of resources.',
    remedy: 'Write lower-case letters, digits and hyphens.',
  },
  CFG_DURATION: { means: 'The text is not a duration.', remedy: 'Write it as 30m, 1h30m or 14d.' },
  CFG_SECRET_INLINE: {
    means: 'A secret stands in the profile, where everyone who reads the repository sees it.',
    remedy:
      'Put it into Secrets Manager, an environment variable or a file, write secret:…, env:… or file:…, and replace the secret if the file was ever shared.',
  },
  CFG_NO_TASKS: { means: 'Nothing would ever be done.', remedy: 'Write a procedure with at least one task.' },
  CFG_OVERRIDE_UNMATCHED: {
    means: 'An environment changes a procedure that the platform does not have.',
    remedy: 'Take the name of a common procedure, or add the procedure there.',
  },
  CFG_APPROVERS_EMPTY: {
    means: 'Nobody is in the group that must approve; nobody is never everybody.',
    remedy: 'List the members of the group under people.',
  },
  CFG_FOUR_EYES_IMPOSSIBLE: {
    means: 'More approvals are needed than there are people who could give them.',
    remedy: 'Add people to the group, or ask for fewer approvals.',
  },
  CFG_SCHEDULE: {
    means: 'The schedule is not one that EventBridge Scheduler understands.',
    remedy: 'Write cron(0 2 * * ? *) or rate(5 minutes).',
  },
  CFG_WINDOW: { means: 'The window is not a span of the day.', remedy: 'Write it as 02:00-04:00.' },
  CFG_WINDOW_TOO_SHORT: {
    means: 'A run may take longer than the window is open.',
    remedy: 'Widen the window, or lower the budget.',
  },
  CFG_CALENDAR: {
    means: 'Schedule, window and budget cannot all be kept at every occurrence of the coming year.',
    remedy: 'Move the schedule into the window; the message has the first occurrence that fails.',
  },
  CFG_MACHINE_ONLY: {
    means: 'An environment with an account reads something that exists only on one machine.',
    remedy: 'Write a secret:… reference, or an address that functions in AWS can reach.',
  },
  TZ_UNKNOWN: { means: 'The time zone is no IANA name.', remedy: 'Write UTC, or a name such as Europe/Berlin.' },
  TARGET_EMPTY: {
    means: 'The task is given no target; none is never all.',
    remedy: 'Name a target, or leave `targets` out to mean all of them.',
  },
  TARGET_UNKNOWN: { means: 'The environment has no such target.', remedy: 'Take one of its targets, or add it.' },
  TARGET_KIND_MISMATCH: {
    means: 'The target is of another kind than the task acts on.',
    remedy: 'Take a target of the right kind.',
  },
  CIDR_SYNTAX: { means: 'The text is not a range of addresses.', remedy: 'Write it as 10.0.0.0/8 or fd00::/8.' },
  CIDR_TOO_WIDE: {
    means: 'The range is wider than any private network is.',
    remedy: 'Name the networks in which your targets stand.',
  },
  CIDR_PROTECTED: {
    means: 'The range holds the addresses at which a cloud hands out credentials.',
    remedy: 'Leave 169.254.0.0/16 and fe80::/10 out.',
  },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;

/** What a person can give wrongly on a command line, or a program to the store. */
export const INPUT_ERRORS = {
  CLI_UNKNOWN_COMMAND: { means: 'There is no such command.', remedy: '`fettle help` lists the commands.' },
  CLI_UNKNOWN_OPTION: {
    means: 'The command has no such option.',
    remedy: '`fettle <command> --help` shows its options.',
  },
  CLI_OPTION_VALUE: {
    means: 'An option has no value, an empty one, or one that it cannot have.',
    remedy: 'Give a value as the message says.',
  },
  CLI_OPTION_TWICE: {
    means: 'An option with a value is given twice, and only one of the values could count.',
    remedy: 'Give it once.',
  },
  CLI_MISSING: { means: 'The command needs something that was not named.', remedy: 'Name it as the usage shows.' },
  CLI_ARGUMENT: {
    means: 'The command takes no such argument: one too many, or empty.',
    remedy: 'Put names with spaces in quotes, and leave out what the usage does not have.',
  },
  CLI_REASON_REQUIRED: {
    means: 'An override says that a rule does not hold this time, and nobody says why.',
    remedy: 'Add --reason <text>; it is in the report.',
  },
  CLI_UNKNOWN_ENVIRONMENT: {
    means: 'The platform has no such environment, or several and none is named.',
    remedy: 'Name one of its environments with --environment.',
  },
  CLI_UNKNOWN_PROCEDURE: { means: 'The platform has no such procedure.', remedy: 'Take one of those it has.' },
  CLI_UNKNOWN_RUN: {
    means: 'The store has no ended run of this name.',
    remedy: '`fettle runs` lists the runs; check platform, environment and store.',
  },
  CLI_UNKNOWN_FINDING: {
    means: 'No task reports such a finding, and no error has such a code.',
    remedy: '`fettle explain` without a word lists all of them.',
  },
  CLI_NOTHING_TO_DEPLOY: {
    means: 'No environment that was meant has an account.',
    remedy: 'Give the environment an account and a region.',
  },
  AWS_CREDENTIALS: {
    means: 'No AWS credentials were found, or AWS does not take those that were.',
    remedy: 'Log in as your organisation does, or name a profile of your AWS configuration with --profile.',
  },
  STACK_NOT_FOUND: {
    means: 'The environment is not deployed in its account and region.',
    remedy: 'Deploy it with `npx cdk deploy`, or name another store with --store.',
  },
  PROCEDURE_NOT_DEPLOYED: {
    means: 'The profile here has a procedure that the deployed stack does not have.',
    remedy: 'Deploy the profile as it stands with `npx cdk deploy`, or take a procedure that is deployed.',
  },
  STORE_LOCATION: {
    means: 'The text is no place where a store can be.',
    remedy: 'Write s3://<bucket>, file:///<folder> or a folder.',
  },
  STORE_NOT_FOUND: {
    means: 'There is no store at the place, so nothing can be read of it.',
    remedy: 'Check folder, platform and environment; a store is made by the first run or plan.',
  },
  STORE_NOT_A_FOLDER: { means: 'What stands at the place is no folder.', remedy: 'Give another place with --store.' },
  STORE_DENIED: {
    means: 'The folder of the store, or of the logs beside it, cannot be read or written by you.',
    remedy: 'Mend its rights, work from another folder, or give another place with --store.',
  },
  STORE_KEY_INVALID: {
    means: 'A name that would become part of a key has something in it that no store takes.',
    remedy: 'Use printable ASCII without empty parts and without `..`.',
  },
  STORE_KEY_TAKEN: {
    means: 'A store on disk cannot have an object and a folder of the same name.',
    remedy: 'Choose another key; in a bucket both may exist.',
  },
  TASK_PLACE: {
    means: 'The text is no place for a new task.',
    remedy: 'Write <domain>/<verb>-<object>, such as postgres/check-orders.',
  },
  TASK_TAKEN: { means: 'The new task would overwrite a file.', remedy: 'Choose another name, or edit that file.' },
  TASK_TARGET: {
    means: 'The kind of target of the new task is not one, or cannot be told from its name.',
    remedy: 'Add --target with one of the kinds that the message lists.',
  },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;

/** What is asked for properly and is not done. */
export const REFUSALS = {
  ACCOUNT_MISMATCH: {
    means: 'The AWS credentials are of another account than the environment, and nothing was changed in either.',
    remedy: 'Take credentials of the account that the profile names, with --profile or AWS_PROFILE.',
  },
  REGION_MISMATCH: {
    means: 'Another region is set or answers than the one of the environment, and nothing was changed in either.',
    remedy: 'Unset AWS_REGION and AWS_DEFAULT_REGION, or set them to the region that the profile names.',
  },
  RUN_DUPLICATE: {
    means: 'The run is there already; the same occurrence happens once.',
    remedy: 'Nothing: `fettle report` shows the run that happened.',
  },
  RUN_ELSEWHERE: {
    means: 'The leases of a deployed environment are in its account, and a run from here could not hold them.',
    remedy: 'Plan it from here, or start it where it is deployed.',
  },
  RUN_INTERRUPTED: {
    means: 'The run was interrupted before it began: nothing was looked at and nothing was changed.',
    remedy: 'Start it again when you want it.',
  },
  RUN_WINDOW: {
    means:
      'The run would change something and its window is closed; whatever only reads was done, and the rest is planned.',
    remedy:
      'Start it within its window, or with `--override window --reason <why>`; the override stands in the report.',
  },
  RUN_INPUT: {
    means: 'The input of an execution is not one that a start has; nothing was looked at and nothing was changed.',
    remedy: 'Start it with `{}`, which plans, or with the fields that the message names.',
  },
  STEP_CONCURRENT: {
    means: 'Two invocations of one step wanted to do the same action; the other one does it.',
    remedy: 'Nothing: the step that does it records it.',
  },
  STEP_RUN_ENDED: {
    means: 'A step came back when its run had been ended without it; nothing was added to the sealed records.',
    remedy: 'Look at the report of the run: the step is `unknown` there. What it began is among its actions.',
  },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;

/** What nobody gave wrongly. */
export const FAULTS = {
  UNAVAILABLE: {
    means: 'Something outside of Fettle did not answer, or what should have answered here ended.',
    remedy: 'See what the message names; a run goes on with the next `fettle` command.',
  },
  CORRUPT: {
    means: 'A stored object is not what its writer promised.',
    remedy: 'Look at the key that the message names; restore it from a copy, never by hand.',
  },
  OUTPUT_UNWRITTEN: {
    means: 'The answer could not be written in full to standard output, for the disk is full or the device failed.',
    remedy: 'Make room and ask again with `fettle report`: what the command did is done and recorded.',
  },
  UNEXPECTED: {
    means: 'Something happened that Fettle has no words for; it is a mistake in Fettle.',
    remedy: 'Run it again with FETTLE_DEBUG=1 and report what it prints.',
  },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;

/** Every code that an error can bear; codes are stable, the wording of messages is not. */
export const ERROR_CODES = { ...PROFILE_ERRORS, ...INPUT_ERRORS, ...REFUSALS, ...FAULTS } as const;

/** A code for something that a person gave wrongly. */
export type InputCode = keyof typeof PROFILE_ERRORS | keyof typeof INPUT_ERRORS;
export type RefusalCode = keyof typeof REFUSALS;
export type ErrorCode = keyof typeof ERROR_CODES;

/** What a code means; undefined where there is no such code. */
export function meaningOf(code: string): ErrorMeaning | undefined {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : undefined;
}

/** A message as people see it: its code stands behind it. */
export function coded(message: string, code: ErrorCode): string {
  return `${message} [${code}]`;
}
