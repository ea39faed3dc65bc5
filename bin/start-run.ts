import { performRun } from '../lib/local/perform-run.ts';
import { openWorkspace } from '../lib/local/workspace.ts';
import { notesOn } from '../lib/profiles/read.ts';
import { InvalidInput } from '../core/errors.ts';
import { runKeys } from '../lambdas/runtime/run-keys.ts';
import { exitCodeOf, printReport, tell } from './answer.ts';
import { type CommandArguments, textOption } from './command.ts';

/** What `run` and `plan` share: everything but the mode. */
export async function startRun(given: CommandArguments, mode: 'execute' | 'plan', usage: string): Promise<number> {
  const [procedure, ...rest] = given.positionals;
  if (procedure === undefined || rest.length > 0) throw new InvalidInput(`name one procedure\n\n  ${usage}`);
  const workspace = await openWorkspace({
    platform: textOption(given, 'platform'),
    environment: textOption(given, 'environment'),
    store: textOption(given, 'store'),
    now: new Date(),
  });
  for (const note of notesOn(workspace.profile)) process.stderr.write(`note: ${note}\n`);
  const [reason, override] = [textOption(given, 'reason'), textOption(given, 'override')];
  const result = await performRun({
    workspace,
    procedure,
    input: {
      trigger: 'person',
      mode,
      ...(reason !== undefined && { reason }),
      ...(override !== undefined && { override }),
    },
    signal: given.signal,
    onProgress: tell,
    onReaped: (keys) => {
      for (const key of keys) process.stderr.write(`${key} had been left open and was ended\n`);
    },
  });
  printReport(result.report, { json: given.values['json'] === true });
  process.stderr.write(`page: ${workspace.store.location}/${runKeys(result.runKey).page}\n`);
  return exitCodeOf(result);
}
