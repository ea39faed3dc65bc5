import { openWorkspace } from '../../lib/local/workspace.ts';
import { defineCommand, EXIT, PLATFORM_OPTIONS, platformGiven } from '../command.ts';

export const command = defineCommand({
  name: 'status',
  summary: 'Says what runs now, how each procedure ended last, what is due next and which alarms ring',
  usage: 'fettle status --platform <name or file> [--env <name>] [--store <folder>] [--profile <AWS profile>] [--json]',
  example: 'fettle --env prod status --platform eventchain',
  options: PLATFORM_OPTIONS,
  async run(given) {
    const now = new Date();
    const workspace = await openWorkspace({
      ...platformGiven(given),
      onlyReads: true,
      now,
    });
    // Only now: the clients of AWS take longer to load than help to answer.
    const { concerns, platformStatus } = await import('../../lib/status.ts');
    const { statusText } = await import('../../lib/status-text.ts');
    const status = await platformStatus({ ...workspace, deployment: workspace.deployment, now });
    process.stdout.write(given.values['json'] === true ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
    return concerns(status).length === 0 ? EXIT.fine : EXIT.bad;
  },
});
