import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { coded } from '../core/error-codes.ts';
import { InvalidInput, messageOf } from '../core/errors.ts';
import { scaffoldTask } from '../lib/scaffold.ts';

const USAGE = `usage: npm run new-task <domain>/<verb>-<object> [-- --target <kind>] [--root <folder>]

  npm run new-task postgres/check-orders
  npm run new-task storage/check-age -- --target buckets`;

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/** Writes a task and its test, and says what to do next. */
async function newTask(): Promise<number> {
  try {
    const { values, positionals } = readArguments();
    const [place] = positionals;
    if (place === undefined || positionals.length > 1) throw new InvalidInput('CLI_MISSING', 'name one task');
    const root = path.resolve(values.root ?? REPOSITORY);
    const files = await scaffoldTask({ place, root, target: values.target });
    console.log(files.map((file) => `wrote ${file}`).join('\n'));
    console.error(
      `\nNext: write observe(), try it with \`npm run jest -- ${place} test/contract\`, then \`npm run docs\``,
    );
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof InvalidInput)) throw thrown;
    console.error(coded(thrown.message, thrown.code));
    if (thrown.code.startsWith('CLI_')) console.error(`\n${USAGE}`);
    return 2;
  }
}

function readArguments() {
  const options = { target: { type: 'string' }, root: { type: 'string' } } as const;
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (thrown) {
    throw new InvalidInput('CLI_UNKNOWN_OPTION', messageOf(thrown), { cause: thrown });
  }
}

process.exitCode = await newTask();
