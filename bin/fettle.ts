import { readdir } from 'node:fs/promises';
import { InvalidInput, messageOf, Refused } from '../core/errors.ts';
import { redact } from '../core/secret.ts';
import { nearestWord } from '../lib/profiles/nearest-word.ts';
import { type Command, EXIT, helpOf, parseCommand } from './command.ts';

/** Finds the command, runs it, and turns what is thrown into a sentence and an exit code. */
async function main([verb, ...given]: readonly string[]): Promise<number> {
  const commands = await commandNames();
  if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
    process.stdout.write(await overview(commands));
    return verb === undefined ? EXIT.usage : EXIT.fine;
  }
  if (!commands.includes(verb)) {
    const nearest = nearestWord(verb, commands);
    const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
    throw new InvalidInput(`there is no command "${verb}"${hint}\n\n${await overview(commands)}`);
  }
  const command = await load(verb);
  const parsed = parseCommand(command, given);
  if (parsed.values['help']) {
    process.stdout.write(helpOf(command));
    return EXIT.fine;
  }
  return command.run({ ...parsed, signal: interruption() });
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
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`);
  return `usage  fettle <command> [options]\n\n${lines.join('\n')}\n\nfettle <command> --help shows the options and an example\n`;
}

// A reader that has read enough (head, a closed pager) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.fine);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  // An error may quote the address that it is about.
  const said = redact(thrown instanceof InvalidInput ? thrown.message : messageOf(thrown), []);
  process.stderr.write(`fettle: ${said}\n`);
  const known = thrown instanceof InvalidInput ? EXIT.usage : thrown instanceof Refused ? EXIT.refused : EXIT.bad;
  process.exitCode = known;
  if (process.env['FETTLE_DEBUG']) process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? '') : ''}\n`);
}
