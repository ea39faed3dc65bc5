import { quoted } from '../../core/calendar/problem.ts';
import { parseDuration } from '../../core/duration.ts';
import { InvalidInput } from '../../core/errors.ts';
import type { Deployment } from '../../lib/deployed/deployment.ts';
import { openPlatform } from '../../lib/local/workspace.ts';
import { type CommandArguments, defineCommand, EXIT, PLATFORM_OPTIONS, platformGiven, textOption } from '../command.ts';

const { platform, environment, profile } = PLATFORM_OPTIONS;
const DEFAULT_SINCE = '1h';

export const command = defineCommand({
  name: 'logs',
  summary: 'Shows what the functions of a deployed platform logged, for a run or since a time',
  usage:
    'fettle logs [<run id>] --platform <name or file> [--env <name>] [--since <30m or 2026-11-21T02:00Z>] [--profile <AWS profile>] [--json]',
  example: 'fettle logs daily-20261121T020000Z --platform eventchain --env prod',
  options: { platform, environment, profile, since: { type: 'string' } },
  argument: { name: 'run id', required: false },
  async run(given) {
    const now = new Date();
    const [runId] = given.positionals;
    const since = textOption(given, 'since');
    if (runId !== undefined && since !== undefined)
      throw new InvalidInput('CLI_ARGUMENT', 'name a run or a time, and not both: a run has its own time');
    const from = sinceOf(since ?? DEFAULT_SINCE, now);
    const opened = await openPlatform({
      ...platformGiven(given),
      now,
    });
    const { openDeployment } = await import('../../lib/deployed/deployment.ts');
    const deployment = await openDeployment(opened.platform);
    const span = runId === undefined ? { from, to: now } : await spanOf(deployment, runId, now);
    const [start, end] = [span.from, span.to].map((time) => time.toISOString());
    process.stderr.write(`everything that was logged from ${start} to ${end}\n`);
    return print(given, deployment, span);
  },
});

async function print(given: CommandArguments, deployment: Deployment, span: { from: Date; to: Date }): Promise<number> {
  const { logLines, lineText } = await import('../../lib/deployed/log-lines.ts');
  const json = given.values['json'] === true;
  let count = 0;
  for await (const line of logLines(deployment, span)) {
    if (given.signal.aborted) return EXIT.interrupted;
    const text = json ? `${count === 0 ? '[\n' : ',\n'}  ${JSON.stringify(line)}` : `${lineText(line)}\n`;
    process.stdout.write(text);
    count += 1;
  }
  if (json) process.stdout.write(count === 0 ? '[]\n' : '\n]\n');
  else if (count === 0) process.stderr.write('nothing was logged in that time\n');
  return EXIT.fine;
}

async function spanOf(deployment: Deployment, runId: string, now: Date): Promise<{ from: Date; to: Date }> {
  const { findRunKey } = await import('../../lib/evidence/find-run-key.ts');
  const { spanOfRun } = await import('../../lib/deployed/log-lines.ts');
  const runKey = /^[\w-]{1,128}$/.test(runId) ? await findRunKey(deployment.store, runId) : undefined;
  const span = runKey === undefined ? undefined : await spanOfRun(deployment, runKey, now);
  if (span) return span;
  throw new InvalidInput('CLI_UNKNOWN_RUN', `there is no run ${quoted(runId)} in ${deployment.storeLocation}`);
}

/** `30m` ago, or an instant. */
function sinceOf(text: string, now: Date): Date {
  const seconds = parseDuration(text);
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/.test(text);
  const since = seconds === undefined ? new Date(isInstant ? text : Number.NaN) : secondsBefore(now, seconds);
  if (since < now) return since;
  throw new InvalidInput(
    'CLI_OPTION_VALUE',
    `${quoted(text)} is no time in the past; write it as 30m, 2026-11-21 or 2026-11-21T02:00Z`,
  );
}

function secondsBefore(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1_000);
}
