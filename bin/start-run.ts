import type { Mode } from '../core/run.ts';
import { performRun } from '../lib/local/perform-run.ts';
import { openWorkspace } from '../lib/local/workspace.ts';
import { notesOn } from '../lib/profiles/read.ts';
import { anchorText, linkOf } from '../lambdas/runtime/evidence.ts';
import { runKeys } from '../lambdas/runtime/run-keys.ts';
import { exitCodeOf, printReport, tell } from './answer.ts';
import { type CommandArguments, platformGiven } from './command.ts';
import { tellCorrupt } from './failure.ts';
import { startInput } from './start-input.ts';

/** What `run` and `plan` share: everything but the mode. */
export async function startRun(given: CommandArguments, mode: Mode): Promise<number> {
  const [procedure = ''] = given.positionals;
  const input = startInput(given, mode);
  const workspace = await openWorkspace({
    ...platformGiven(given),
    mode,
    now: new Date(),
  });
  for (const note of notesOn(workspace.profile)) process.stderr.write(`note: ${note}\n`);
  if (workspace.note !== undefined) process.stderr.write(`note: ${workspace.note}\n`);
  const result = await performRun({
    workspace,
    procedure,
    input,
    signal: given.signal,
    onProgress: tell,
    onReaped: (keys) => {
      for (const key of keys) process.stderr.write(`${key} had been left open and was ended\n`);
    },
    onProblem: tellCorrupt,
  });
  printReport(result.report, { json: given.values['json'] === true });
  process.stderr.write(`page: ${workspace.store.location}/${runKeys(result.runKey).page}\n`);
  const link = await linkOf(workspace.store, result.runKey);
  if (link) process.stderr.write(`evidence: ${anchorText(link)}\n`);
  return exitCodeOf(result);
}
