import type * as z from 'zod';
import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import { RunReport } from '../../core/report.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { readLatest } from '../../lambdas/runtime/mend-index.ts';
import type { LatestIndex } from '../../lambdas/runtime/run-index.ts';
import { runKeyOf, runKeys } from '../../lambdas/runtime/run-keys.ts';
import { nearestHint } from '../../lib/profiles/nearest-word.ts';
import { openWorkspace } from '../../lib/local/workspace.ts';
import { printReport } from '../answer.ts';
import { defineCommand, EXIT, PLATFORM_OPTIONS, platformGiven } from '../command.ts';
import { tellCorrupt } from '../failure.ts';

export const command = defineCommand({
  name: 'report',
  summary: 'Shows the report of a run, or of the latest run of a procedure',
  usage:
    'fettle report [<run id> | <procedure>] --platform <name or file> [--environment <name>] [--store <folder>] [--json]',
  example: 'fettle report daily --platform mine.yaml',
  options: PLATFORM_OPTIONS,
  argument: { name: 'run or procedure', required: false },
  async run(given) {
    const { store, platform } = await openWorkspace({
      ...platformGiven(given),
      onlyReads: true,
      now: new Date(),
    });
    const [named = 'daily'] = given.positionals;
    const latest = await readLatest(store, tellCorrupt);
    const procedures = Object.keys(platform.procedures);
    const runKey = runKeyOfName(named, procedures, latest);
    const report = runKey && (await readRecord(store, runKeys(runKey).report, RunReport))?.value;
    if (!runKey || !report) {
      const known = [...procedures, ...Object.values(latest).map((one) => one.latest.runId)];
      const hint = nearestHint(named, known);
      const what = `there is no ended run ${quoted(named)} in ${store.location}`;
      throw new InvalidInput('CLI_UNKNOWN_RUN', `${what}${hint || `; look for one of ${known.join(', ')}`}`);
    }
    printReport(report, { json: given.values['json'] === true });
    process.stderr.write(`page: ${store.location}/${runKeys(runKey).page}\n`);
    return EXIT.fine;
  },
});

/** The latest run of a procedure, or the run of this id; undefined where it can be neither. */
function runKeyOfName(
  named: string,
  procedures: readonly string[],
  latest: z.infer<typeof LatestIndex>['procedures'],
): string | undefined {
  if (procedures.includes(named)) return latest[named]?.latest.runKey;
  const procedure = procedures.find((name) => named.startsWith(`${name}-`));
  return procedure !== undefined && /^[\w-]{1,128}$/.test(named) ? runKeyOf(procedure, named) : undefined;
}
