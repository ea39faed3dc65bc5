/** Words that a person typed wrongly, and what they read first on standard error. */
export interface CommandMessage {
  readonly slip: string;
  /** `{shop}` is a profile, `{two}` one with two environments, `{deployed}` one with an account, `{folder}` their folder. */
  readonly words: readonly string[];
  readonly says: string;
  readonly code: number;
}

const LONG = 'n'.repeat(5_000);
const ON_SHOP = ['--platform', '{shop}'];
const EMPTY_STORE = ['--store', '{folder}/empty'];

export const COMMAND_MESSAGES: readonly CommandMessage[] = [
  {
    slip: 'an option before the command',
    words: ['--jsn'],
    says: 'name a command first, found "--jsn" [CLI_MISSING]',
    code: 2,
  },
  {
    slip: 'a misspelt command',
    words: ['rnu'],
    says: 'there is no command "rnu"; did you mean "run"? [CLI_UNKNOWN_COMMAND]',
    code: 2,
  },
  {
    slip: 'a command that leads out of its folder',
    words: ['../fettle'],
    says: 'there is no command "../fettle" [CLI_UNKNOWN_COMMAND]',
    code: 2,
  },
  {
    slip: 'a command that would colour the terminal',
    words: ['\u001b[31mrun\u202e'],
    says: 'there is no command "\\u001b[31mrun\\u{202e}" [CLI_UNKNOWN_COMMAND]',
    code: 2,
  },
  {
    slip: 'a command of 5 kB',
    words: [LONG],
    says: `there is no command "${'n'.repeat(60)}…" [CLI_UNKNOWN_COMMAND]`,
    code: 2,
  },
  {
    slip: 'a misspelt option',
    words: ['runs', '--moth', '3'],
    says: 'there is no option "--moth"; did you mean --month? [CLI_UNKNOWN_OPTION]',
    code: 2,
  },
  { slip: 'no procedure', words: ['run'], says: 'name one procedure [CLI_MISSING]', code: 2 },
  {
    slip: 'two procedures',
    words: ['run', 'daily', 'weekly'],
    says: 'name one procedure, found also "weekly" [CLI_ARGUMENT]',
    code: 2,
  },
  {
    slip: 'a demo that is written wrong',
    words: ['demo', 'reviewz'],
    says: 'there is no demo "reviewz"; did you mean "reviews"? [CLI_ARGUMENT]',
    code: 2,
  },
  {
    slip: 'a demo that there is not',
    words: ['demo', 'backup'],
    says: 'there is no demo "backup"; take one of daily, reviews [CLI_ARGUMENT]',
    code: 2,
  },
  { slip: 'an empty procedure', words: ['run', ' '], says: 'name one procedure, found " " [CLI_ARGUMENT]', code: 2 },
  {
    slip: 'a word where only options are taken',
    words: ['runs', 'daily'],
    says: 'this command takes only options, found also "daily" [CLI_ARGUMENT]',
    code: 2,
  },
  {
    slip: 'an option whose value was forgotten',
    words: ['run', 'daily', '--platform', '--environment', 'prod'],
    says: '--platform needs a value [CLI_OPTION_VALUE]',
    code: 2,
  },
  {
    slip: 'an option with an empty value',
    words: ['run', 'daily', '--platform', ''],
    says: '--platform needs a value, found "" [CLI_OPTION_VALUE]',
    code: 2,
  },
  {
    slip: 'a switch with a value',
    words: ['tasks', '--json=yes'],
    says: '--json takes no value, found "yes" [CLI_OPTION_VALUE]',
    code: 2,
  },
  {
    slip: 'an option that is given twice',
    words: ['run', 'daily', '-p', '{shop}', '--platform', 'other'],
    says: '--platform is given twice, with "other" at last [CLI_OPTION_TWICE]',
    code: 2,
  },
  {
    slip: 'a month that does not exist',
    words: ['runs', '--month', '2026-13', ...ON_SHOP],
    says: '"2026-13" is no month; write it as 2026-03 [CLI_OPTION_VALUE]',
    code: 2,
  },
  {
    slip: 'no platform',
    words: ['run', 'daily'],
    says: 'name a platform: --platform <name or file> [CLI_MISSING]',
    code: 2,
  },
  {
    slip: 'a misspelt override',
    words: ['run', 'daily', '--override', 'windw', ...ON_SHOP],
    says: 'there is no override "windw"; did you mean "window"? allowed: window, freeze, notice [CLI_OPTION_VALUE]',
    code: 2,
  },
  {
    slip: 'an override without a reason',
    words: ['run', 'daily', '--override', 'window', ...ON_SHOP],
    says: '--override window needs --reason <text> [CLI_REASON_REQUIRED]',
    code: 2,
  },
  {
    slip: 'a misspelt procedure',
    words: ['run', 'dialy', ...ON_SHOP],
    says: '{shop} has no procedure "dialy"; did you mean "daily"? it has: daily [CLI_UNKNOWN_PROCEDURE]',
    code: 2,
  },
  {
    slip: 'every procedure at once',
    words: ['plan', '*', ...ON_SHOP],
    says: '{shop} has no procedure "*"; it has: daily [CLI_UNKNOWN_PROCEDURE]',
    code: 2,
  },
  {
    slip: 'a misspelt environment',
    words: ['run', 'daily', '-p', '{two}', '-e', 'stagin'],
    says: '{two} has no environment "stagin"; did you mean "staging"? allowed: prod, staging [CLI_UNKNOWN_ENVIRONMENT]',
    code: 2,
  },
  {
    slip: 'no environment where there are two',
    words: ['plan', 'daily', '-p', '{two}'],
    says: '{two} has several environments; name one: --environment prod or staging [CLI_UNKNOWN_ENVIRONMENT]',
    code: 2,
  },
  {
    slip: 'a run id that leads out of the store',
    words: ['report', 'daily-../../../etc', ...ON_SHOP, ...EMPTY_STORE],
    says: 'there is no ended run "daily-../../../etc" in {folder}/empty; look for one of daily [CLI_UNKNOWN_RUN]',
    code: 2,
  },
  {
    slip: 'a misspelt procedure of a report',
    words: ['report', 'dayly', ...ON_SHOP, ...EMPTY_STORE],
    says: 'there is no ended run "dayly" in {folder}/empty; did you mean "daily"? [CLI_UNKNOWN_RUN]',
    code: 2,
  },
  {
    slip: 'a misspelt code',
    words: ['explain', 'CFG_UNKOWN_KEY'],
    says: 'there is no finding and no code "CFG_UNKOWN_KEY"; did you mean "CFG_UNKNOWN_KEY"? [CLI_UNKNOWN_FINDING]',
    code: 2,
  },
  {
    slip: 'half an address of a store',
    words: ['plan', 'daily', ...ON_SHOP, '--store', 's3:bucket'],
    says: '"s3:bucket" is no place for a store: allowed are s3://<bucket> and file:///<absolute folder> [STORE_LOCATION]',
    code: 2,
  },
  {
    slip: 'a store that is not there',
    words: ['runs', ...ON_SHOP, '--store', '{folder}/absent'],
    says: 'the store {folder}/absent cannot be read: it is not there [STORE_NOT_FOUND]',
    code: 2,
  },
  {
    slip: 'a store that is a file',
    words: ['plan', 'daily', ...ON_SHOP, '--store', '{shop}'],
    says: '"file://{shop}" is no place for a store: it is a file, and a folder is needed [STORE_NOT_A_FOLDER]',
    code: 2,
  },
  {
    slip: 'a run of a deployed environment from elsewhere',
    words: ['run', 'daily', '-p', '{deployed}', '--store', '{folder}/empty'],
    says: 'shop prod belongs to account 111122223333 and keeps its leases there; from this machine it can only be planned: fettle plan [RUN_ELSEWHERE]',
    code: 3,
  },
];
