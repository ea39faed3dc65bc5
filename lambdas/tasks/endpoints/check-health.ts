import * as z from 'zod';
import type { Finding, Measurement } from '../../../core/finding.ts';
import { defineTask } from '../../../core/task.ts';
import { eachTarget } from '../../runtime/each-target.ts';
import { type HttpFailureReason, printable } from '../../runtime/http-failure.ts';
import { hostOf } from '../../runtime/http-request.ts';
import { secretPermissions } from '../../runtime/secret-permissions.ts';
import { judgeAnswer, type Expectation } from './_answer.ts';
import { curlCommand, destinationOf, type Destination } from './_destination.ts';
import { isExpected, Path, ShortTime, Status } from './_expectation.ts';
import { HEALTH_FINDINGS, type HealthKind as Kind } from './_health-findings.ts';
import { endpointNeeds } from './_needs.ts';
import type { Observation } from './_observation.ts';
import { probeEndpoint, redirectionOf, type Answered, type Sight } from './_probe.ts';

const CONCURRENCY = 32;

const Input = z
  .strictObject({
    path: Path.optional().describe('The path to ask in place of that of the address, with its query'),
    expectStatus: z.array(Status).min(1).default(['2xx']).describe('The statuses that are fine: 204, 2xx'),
    expect: z
      .enum(['any', 'json', 'text'])
      .default('any')
      .describe('What the content must be; text is plain text and no HTML'),
    expectText: z.string().min(1).max(1_000).optional().describe('A text that the answer must hold'),
    rejectText: z.array(z.string().min(1).max(1_000)).max(50).default([]).describe('Texts that it must not hold'),
    healthyWords: z
      .array(z.string().min(1).max(100))
      .max(50)
      .default([])
      .describe('Words with which this platform says healthy, besides those of the known formats'),
    ignoreDependencies: z
      .array(z.string().min(1).max(200))
      .max(100)
      .default([])
      .describe('Dependencies, named as the finding names them, that the service can do without'),
    within: ShortTime.prefault('10s').describe('Fail when the whole answer is not there in this time'),
    slowAbove: ShortTime.prefault('2s').describe('Warn when the whole answer takes longer'),
    maxAgeSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .describe('A health answer that is older, by its own word or that of a cache, says nothing of now'),
    followRedirects: z
      .boolean()
      .default(false)
      .describe('Follow redirections on the same host, never to another one and never from https to http'),
    families: z
      .array(z.enum(['ipv4', 'ipv6']))
      .min(1)
      .default(['ipv4', 'ipv6'])
      .describe('Which addresses of a name to ask; [ipv4] where Fettle runs without an IPv6 route'),
  })
  .refine(({ slowAbove, within }) => slowAbove <= within, 'slowAbove must not be above within');
type Settings = z.output<typeof Input>;

const FAILURE_KINDS: Readonly<Record<HttpFailureReason, Kind>> = {
  'not-called': 'not-called',
  'no-route': 'not-called',
  deadline: 'not-called',
  refused: 'not-answering',
  'no-connection': 'not-answering',
  'time-out': 'not-answering',
  'hung-up': 'not-answering',
  tls: 'tls-failed',
  malformed: 'malformed-answer',
};

/** Judges what one address of an endpoint showed. */
export function judgeSight(
  { outcome, firstFailure }: Sight,
  { label, url }: Pick<Destination, 'label' | 'url'>,
  settings: Settings,
  now: Date,
): readonly Observation[] {
  // Its text begins with the name of the endpoint, which every summary does anyway.
  const textOf = ({ message }: Error) => (message.startsWith(`${label} `) ? message.slice(label.length + 1) : message);
  if (outcome.status === 'failed') {
    const again = firstFailure ? ', also when asked again' : '';
    return [{ kind: FAILURE_KINDS[outcome.failure.reason], text: `${textOf(outcome.failure)}${again}` }];
  }
  const retried: readonly Observation[] = firstFailure
    ? [{ kind: 'answered-on-second-try', text: `${textOf(firstFailure)}, and answered when asked again` }]
    : [];
  if (outcome.status === 'handshake') {
    const text = 'speaks TLS without HTTP: connection and handshake were examined, no answer was asked for';
    return [...retried, { kind: 'handshake-only', text }];
  }
  const redirected = judgeRedirection(outcome, url, settings);
  if (redirected) return [...retried, redirected];
  const { status, headers, cut, body } = outcome.answer;
  const seen = {
    status,
    headers,
    cut,
    seconds: outcome.seconds,
    text: body.toString('utf8'),
    path: outcome.url.pathname,
  };
  return [...retried, ...judgeAnswer(seen, expectationOf(settings), now)];
}

function judgeRedirection(
  { answer, url, stopped }: Answered,
  asked: URL,
  { expectStatus }: Settings,
): Observation | undefined {
  const next = redirectionOf(answer, url);
  if (!next || isExpected(answer.status, expectStatus)) return undefined;
  // Its query may hold a token of the one who was sent there.
  const where = printable(`${next.origin}${next.pathname}`, 200);
  if (stopped === 'loop') return { kind: 'redirect-loop', text: `redirects on and on, at last to ${where}` };
  const sameHost = hostOf(next) === hostOf(asked);
  if (asked.protocol === 'http:' && next.protocol === 'https:' && sameHost && stopped === 'not-followed') {
    return { kind: 'redirects-to-https', text: `redirects to ${where}, as plain HTTP should` };
  }
  const why = { 'not-followed': '', elsewhere: ', where it is not followed' }[stopped ?? 'not-followed'];
  const login = /log-?in|sign-?in|sso|oauth|auth/i.test(next.pathname) ? ', which looks like a login' : '';
  return { kind: 'redirected', text: `answered ${answer.status} and leads to ${where}${why}${login}` };
}

function expectationOf({ slowAbove, expectText, ...rest }: Settings): Expectation {
  return { ...rest, expectText, slowAboveSeconds: slowAbove };
}

interface Judged {
  readonly findings: readonly Finding<Kind>[];
  readonly measurements: readonly Measurement[];
}

/** Judges all addresses of an endpoint. What all of them show is said once; what only some show names them. */
export function judgeEndpoint(
  target: string,
  destination: Destination,
  sights: readonly Sight[],
  { settings, now }: { readonly settings: Settings; readonly now: Date },
): Judged {
  const { label } = destination;
  const many = sights.length > 1;
  const judged = sights.map((sight) => ({ ...sight, observations: judgeSight(sight, destination, settings, now) }));
  const everywhere = (one: Observation) =>
    judged.every(({ observations }) => observations.some(({ kind, text }) => kind === one.kind && text === one.text));
  const findings = judged.flatMap(({ address, observations }, place) =>
    observations
      .filter((observation) => place === 0 || !everywhere(observation))
      .map(({ text, part, ...observation }): Finding<Kind> => {
        const own = many && !everywhere({ ...observation, text });
        const subject = [...(own ? [address] : []), ...(part === undefined ? [] : [part])].join(' ');
        const severity = HEALTH_FINDINGS[observation.kind].severity;
        const command = severity === 'info' ? undefined : curlCommand(destination, address, settings.within);
        return {
          ...observation,
          target,
          ...(subject !== '' && { subject }),
          summary: `${label}${own ? ` at ${address}` : ''} ${text}`,
          ...(command !== undefined && { command }),
        };
      }),
  );
  const measurements = sights.flatMap(({ address, outcome }): Measurement[] => {
    if (outcome.status === 'failed') return [];
    const value = Math.round(outcome.seconds * 1_000);
    const name = outcome.status === 'handshake' ? 'handshake-time' : 'response-time';
    return [{ name, value, unit: 'milliseconds', target, ...(many && { subject: address }) }];
  });
  return { findings, measurements };
}

export const task = defineTask({
  name: 'endpoints-check-health',
  summary: 'Asks every address of a service for its health and judges the answer, not only its status',
  effect: 'read-only',
  target: 'endpoints',
  input: Input,
  examples: [
    {},
    { path: '/health', expect: 'json', within: '5s', slowAbove: '500ms' },
    { path: '/', expectText: 'Upcoming events', rejectText: ['Fatal error'] },
    { path: '/actuator/health', ignoreDependencies: ['mail'], expectStatus: ['2xx', 503] },
  ],
  findings: HEALTH_FINDINGS,
  permissions: (platform) => secretPermissions(platform, 'endpoints'),
  needs: (context) => {
    const { path, families, expectStatus } = context.input;
    return endpointNeeds(context, { path, families, expectStatus, speaksHttp: false });
  },
  timeoutSeconds: 600,
  run: ({ input, targets, now, signal, allowAddresses }) => {
    const { expect, within: timeoutSeconds, followRedirects, families } = input;
    const headers = { accept: expect === 'json' ? 'application/json' : '*/*', 'cache-control': 'no-cache' };
    const options = { allowAddresses, families, headers, timeoutSeconds, followRedirects, signal };
    return eachTarget<Kind, (typeof targets)[number]>(
      targets,
      async (target) => {
        const destination = destinationOf(target, input.path);
        const sights = await probeEndpoint(destination, options);
        return judgeEndpoint(target.name, destination, sights, { settings: input, now });
      },
      { concurrency: CONCURRENCY },
    );
  },
});
