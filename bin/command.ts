import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { quoted } from '../core/calendar/problem.ts';
import { InvalidInput } from '../core/errors.ts';
import { nearestWord } from '../lib/profiles/nearest-word.ts';

/** The exit codes of every command. */
export const EXIT = { fine: 0, bad: 1, usage: 2, refused: 3, interrupted: 130 } as const;

export interface CommandArguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** One command: what help says of it, what it takes, what it does. Its answer goes to standard output. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** One line; it is shown under every mistake in the words of a command line. */
  readonly usage: string;
  readonly example: string;
  readonly options: ParseArgsOptionsConfig;
  /** The one thing that it may be given beside options; absent where it takes only options. */
  readonly argument?: { readonly name: string; readonly required: boolean };
  readonly run: (given: CommandArguments) => Promise<number>;
}

export function defineCommand(command: Command): Command {
  return command;
}

/** Options of every command that works on a platform. */
export const PLATFORM_OPTIONS = {
  platform: { type: 'string', short: 'p' },
  environment: { type: 'string', short: 'e' },
  profile: { type: 'string' },
  store: { type: 'string' },
} as const;

const EVERYWHERE = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const;

/** Second spellings of options. */
const SPELLINGS: Readonly<Record<string, string>> = { env: 'environment' };

/**
 * The words of a command line with the command first: `--env prod runs` is `runs --env prod`.
 *
 * Only options that every platform command has may come before the name of the command.
 */
export function commandFirst(words: readonly string[]): readonly string[] {
  let place = 0;
  while (place < words.length) {
    const [, long, short, inline] = /^(?:--([a-z]+)|-([a-z]))(=.*)?$/s.exec(words[place] ?? '') ?? [];
    if (long === undefined && short === undefined) break;
    const options = { ...PLATFORM_OPTIONS, json: EVERYWHERE.json };
    const found = Object.entries(options).find(
      ([name, option]) => name === (SPELLINGS[long ?? ''] ?? long) || ('short' in option && option.short === short),
    );
    if (!found) return words;
    place += found[1].type === 'string' && inline === undefined ? 2 : 1;
  }
  const verb = words[place];
  return verb === undefined || place === 0 ? words : [verb, ...words.slice(0, place), ...words.slice(place + 1)];
}

/** True where the answer is wanted as JSON, an error included; known before anything else is. */
export function wantsJson(given: readonly string[]): boolean {
  const end = given.indexOf('--');
  return given.slice(0, end < 0 ? given.length : end).includes('--json');
}

/** Parses the arguments of a command. Throws `InvalidInput`, with the nearest option where one is unknown. */
export function parseCommand(command: Command, given: readonly string[]): Omit<CommandArguments, 'signal'> {
  const own: ParseArgsOptionsConfig = { ...EVERYWHERE, ...command.options };
  const spellings = Object.entries(SPELLINGS).flatMap(([second, name]) => (own[name] ? [[second, own[name]]] : []));
  const options: ParseArgsOptionsConfig = { ...own, ...Object.fromEntries(spellings) };
  const { tokens } = parseArgs({ args: [...given], options, strict: false, tokens: true, allowPositionals: true });
  const values: Record<string, string | boolean> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const value = optionValue(token, options);
    const name = SPELLINGS[token.name] ?? token.name;
    if (typeof value === 'string' && name in values)
      throw new InvalidInput('CLI_OPTION_TWICE', `--${name} is given twice, with ${quoted(value)} at last`);
    values[name] = value;
  }
  if (values['help'] !== true) checkArguments(command, positionals);
  return { values, positionals };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionValue({ name, rawName, value, inlineValue }: OptionToken, options: ParseArgsOptionsConfig) {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const nearest = nearestWord(name, Object.keys(options));
    const hint = nearest === undefined ? '' : `; did you mean --${nearest}?`;
    throw new InvalidInput('CLI_UNKNOWN_OPTION', `there is no option ${quoted(rawName)}${hint}`);
  }
  if (option.type === 'boolean') {
    if (inlineValue)
      throw new InvalidInput('CLI_OPTION_VALUE', `--${name} takes no value, found ${quoted(value ?? '')}`);
    return true;
  }
  // What begins with a hyphen is the next option: the value was forgotten.
  if (value === undefined || (!inlineValue && value.startsWith('-')))
    throw new InvalidInput('CLI_OPTION_VALUE', `--${name} needs a value`);
  if (value.trim() === '')
    throw new InvalidInput('CLI_OPTION_VALUE', `--${name} needs a value, found ${quoted(value)}`);
  return value;
}

function checkArguments({ argument }: Command, given: readonly string[]): void {
  const [first, second] = given;
  if (first === undefined) {
    if (argument?.required) throw new InvalidInput('CLI_MISSING', `name one ${argument.name}`);
    return;
  }
  const beyond = argument === undefined ? first : second;
  if (beyond !== undefined) {
    const takes = argument === undefined ? 'this command takes only options' : `name one ${argument.name}`;
    throw new InvalidInput('CLI_ARGUMENT', `${takes}, found also ${quoted(beyond)}`);
  }
  if (first.trim() === '') throw new InvalidInput('CLI_ARGUMENT', `name one ${argument?.name}, found ${quoted(first)}`);
}

/** The text of an option that was given; undefined where it was not. */
export function textOption({ values }: Pick<CommandArguments, 'values'>, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** Which platform, environment and store a command is about, as they were given. */
export function platformGiven(given: Pick<CommandArguments, 'values'>) {
  return {
    platform: textOption(given, 'platform'),
    environment: textOption(given, 'environment'),
    store: textOption(given, 'store'),
  };
}

export function helpOf({ summary, usage, example, options }: Command): string {
  const also = options['profile']
    ? 'also     --env for --environment, --profile <AWS profile> for where it is deployed\n'
    : '';
  return `${summary}\n\nusage    ${usage}\nexample  ${example}\n${also}`;
}
