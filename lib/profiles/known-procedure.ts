import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import type { Procedure, ResolvedPlatform } from '../../core/platform.ts';
import { nearestHint } from './nearest-word.ts';

/** The procedure of this name. Throws `InvalidInput`, with the nearest name, where the profile has none. */
export function knownProcedure({ procedures }: ResolvedPlatform, wanted: string, file: string): Procedure {
  const procedure = Object.hasOwn(procedures, wanted) ? procedures[wanted] : undefined;
  if (procedure) return procedure;
  const names = Object.keys(procedures);
  const hint = nearestHint(wanted, names) || ';';
  throw new InvalidInput(
    'CLI_UNKNOWN_PROCEDURE',
    `${file} has no procedure ${quoted(wanted)}${hint} it has: ${names.join(', ')}`,
  );
}
