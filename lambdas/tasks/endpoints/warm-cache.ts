import * as z from 'zod';
import type { Act, ActOutcome } from '../../../core/action.ts';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { callableAddresses } from '../../runtime/address-guard.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { curlCommand, destinationOf, samePlace, type Destination } from './_destination.ts';
import { Path, ShortTime } from './_expectation.ts';
import { endpointNeeds } from './_needs.ts';
import { pacer, pauseWithin } from './_pace.ts';
import { WARM_FINDINGS, type WarmKind as Kind } from './_warm-findings.ts';
import { warmPath, Warmth, type WarmOptions } from './_warm-path.ts';

// A GET should change nothing, and not every service keeps to that.
const CHANGING = new Set([
  ...['logout', 'log-out', 'logoff', 'signout', 'sign-out', 'delete', 'remove', 'destroy', 'drop', 'purge', 'flush'],
  ...['unsubscribe', 'cancel', 'reset', 'revoke', 'disable', 'shutdown', 'restart', 'checkout', 'pay', 'approve'],
]);

const WarmedPath = Path.refine((path) => !looksChanging(path), {
  message: 'looks as if it changed something at the service, and a warming must be harmless',
});

const Input = z
  .strictObject({
    paths: z
      .array(WarmedPath)
      .min(1)
      .max(1_000)
      .refine((paths) => new Set(paths).size === paths.length, 'has a path twice')
      .describe('The paths to request at the host of the target, each with its query, the most wanted first'),
    maxPaths: z.int().min(1).max(1_000).default(100).describe('The most paths that one run may request of a target'),
    expectCached: z
      .boolean()
      .default(true)
      .describe(
        'Request each path twice and say where the second answer is not from a cache; false for a path with which the service warms a cache of its own',
      ),
    perSecond: z.number().min(0.1).max(50).default(5).describe('How many requests are sent in a second at most'),
    within: ShortTime.prefault('10s').describe('How long one answer may take'),
    stopAbove: ShortTime.prefault('5s').describe('Stop the warming when an answer takes longer'),
  })
  .refine(({ paths, maxPaths }) => paths.length <= maxPaths, {
    message: 'has more paths than maxPaths allows',
    path: ['paths'],
  });

/** Whether a part of a path or of its query is called like something that changes. */
export function looksChanging(path: string): boolean {
  return path
    .toLowerCase()
    .split(/[/?&=;.]/)
    .some((part) => CHANGING.has(part));
}

const FAMILIES = ['ipv4', 'ipv6'] as const;

interface Examined {
  readonly findings: readonly Finding<Kind>[];
  readonly measurements: readonly Measurement[];
}

/** What became of one path, as its action tells. */
interface Result {
  readonly path: string;
  readonly outcome: ActOutcome;
}

/** Judges what the paths of one target came to; `stopped` says why it was ended before the last one. */
export function judgeWarming(
  target: string,
  destination: Destination,
  results: readonly Result[],
  {
    planned,
    stopped,
    withinSeconds,
  }: { readonly planned: number; readonly stopped: string | undefined; readonly withinSeconds: number },
): Examined {
  const findings: Finding<Kind>[] = [];
  const warmths: Warmth[] = [];
  const notShown: string[] = [];
  for (const { path, outcome } of results) {
    const say = (kind: Kind, text: string) => {
      const command = curlCommand({ ...destination, url: samePlace(destination.url, path) }, undefined, withinSeconds);
      const summary = `${destination.label} ${path} ${text}`;
      findings.push({ kind, target, subject: path, summary, ...(command !== undefined && { command }) });
    };
    if (outcome.status === 'skipped') say('not-warmed', outcome.detail);
    if (outcome.status !== 'done') continue;
    const warmth = Warmth.parse(outcome.after);
    const { because } = warmth;
    if (warmth.cache === 'not-cacheable') say('not-cacheable', `may not be kept by a cache: ${because}`);
    else if (warmth.cache === 'miss') say('not-kept', `was not in the cache at the second request: ${because}`);
    else warmths.push(warmth);
    if (warmth.cache === 'not-shown') notShown.push(path);
  }
  if (notShown.length > 0) {
    const summary = `${destination.label} does not show for ${notShown.length} of ${planned} paths whether they came from a cache`;
    findings.push({ kind: 'warmth-not-shown', target, summary });
  }
  if (stopped !== undefined) {
    const left = planned - results.length;
    const summary = `${destination.label} ${stopped}: ${left} of ${planned} paths were left`;
    if (left > 0) findings.push({ kind: 'stopped-early', target, summary, value: left, limit: 0, unit: 'count' });
  }
  const isPlan = results.every(({ outcome }) => outcome.status === 'planned');
  return { findings, measurements: measured(target, planned, isPlan ? undefined : warmths) };
}

function measured(target: string, planned: number, warmths: readonly Warmth[] | undefined): Measurement[] {
  const paths: Measurement = { name: 'paths', value: planned, unit: 'count', target };
  if (!warmths) return [paths];
  const mean = (name: string, values: readonly number[]): Measurement[] => {
    if (values.length === 0) return [];
    const value = Math.round(values.reduce((sum, one) => sum + one, 0) / values.length);
    return [{ name, value, unit: 'milliseconds', target }];
  };
  return [
    paths,
    { name: 'paths-warmed', value: warmths.length, unit: 'count', target },
    ...mean(
      'first-response-time',
      warmths.map(({ firstMilliseconds }) => firstMilliseconds),
    ),
    ...mean(
      'second-response-time',
      warmths.flatMap(({ secondMilliseconds }) => secondMilliseconds ?? []),
    ),
  ];
}

interface Warming {
  readonly results: readonly Result[];
  readonly stopped: string | undefined;
}

async function warmAll(
  act: Act,
  target: string,
  destination: Destination,
  paths: readonly string[],
  options: WarmOptions,
): Promise<Warming> {
  const results: Result[] = [];
  const scope = { planned: paths.length, population: paths.length };
  let stopped: string | undefined;
  for (const path of paths) {
    const outcome = await act(
      {
        ...{ verb: 'warm', target, subject: path, scope, statement: `GET ${path}`, idempotent: true },
        summary: `request ${path} of ${destination.label}`,
        worstCaseSeconds: Math.ceil(2 * options.timeoutSeconds),
      },
      async () => {
        const warmed = await warmPath(destination, path, options);
        stopped = warmed.stop;
        if (warmed.status === 'warmed') return { state: 'done', after: warmed.warmth };
        return { state: 'skipped', detail: textAfter(destination.label, warmed.because) };
      },
    );
    results.push({ path, outcome });
    if (outcome.status === 'refused') return { results, stopped: `was not asked further: ${outcome.detail}` };
    if (stopped !== undefined) return { results, stopped: textAfter(destination.label, stopped) };
  }
  return { results, stopped: undefined };
}

// The texts of failures begin with the name of the endpoint, as every summary does.
function textAfter(label: string, text: string): string {
  return text.startsWith(`${label} `) ? text.slice(label.length + 1) : text;
}

export const task = defineTask({
  name: 'endpoints-warm-cache',
  summary: 'Requests pages so that caches have them before users come, and proves that they were kept',
  effect: 'mutating',
  target: 'endpoints',
  input: Input,
  examples: [
    { paths: ['/', '/events'] },
    { paths: ['/cache/warm'], expectCached: false, within: '60s', stopAbove: '60s' },
    { paths: ['/', '/events?page=1'], perSecond: 1, maxPaths: 10 },
  ],
  findings: WARM_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'endpoints'),
  // Only the address itself is asked: looking must not warm the paths, and what it answers to others is not theirs.
  needs: (context) => endpointNeeds(context, { families: FAMILIES, expectStatus: ['4xx'], speaksHttp: true }),
  timeoutSeconds: 600,
  cap: ({ maxPaths }) => ({ absolute: maxPaths, percent: 100 }),
  run: ({ input, targets, now, clock, deadline, signal, allowAddresses, mode, act }) => {
    const { paths, within: timeoutSeconds, stopAbove, expectCached, perSecond } = input;
    const turn = pacer(perSecond, signal);
    const wait = (seconds: number) => {
      const leftSeconds = (deadline.getTime() - clock().getTime()) / 1_000;
      return pauseWithin(seconds, leftSeconds - 2 * timeoutSeconds, signal);
    };
    const shared = { allowAddresses, timeoutSeconds, stopAboveSeconds: stopAbove, expectCached, signal, now };
    return eachTarget<Kind, (typeof targets)[number]>(targets, async (target) => {
      const destination = destinationOf(target);
      const { name } = target;
      if (destination.scheme === 'tls') {
        const summary = `${destination.label} speaks TLS without HTTP: there is no cache to warm`;
        return { findings: [{ kind: 'no-http', target: name, summary }], measurements: [] };
      }
      // What may not be called, or has no address, is not known and no fault of a path.
      if (mode === 'execute') await callableAddresses(destination.host, { allowAddresses, timeoutSeconds, signal });
      const { results, stopped } = await warmAll(act, name, destination, paths, { ...shared, turn, wait });
      return judgeWarming(name, destination, results, {
        planned: paths.length,
        stopped,
        withinSeconds: timeoutSeconds,
      });
    });
  },
});
