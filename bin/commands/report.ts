import { InvalidInput } from '../../core/errors.ts';
import { RunReport } from '../../core/report.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { LATEST_KEY, LatestIndex } from '../../lambdas/runtime/run-index.ts';
import { runKeyOf, runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { openWorkspace } from '../../lib/local/workspace.ts';
import { printReport } from '../answer.ts';
import { defineCommand, EXIT, PLATFORM_OPTIONS, textOption } from '../command.ts';

const usage =
  'fettle report [<run id> | <procedure>] --platform <name or file> [--environment <name>] [--store <folder>] [--json]';

export const command = defineCommand({
  name: 'report',
  summary: 'Shows the report of a run, or of the latest run of a procedure',
  usage,
  example: 'fettle report daily --platform mine.yaml',
  options: PLATFORM_OPTIONS,
  async run(given) {
    const { store, platform } = await openWorkspace({
      platform: textOption(given, 'platform'),
      environment: textOption(given, 'environment'),
      store: textOption(given, 'store'),
      onlyReads: true,
      now: new Date(),
    });
    const [named = 'daily'] = given.positionals;
    const runKey = await findRun(store, Object.keys(platform.procedures), named);
    const report = runKey && (await readRecord(store, runKeys(runKey).report, RunReport))?.value;
    if (!runKey || !report)
      throw new InvalidInput(`there is no ended run "${named}" in ${store.location}\n\n  ${usage}`);
    printReport(report, { json: given.values['json'] === true });
    process.stderr.write(`page: ${store.location}/${runKeys(runKey).page}\n`);
    return EXIT.fine;
  },
});

async function findRun(store: Store, procedures: readonly string[], named: string): Promise<string | undefined> {
  const latest = (await readRecord(store, LATEST_KEY, LatestIndex))?.value.procedures;
  if (procedures.includes(named)) return latest?.[named]?.latest.runKey;
  const procedure = procedures.find((name) => named.startsWith(`${name}-`));
  return procedure === undefined ? undefined : runKeyOf(procedure, named);
}
