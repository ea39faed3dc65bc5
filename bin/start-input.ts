import type * as z from 'zod';
import { quoted } from '../core/calendar/problem.ts';
import { InvalidInput } from '../core/errors.ts';
import { type Mode, OVERRIDES, StartInput } from '../core/run.ts';
import { nearestHint } from '../lib/profiles/nearest-word.ts';
import { type CommandArguments, textOption } from './command.ts';

/** Options of every command that starts a run. */
export const START_OPTIONS = { reason: { type: 'string', short: 'r' }, override: { type: 'string' } } as const;

/** Begin would refuse and record the same; a slip of the person who types is no run. */
export function startInput(given: CommandArguments, mode: Mode): z.input<typeof StartInput> {
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
