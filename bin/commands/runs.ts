import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import { readMonth } from '../../lambdas/runtime/mend-index.ts';
import type { IndexedRun } from '../../lambdas/runtime/run-index.ts';
import { openWorkspace } from '../../lib/local/workspace.ts';
import { defineCommand, EXIT, PLATFORM_OPTIONS, platformGiven, textOption } from '../command.ts';
import { tellCorrupt } from '../failure.ts';

const usage =
  'fettle runs --platform <name or file> [--month <YYYY-MM>] [--environment <name>] [--store <folder>] [--json]';

export const command = defineCommand({
  name: 'runs',
  summary: 'Lists the runs of a month, newest first',
  usage,
  example: 'fettle runs --platform mine.yaml',
  options: { ...PLATFORM_OPTIONS, month: { type: 'string' } },
  async run(given) {
    const now = new Date();
    const month = textOption(given, 'month') ?? now.toISOString().slice(0, 7);
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
      throw new InvalidInput('CLI_OPTION_VALUE', `${quoted(month)} is no month; write it as 2026-03`);
    const { store } = await openWorkspace({
      ...platformGiven(given),
      onlyReads: true,
      now,
    });
    const problems: string[] = [];
    const runs = (await readMonth(store, month, (problem) => void problems.push(problem))).toReversed();
    for (const problem of problems) tellCorrupt(problem);
    const text = runs.length === 0 ? `no run ended in ${month}\n` : `${runs.map(runLine).join('\n')}\n`;
    process.stdout.write(given.values['json'] ? `${JSON.stringify(runs, null, 2)}\n` : text);
    return problems.length > 0 ? EXIT.bad : EXIT.fine;
  },
});

function runLine({ runId, verdict, mode, ended, counts, startedAt }: IndexedRun): string {
  const tally = (['fail', 'unknown', 'warn', 'pass'] as const).map((name) => `${counts[name] ?? 0} ${name}`).join(', ');
  return `${startedAt}  ${verdict.padEnd(8)} ${mode.padEnd(8)} ${ended.padEnd(9)} ${runId}  ${tally}`;
}
