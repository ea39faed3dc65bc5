import { quoted } from '../core/calendar/problem.ts';
import { InvalidInput } from '../core/errors.ts';
import { OVERRIDES, StartInput } from '../core/run.ts';
import type * as z from 'zod';
import { performRun } from '../lib/local/perform-run.ts';
import { openWorkspace } from '../lib/local/workspace.ts';
import { nearestHint } from '../lib/profiles/nearest-word.ts';
import { notesOn } from '../lib/profiles/read.ts';
import { anchorText, linkOf } from '../lambdas/runtime/evidence.ts';
import { runKeys } from '../lambdas/runtime/run-keys.ts';
import { exitCodeOf, printReport, tell } from './answer.ts';
import { type CommandArguments, textOption } from './command.ts';
import { tellCorrupt } from './failure.ts';

/** What `run` and `plan` share: everything but the mode. */
export async function startRun(given: CommandArguments, mode: 'execute' | 'plan'): Promise<number> {
  const [procedure = ''] = given.positionals;
  const input = startInput(given, mode);
  const workspace = await openWorkspace({
    platform: textOption(given, 'platform'),
    environment: textOption(given, 'environment'),
    store: textOption(given, 'store'),
    now: new Date(),
  });
  for (const note of notesOn(workspace.profile)) process.stderr.write(`note: ${note}\n`);
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

/** Begin would refuse and record the same; a slip of the person who types is no run. */
function startInput(given: CommandArguments, mode: 'execute' | 'plan'): z.input<typeof StartInput> {
  const [reason, override] = [textOption(given, 'reason'), textOption(given, 'override')];
  const known = OVERRIDES.find((name) => name === override);
  if (override !== undefined && known === undefined) {
    const hint = nearestHint(override, OVERRIDES) || ';';
    throw new InvalidInput(
      'CLI_OPTION_VALUE',
      `there is no override ${quoted(override)}${hint} allowed: ${OVERRIDES.join(', ')}`,
    );
  }
  if (known !== undefined && reason === undefined)
    throw new InvalidInput('CLI_REASON_REQUIRED', `--override ${known} needs --reason <text>`);
  const input = {
    trigger: 'person',
    mode,
    ...(reason !== undefined && { reason }),
    ...(known !== undefined && { override: known }),
  } as const;
  const { error } = StartInput.safeParse(input);
  if (error)
    throw new InvalidInput('CLI_OPTION_VALUE', `--reason: ${error.issues.map(({ message }) => message).join('; ')}`);
  return input;
}
