import { byWorst } from '../../core/verdict.ts';
import { doctorText } from '../../lib/doctor-text.ts';
import { examineTargets } from '../../lib/doctor.ts';
import { type OpenedPlatform, openPlatform } from '../../lib/local/workspace.ts';
import { type CommandArguments, defineCommand, EXIT, PLATFORM_OPTIONS, platformGiven } from '../command.ts';

export const command = defineCommand({
  name: 'doctor',
  summary:
    'Says of each target whether it can be reached and what is missing; of a deployed environment whether its parts are there, on and alive',
  usage:
    'fettle doctor --platform <name or file> [--environment <name>] [--targets, from this machine also where it is deployed] [--profile <AWS profile>] [--json]',
  example: 'fettle doctor --platform mine.yaml',
  options: { ...PLATFORM_OPTIONS, targets: { type: 'boolean' } },
  async run(given) {
    const opened = await openPlatform({
      ...platformGiven(given),
      now: new Date(),
    });
    // Where functions stand in the network of an environment, this machine sees other things than they do.
    const looksFromHere = opened.platform.account === undefined || given.values['targets'] === true;
    return looksFromHere ? lookAtTargets(given, opened) : lookAtDeployment(given, opened);
  },
});

async function lookAtTargets(given: CommandArguments, { platform, catalogue, folder }: OpenedPlatform) {
  // References to files start where the profile is.
  process.chdir(folder);
  const needs = await examineTargets({ platform, catalogue, now: new Date(), signal: given.signal });
  process.stdout.write(given.values['json'] === true ? `${JSON.stringify(needs, null, 2)}\n` : doctorText(needs));
  if (given.signal.aborted) return EXIT.interrupted;
  return needs.every(({ state }) => state === 'met') ? EXIT.fine : EXIT.bad;
}

async function lookAtDeployment(given: CommandArguments, { platform, catalogue }: OpenedPlatform): Promise<number> {
  // Only now: CDK takes longer to load than targets to answer.
  const { openDeployment } = await import('../../lib/deployed/deployment.ts');
  const { examineDeployment } = await import('../../lib/deployed/examine.ts');
  const { checksText } = await import('../../lib/deployed/checks-text.ts');
  const deployment = await openDeployment(platform);
  const checks = await examineDeployment({ deployment, platform, catalogue, now: new Date() });
  process.stdout.write(given.values['json'] === true ? `${JSON.stringify(checks, null, 2)}\n` : checksText(checks));
  if (given.values['json'] !== true)
    process.stderr.write(
      'targets are looked at by the tasks themselves: fettle start, or --targets from this machine\n',
    );
  return checks.every(({ verdict }) => byWorst(verdict, 'warn') >= 0) ? EXIT.fine : EXIT.bad;
}
