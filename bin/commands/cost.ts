import { readFile } from 'node:fs/promises';
import { InvalidInput, messageOf } from '../../core/errors.ts';
import { RunReport } from '../../core/report.ts';
import { readLatest } from '../../lambdas/runtime/mend-index.ts';
import { readRecord } from '../../lambdas/runtime/records.ts';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { PriceTable } from '../../lib/deployed/prices.ts';
import { openPlatform, openWorkspace } from '../../lib/local/workspace.ts';
import { systemReason } from '../../lib/system-reason.ts';
import { type CommandArguments, defineCommand, EXIT, PLATFORM_OPTIONS, platformGiven, textOption } from '../command.ts';
import { tellCorrupt } from '../failure.ts';

export const command = defineCommand({
  name: 'cost',
  summary: 'Computes what a platform costs on AWS in a month, from its calendar and its template',
  usage:
    'fettle cost --platform <name or file> [--env <name>] [--prices <file of JSON>] [--measured, with the durations of its latest runs] [--store <folder>] [--json]',
  example: 'fettle cost --platform eventchain --env prod',
  options: { ...PLATFORM_OPTIONS, prices: { type: 'string' }, measured: { type: 'boolean' } },
  async run(given) {
    const now = new Date();
    const chosen = { ...platformGiven(given), now };
    const { platform, catalogue } = await openPlatform(chosen);
    const [{ homeOf }, { ownTemplate }, { monthlyUsage }, { assumptionsOf }, { costOf, costText }] = await Promise.all([
      import('../../lib/deployed/deployment.ts'),
      import('../../lib/deployed/template.ts'),
      import('../../lib/deployed/usage.ts'),
      import('../../lib/deployed/assumptions.ts'),
      import('../../lib/deployed/cost.ts'),
    ]);
    homeOf(platform);
    const prices = await pricesOf(textOption(given, 'prices'));
    const taskSeconds = given.values['measured'] === true ? await measuredSeconds(given) : new Map<string, number>();
    const template = await ownTemplate(platform, catalogue);
    const usage = monthlyUsage({ platform, template, assumptions: { taskSeconds }, now });
    const cost = costOf({ ...platform, ...assumptionsOf(platform, taskSeconds), usage, prices });
    process.stdout.write(given.values['json'] === true ? `${JSON.stringify(cost, null, 2)}\n` : costText(cost));
    return EXIT.fine;
  },
});

async function pricesOf(file: string | undefined): Promise<PriceTable> {
  const { PRICES, withPrices } = await import('../../lib/deployed/prices.ts');
  if (file === undefined) return PRICES;
  return withPrices(await jsonOf(file), file);
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = systemReason(cause) ?? messageOf(cause);
    throw new InvalidInput('CLI_OPTION_VALUE', `${file} cannot be read: ${reason}`, { cause });
  }
}

/** How long each task took in the latest run of its procedure, by procedure and task. */
async function measuredSeconds(given: CommandArguments): Promise<ReadonlyMap<string, number>> {
  const { store } = await openWorkspace({
    ...platformGiven(given),
    onlyReads: true,
    now: new Date(),
  });
  const seconds = new Map<string, number>();
  for (const [procedure, { compared }] of Object.entries(await readLatest(store, tellCorrupt))) {
    const report = compared && (await readRecord(store, runKeys(compared.runKey).report, RunReport))?.value;
    for (const { task, durationSeconds } of report?.tasks ?? [])
      if (durationSeconds !== undefined) seconds.set(`${procedure}/${task}`, durationSeconds);
  }
  return seconds;
}
