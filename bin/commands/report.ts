import type * as z from 'zod';
import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import { RunReport } from '../../core/report.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { readLatest } from '../../lambdas/runtime/mend-index.ts';
import type { LatestIndex } from '../../lambdas/runtime/run-index.ts';
import type { Store } from '../../lambdas/runtime/store.ts';
import { runKeyOf, runKeys } from '../../lambdas/runtime/run-keys.ts';
import { nearestHint } from '../../lib/profiles/nearest-word.ts';
import { documentFolders, latestDocument } from '../../lib/review-documents.ts';
import { openWorkspace } from '../../lib/local/workspace.ts';
import { printReport } from '../answer.ts';
import { defineCommand, EXIT, PLATFORM_OPTIONS, platformGiven } from '../command.ts';
import { tellCorrupt } from '../failure.ts';

export const command = defineCommand({
  name: 'report',
  summary: 'Shows the report of a run, of the latest run of a procedure, or the latest review',
  usage:
    'fettle report [<run id> | <procedure> | <review>] --platform <name or file> [--environment <name>] [--store <folder>] [--json]',
  example: 'fettle report daily --platform mine.yaml',
  options: PLATFORM_OPTIONS,
  argument: { name: 'run, procedure or review', required: false },
  async run(given) {
    const { store, platform, catalogue } = await openWorkspace({
      ...platformGiven(given),
      onlyReads: true,
      now: new Date(),
    });
    const [named = 'daily'] = given.positionals;
    const latest = await readLatest(store, tellCorrupt);
    const procedures = Object.keys(platform.procedures);
    const runKey = runKeyOfName(named, procedures, latest);
    const json = given.values['json'] === true;
    const reviews = documentFolders(platform, catalogue);
    const review = runKey === undefined ? reviews.get(named) : undefined;
    if (review) return await printReview(store, { ...review, named, json });
    const report = runKey && (await readRecord(store, runKeys(runKey).report, RunReport))?.value;
    if (!runKey || !report) {
      const known = [...procedures, ...reviews.keys(), ...Object.values(latest).map((one) => one.latest.runId)];
      const hint = nearestHint(named, known);
      const what = `there is no ended run ${quoted(named)} in ${store.location}`;
      throw new InvalidInput('CLI_UNKNOWN_RUN', `${what}${hint || `; look for one of ${known.join(', ')}`}`);
    }
    printReport(report, { json });
    process.stderr.write(`page: ${store.location}/${runKeys(runKey).page}\n`);
    return EXIT.fine;
  },
});

/** Prints the latest review as the text of a ticket, or its document. */
async function printReview(
  store: Store,
  {
    named,
    folder,
    task,
    json,
  }: { readonly named: string; readonly folder: string; readonly task: string; readonly json: boolean },
): Promise<number> {
  const latest = await latestDocument(store, folder);
  if (!latest) {
    const what = `there is no review ${quoted(named)} in ${store.location}`;
    throw new InvalidInput('CLI_UNKNOWN_RUN', `${what}; run a procedure that has ${task}`);
  }
  const { key, forms } = latest;
  process.stdout.write((json ? forms.json : (forms.md ?? forms.json)) ?? '');
  process.stderr.write(`page: ${store.location}/${key}.${forms.html === undefined ? 'json' : 'html'}\n`);
  return EXIT.fine;
}

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
