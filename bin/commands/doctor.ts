import { doctorText } from '../../lib/doctor-text.ts';
import { examineTargets } from '../../lib/doctor.ts';
import { openPlatform } from '../../lib/local/workspace.ts';
import { defineCommand, EXIT, PLATFORM_OPTIONS, textOption } from '../command.ts';

export const command = defineCommand({
  name: 'doctor',
  summary: 'Says of each target whether it can be reached, what is missing, and the grant that would mend it',
  usage: 'fettle doctor --platform <name or file> [--environment <name>] [--json]',
  example: 'fettle doctor --platform mine.yaml',
  options: PLATFORM_OPTIONS,
  async run(given) {
    const now = new Date();
    const { platform, catalogue, folder } = await openPlatform({
      platform: textOption(given, 'platform'),
      environment: textOption(given, 'environment'),
      now,
    });
    // References to files start where the profile is.
    process.chdir(folder);
    const needs = await examineTargets({ platform, catalogue, now: new Date(), signal: given.signal });
    process.stdout.write(given.values['json'] === true ? `${JSON.stringify(needs, null, 2)}\n` : doctorText(needs));
    if (given.signal.aborted) return EXIT.interrupted;
    return needs.every(({ state }) => state === 'met') ? EXIT.fine : EXIT.bad;
  },
});
