import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { InvalidInput, messageOf } from '../core/errors.ts';
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
  readonly usage: string;
  readonly example: string;
  readonly options: ParseArgsOptionsConfig;
  readonly run: (given: CommandArguments) => Promise<number>;
}

export function defineCommand(command: Command): Command {
  return command;
}

/** Options of every command that works on a platform. */
export const PLATFORM_OPTIONS = {
  platform: { type: 'string', short: 'p' },
  environment: { type: 'string', short: 'e' },
  store: { type: 'string' },
} as const;

const EVERYWHERE = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const;

/** Parses the arguments of a command; an unknown option is answered with the nearest one. */
export function parseCommand(command: Command, given: readonly string[]): Omit<CommandArguments, 'signal'> {
  const options = { ...EVERYWHERE, ...command.options };
  try {
    const { values, positionals } = parseArgs({ args: [...given], options, allowPositionals: true });
    return { values: values as CommandArguments['values'], positionals };
  } catch (thrown) {
    const unknown = /'--?([\w-]+)/.exec(messageOf(thrown))?.[1];
    const nearest =
      unknown !== undefined && !(unknown in options) ? nearestWord(unknown, Object.keys(options)) : undefined;
    const hint = nearest === undefined ? '' : `; did you mean --${nearest}?`;
    const [problem = ''] = messageOf(thrown).split('. ');
    throw new InvalidInput(`${problem.toLowerCase()}${hint}\n\n  ${command.usage}`);
  }
}

/** The text of an option that was given; undefined where it was not. */
export function textOption({ values }: Pick<CommandArguments, 'values'>, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

export function helpOf({ summary, usage, example }: Command): string {
  return `${summary}\n\nusage    ${usage}\nexample  ${example}\n`;
}
