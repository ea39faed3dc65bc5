import { readdir } from 'node:fs/promises';
import { quoted } from '../core/calendar/problem.ts';
import { coded } from '../core/error-codes.ts';
import { InvalidInput } from '../core/errors.ts';
import { nearestHint } from '../lib/profiles/nearest-word.ts';
import { useAwsProfile } from '../lib/aws-profile.ts';
import { systemReason } from '../lib/system-reason.ts';
import { type Command, commandFirst, EXIT, helpOf, parseCommand, textOption, wantsJson } from './command.ts';
import { failureJson, failureOf, failureText, traceText } from './failure.ts';

/** Runs the command line to its exit code; what is thrown becomes a sentence, and JSON where that is wanted. */
async function main(words: readonly string[]): Promise<number> {
  let usage = async () => overview(await commandNames());
  try {
    const [verb, ...given] = commandFirst(words);
    const commands = await commandNames();
    if (verb === '--help' || verb === '-h' || verb === 'help') {
      process.stdout.write(await overview(commands));
      return EXIT.fine;
    }
    const command = await load(knownCommand(verb, commands));
    usage = () => Promise.resolve(`usage  ${command.usage}\n`);
    const parsed = parseCommand(command, given);
    if (parsed.values['help']) {
      process.stdout.write(helpOf(command));
      return EXIT.fine;
    }
    useAwsProfile(textOption(parsed, 'profile'));
    return await command.run({ ...parsed, signal: interruption() });
  } catch (thrown) {
    const failure = failureOf(thrown);
    process.stderr.write(failureText(failure));
    if (failure.code.startsWith('CLI_')) process.stderr.write(`\n${await usage()}`);
    if (wantsJson(words)) process.stdout.write(failureJson(failure));
    if (process.env['FETTLE_DEBUG']) process.stderr.write(traceText(thrown));
    return failure.exitCode;
  }
}

function knownCommand(verb: string | undefined, commands: readonly string[]): string {
  if (verb === undefined || verb.startsWith('-')) {
    const found = verb === undefined ? '' : `, found ${quoted(verb)}`;
    throw new InvalidInput('CLI_MISSING', `name a command first${found}`);
  }
  if (commands.includes(verb)) return verb;
  throw new InvalidInput('CLI_UNKNOWN_COMMAND', `there is no command ${quoted(verb)}${nearestHint(verb, commands)}`);
}

/** Aborts at the first Ctrl-C; the second one ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** The folder is the list: `commands/<verb>.ts`. */
async function commandNames(): Promise<string[]> {
  const files = await readdir(new URL('./commands/', import.meta.url));
  return files.map((file) => file.replace(/\.ts$/, '')).sort();
}

async function load(name: string): Promise<Command> {
  const { command } = (await import(`./commands/${name}.ts`)) as { command: Command };
  return command;
}

async function overview(names: readonly string[]): Promise<string> {
  const commands = await Promise.all(names.map(load));
  const width = Math.max(...names.map((name) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `usage  fettle <command> [options]\n\n${lines.join('\n')}\n\nfettle <command> --help shows the options and an example\n`;
}

// A reader that has read enough (head, a closed pager) is no error; nobody to talk to is none either, least of all
// in the middle of a run.
let unwritten: Error | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') unwritten ??= error;
});
process.stderr.on('error', () => undefined);

const exitCode = await main(process.argv.slice(2));
await new Promise((resolve) => process.stdout.write('', resolve));
if (unwritten) {
  const reason = systemReason(unwritten) ?? unwritten.message;
  process.stderr.write(`fettle: ${coded(`the answer could not be written: ${reason}`, 'OUTPUT_UNWRITTEN')}\n`);
}
// Said aloud, because a library of the demo makes the exit code of a process that merely ends 0.
process.exit(unwritten && exitCode === EXIT.fine ? EXIT.bad : exitCode);
