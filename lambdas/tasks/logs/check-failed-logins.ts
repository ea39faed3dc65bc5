import { partitionOf } from '../../../core/aws-partition.ts';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RE2JS, RE2JSException } from 're2js';
import * as z from 'zod';
import { timezoneProblem } from '../../../core/calendar/timezone.ts';
import { DurationSeconds } from '../../../core/duration.ts';
import { Unavailable } from '../../../core/errors.ts';
import { targetsOf, type ResolvedPlatform } from '../../../core/platform.ts';
import { isReference } from '../../../core/target-kinds.ts';
import { defineTask, type Permission } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { abortBefore } from '../../runtime/time-limit.ts';
import { readFolder } from './_auth-folder.ts';
import { readGroup } from './_auth-group.ts';
import type { LogState } from './_auth-series.ts';
import { folderNeeds, groupNeeds } from './_login-needs.ts';
import { LOGIN_FINDINGS } from './_login-findings.ts';
import { judgeLog, judgeLogins, type Observation } from './_login-judgement.ts';
import { LoginScan } from './_login-scan.ts';
import { LoginTally, type TimeWindow } from './_login-tally.ts';

const LONGEST_WINDOW_SECONDS = 31 * 86_400;

const Input = z.strictObject({
  within: DurationSeconds.refine((seconds) => seconds <= LONGEST_WINDOW_SECONDS, 'must be 31d or less')
    .default(86_400)
    .describe('How far back is looked, up to now; 24h by default'),
  // Debian writes a line for each hourly job and other systems hardly any: none for a whole day is silence on all of them.
  silentAfter: DurationSeconds.default(86_400).describe(
    'The age of the newest line, of whatever kind, above which the log has stopped; 24h by default',
  ),
  failuresAbove: z.int().min(0).default(100).describe('How many failed logins within the window are too many'),
  perMinuteAbove: z.int().min(0).default(10).describe('How many failed logins within any sixty seconds are too many'),
  perAddressAbove: z.int().min(0).default(50).describe('How many failed logins of one address are too many'),
  suspiciousAfter: z
    .int()
    .min(1)
    .default(10)
    .describe('After how many failures in a row a success of the same address is suspicious'),
  files: z
    .array(z.string().regex(/^[^/]+$/, 'is a name without a folder'))
    .min(1)
    .default(['auth.log*', 'secure*'])
    .describe('Which files of a folder are logs, with * and ?; those turned over and compressed included'),
  timezone: z
    .string()
    .superRefine((name, context) => {
      const message = timezoneProblem(name);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .default('UTC')
    .describe('The time zone of times that do not name their own'),
  pattern: z
    .string()
    .min(1)
    .max(1_000)
    .refine(isPattern, 'is no regular expression of RE2')
    .optional()
    .describe(
      'What a failed login looks like in the log of an application, as a regular expression of RE2 that matches from where the message begins, with the groups (?P<user>…) and (?P<address>…)',
    ),
});

const GROUP_PREFIX = 'cloudwatch-logs:';

function isPattern(text: string): boolean {
  try {
    return RE2JS.compile(text).groupCount() >= 0;
  } catch (thrown) {
    if (thrown instanceof RE2JSException) return false;
    throw thrown;
  }
}

interface Reading {
  readonly input: z.output<typeof Input>;
  readonly window: TimeWindow;
  readonly scan: LoginScan;
  readonly signal: AbortSignal;
}

async function readLogs(url: string, { input, window, scan, signal }: Reading): Promise<readonly LogState[]> {
  if (url.startsWith(GROUP_PREFIX)) return [await readGroup(groupOf(url), scan, { window, signal })];
  return readFolder(folderOf(url), scan, { files: input.files, fromMs: window.fromMs, signal });
}

function folderOf(url: string): string {
  if (url.startsWith('file:///')) return fileURLToPath(url);
  throw new Unavailable('the address is neither file:///folder/ nor cloudwatch-logs:group');
}

function groupOf(url: string): string {
  return url.slice(GROUP_PREFIX.length);
}

/** The command that shows what an observation speaks of; none where there is no exact one. */
function commandFor(
  url: string,
  { kind, subject = '' }: Observation,
  { logs, window: { fromMs, untilMs } }: { readonly logs: readonly LogState[]; readonly window: TimeWindow },
): string | undefined {
  // A /64 is written in many ways, and a name that a stranger chose is not to be pasted into a shell.
  const address = isIP(subject) === 0 ? undefined : subject;
  if (url.startsWith(GROUP_PREFIX)) {
    const group = `--log-group-name ${quoted(groupOf(url))}`;
    const span = `--start-time ${fromMs} --end-time ${untilMs - 1}`;
    if (address) return `aws logs filter-log-events ${group} ${span} --filter-pattern '"${address}"'`;
    if (kind !== 'log-stopped') return undefined;
    return `aws logs describe-log-streams ${group} --order-by LastEventTime --descending --max-items 5`;
  }
  const place = (name: string) => `${quoted(join(fileURLToPath(url), name))}*`;
  if (address) return `zgrep -hwF -- ${address} ${logs.map(({ name }) => place(name)).join(' ')}`;
  if (kind === 'log-stopped' || kind === 'window-not-covered') return `ls -l --full-time -- ${place(subject)}`;
  return undefined;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function permissionsFor(url: string, { region, account }: Pick<ResolvedPlatform, 'region' | 'account'>): Permission[] {
  const actions = ['logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:FilterLogEvents'];
  if (isReference(url)) {
    const because = 'The address is a reference, so the log group is not known before the task runs.';
    return [{ actions, resources: ['*'], because }];
  }
  if (!url.startsWith(GROUP_PREFIX)) return [];
  const because = 'Log groups are listed by a prefix of their name, and a list is of no single group.';
  return [
    {
      actions: ['logs:DescribeLogGroups'],
      resources: [`arn:${partitionOf(region)}:logs:${region}:${account}:log-group:*`],
      because,
    },
    {
      actions: actions.slice(1),
      resources: [`arn:${partitionOf(region)}:logs:${region}:${account}:log-group:${groupOf(url)}:*`],
    },
  ];
}

export const task = defineTask({
  name: 'logs-check-failed-logins',
  summary: 'Checks how often logins failed lately, and whether somebody got in after many failures',
  effect: 'read-only',
  target: 'logs',
  input: Input,
  examples: [
    {},
    { within: '7d', failuresAbove: 700, timezone: 'Europe/Berlin', files: ['secure*'] },
    { files: ['shop.log*'], pattern: 'login failed user=(?P<user>\\S+) ip=(?P<address>\\S+)' },
  ],
  findings: LOGIN_FINDINGS,
  permissions: (platform) => [
    ...secretPermissions(platform, 'logs'),
    ...[...targetsOf(platform, 'logs').values()].flatMap(({ url }) => permissionsFor(url, platform)),
  ],
  needs: ({ input, targets, now, signal }) =>
    eachNeed(targets, ({ url: address }) => {
      const url = address.reveal();
      if (!url.startsWith(GROUP_PREFIX)) return folderNeeds(folderOf(url), input.files, signal);
      const window = { fromMs: now.getTime() - input.within * 1_000, untilMs: now.getTime() };
      return groupNeeds(groupOf(url), { window, signal, permissions: (at) => permissionsFor(url, at) });
    }),
  timeoutSeconds: 600,
  run: ({ input, targets, now, clock, deadline, signal }) =>
    eachTarget(
      targets,
      async ({ name: target, url: address }) => {
        const url = address.reveal();
        const window = { fromMs: now.getTime() - input.within * 1_000, untilMs: now.getTime() };
        const pattern = input.pattern === undefined ? undefined : RE2JS.compile(input.pattern);
        const tally = new LoginTally(window, input);
        const scan = new LoginScan(tally, { window, timezone: input.timezone, pattern });
        const stop = abortBefore(deadline, clock(), signal);
        const logs = await readLogs(url, { input, window, scan, signal: stop });
        const summary = tally.summary();
        const limits = { window, silentAfter: input.silentAfter, hasPattern: pattern !== undefined };
        const ofLogs = logs.flatMap((log) => judgeLog(log, limits));
        const findings = [...judgeLogins(summary, input), ...ofLogs].map((observation) => {
          const command = commandFor(url, observation, { logs, window });
          return { ...observation, target, ...(command !== undefined && { command }) };
        });
        // A sum of what was seen of half a day would stand in the trend as if it were a quiet one.
        if (ofLogs.length > 0) return { findings, measurements: [] };
        const measured = {
          'failed-logins': summary.failures,
          'failing-addresses': summary.addresses,
          'attempted-users': summary.users,
          'busiest-minute': summary.burst.failures,
        };
        const measurements = Object.entries(measured).map(([name, value]) => ({
          name,
          value,
          unit: 'count' as const,
          target,
        }));
        return { findings, measurements };
      },
      { concurrency: 2 },
    ),
});
