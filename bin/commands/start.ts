import { randomUUID } from 'node:crypto';
import { linkOf, anchorText } from '../../lambdas/runtime/evidence.ts';
import { runIdOf, runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Deployment } from '../../lib/deployed/deployment.ts';
import { openPlatform } from '../../lib/local/workspace.ts';
import { knownProcedure } from '../../lib/profiles/known-procedure.ts';
import { exitCodeOf, printReport, tell } from '../answer.ts';
import { type CommandArguments, defineCommand, EXIT, PLATFORM_OPTIONS, platformGiven } from '../command.ts';
import { START_OPTIONS, startInput } from '../start-input.ts';

const { platform, environment, profile } = PLATFORM_OPTIONS;

export const command = defineCommand({
  name: 'start',
  summary: 'Starts a deployed procedure in its account: a plan, unless it is told to execute',
  usage:
    'fettle start <procedure> --platform <name or file> [--env <name>] [--execute] [--override window --reason <text>, which executes] [--no-wait] [--profile <AWS profile>] [--json]',
  example: 'fettle start daily --platform eventchain --env prod --override window --reason "the disk is full"',
  options: {
    ...{ platform, environment, profile },
    ...START_OPTIONS,
    execute: { type: 'boolean' },
    'no-wait': { type: 'boolean' },
  },
  argument: { name: 'procedure', required: true },
  async run(given) {
    const [named = ''] = given.positionals;
    // Who overrides a rule wants the thing done; a plan needs no override.
    const executes = given.values['execute'] === true || given.values['override'] !== undefined;
    const input = startInput(given, executes ? 'execute' : 'plan');
    const now = new Date();
    const opened = await openPlatform({
      ...platformGiven(given),
      now,
    });
    const procedure = knownProcedure(opened.platform, named, opened.profile.file);
    const { openDeployment } = await import('../../lib/deployed/deployment.ts');
    const { executionName, startExecution } = await import('../../lib/deployed/executions.ts');
    const { machineArn } = await import('../../lib/deployed/stack.ts');
    const { requireOwnRegion } = await import('../../lib/deployed/own-region.ts');
    const deployment = await openDeployment(opened.platform);
    requireOwnRegion(deployment.home);
    const machine = machineArn(deployment.stack, procedure.name);
    const name = executionName(procedure.name, now, randomUUID());
    const executionArn = await startExecution(deployment.clients, { machine, name, input });
    process.stderr.write(`started ${executionArn}\n`);
    return given.values['no-wait'] === true
      ? tellBeginning(given, deployment, executionArn)
      : follow(given, deployment, executionArn);
  },
});

/** What is known as soon as the run has claimed its id. */
async function tellBeginning(given: CommandArguments, deployment: Deployment, executionArn: string): Promise<number> {
  const { beginningOf } = await import('../../lib/deployed/follow-run.ts');
  const runKey = await beginningOf(deployment, executionArn, given.signal);
  const answer = { executionArn, ...(runKey !== undefined && { runKey, runId: runIdOf(runKey) }) };
  const lines = [executionArn, runKey ?? 'its run has not begun yet; see: fettle status'];
  process.stdout.write(
    given.values['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : `${lines.join('\n')}\n`,
  );
  return EXIT.fine;
}

async function follow(given: CommandArguments, deployment: Deployment, executionArn: string): Promise<number> {
  const { followRun } = await import('../../lib/deployed/follow-run.ts');
  const ended = await followRun(deployment, { executionArn, signal: given.signal, onProgress: tell });
  if (!ended) {
    process.stderr.write('the run goes on in its account; see: fettle status\n');
    return EXIT.interrupted;
  }
  printReport(ended.report, { json: given.values['json'] === true });
  process.stderr.write(`page: ${deployment.storeLocation}/${runKeys(ended.runKey).page}\n`);
  const link = await linkOf(deployment.store, ended.runKey);
  if (link) process.stderr.write(`evidence: ${anchorText(link)}\n`);
  return exitCodeOf({ ...ended, interrupted: false });
}
