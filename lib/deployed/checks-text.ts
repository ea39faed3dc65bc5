import { byWorst, countVerdicts, VERDICTS } from '../../core/verdict.ts';
import { visible } from '../../lambdas/report/markup.ts';
import type { DeployedCheck } from './check.ts';

const WIDEST_PART = 44;

/** What was found of a deployed platform as a person reads it: the worst last, with what mends it, next to the prompt. */
export function checksText(checks: readonly DeployedCheck[]): string {
  const width = Math.min(WIDEST_PART, Math.max(...checks.map(({ part }) => visible(part).length)));
  const sorted = checks.toSorted((a, b) => byWorst(b.verdict, a.verdict));
  const lines = sorted.flatMap(({ part, verdict, detail, remedy }) => [
    `${verdict.padEnd(8)}${visible(part).padEnd(width)}  ${visible(detail)}`,
    ...(remedy === undefined || verdict === 'pass' ? [] : [`${' '.repeat(8 + width + 2)}${visible(remedy)}`]),
  ]);
  const counts = countVerdicts(checks.map(({ verdict }) => verdict));
  const tally = VERDICTS.map((verdict) => `${counts[verdict]} ${verdict}`).join(', ');
  return `${lines.join('\n')}\n\n${checks.length} parts: ${tally}\n`;
}
