import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Need, NeedState } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import type { NeedsContext } from '../../../core/task.ts';
import { addressNeeds } from '../../runtime/address-needs.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { printable } from '../../runtime/http-failure.ts';
import { needsOfAnswer, needsOfFailure } from '../../runtime/http-needs.ts';
import { type Destination, destinationOf } from './_destination.ts';
import { isExpected, type Status } from './_expectation.ts';
import { type Answered, type ProbeOptions, probeEndpoint, redirectionOf, type Sight } from './_probe.ts';

type Seen = Omit<Need, 'target'>;
type Context = Pick<NeedsContext<'endpoints', unknown>, 'targets' | 'signal' | 'allowAddresses'>;

export interface EndpointNeeds {
  /** The path to ask in place of that of the address. */
  readonly path?: string | undefined;
  readonly families: ProbeOptions['families'];
  /** The statuses that are fine for the task, a refusal of credentials among them where that is meant. */
  readonly expectStatus: readonly Status[];
  /** False where a handshake is enough. */
  readonly speaksHttp: boolean;
}

// For the look-up, and twice for the addresses, side by side: the whole stays below the time of a look.
const LOOK_SECONDS = 8;

/** What asking an endpoint needs of it, seen with one GET of each address; what the answer is worth is not judged. */
export function endpointNeeds(context: Context, wanted: EndpointNeeds): Promise<Need[]> {
  return eachNeed(context.targets, (target) => lookAt(target, context, wanted));
}

async function lookAt(target: Target<'endpoints'>, context: Context, wanted: EndpointNeeds): Promise<Seen[]> {
  const { signal, allowAddresses } = context;
  const { path, families, speaksHttp } = wanted;
  const destination = destinationOf(target, path);
  const options = { allowAddresses, timeoutSeconds: LOOK_SECONDS, signal };
  const { needs, isCallable } = await addressNeeds(destination.host, options);
  if (!isCallable) return [...needs];
  if (destination.scheme === 'tls' && speaksHttp) {
    return [
      ...needs,
      { need: 'speak HTTP', state: 'missing', detail: 'its address begins with tls://, write https://' },
    ];
  }
  const headers = { accept: '*/*', 'cache-control': 'no-cache' };
  try {
    const sights = await probeEndpoint(destination, { ...options, families, headers, followRedirects: false });
    const called = sights.filter(
      ({ outcome }) => outcome.status !== 'failed' || outcome.failure.reason !== 'not-called',
    );
    return [...needs, ...joined(called.map((sight) => ({ ...sight, seen: seenAt(sight, destination, wanted) })))];
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return [...needs, { need: 'be reached', state: 'unknown', detail: messageOf(thrown) }];
  }
}

function seenAt({ outcome }: Sight, destination: Destination, { expectStatus }: EndpointNeeds): Seen[] {
  const { label, scheme, ca } = destination;
  if (outcome.status === 'handshake') {
    return [
      { need: 'be reached', state: 'met', detail: `${label} answers over TLS` },
      { need: 'answer TLS', state: 'met', detail: 'the handshake was made; whether it can be trusted is not asked' },
    ];
  }
  if (outcome.status === 'failed') {
    const needs = needsOfFailure(outcome.failure, label);
    return scheme === 'tls'
      ? needs.map((one) => (one.state === 'missing' ? { ...one, need: 'answer TLS' } : one))
      : needs;
  }
  const way = needsOfAnswer(label, { isTls: scheme === 'https', ca });
  return [...way, answerOf(outcome), ...credentialsOf(outcome, destination, expectStatus)];
}

function answerOf({ answer, url }: Answered): Seen {
  const next = redirectionOf(answer, url);
  // Its query may hold a token of the one who was sent there.
  const where = next ? ` and leads to ${printable(`${next.origin}${next.pathname}`, 200)}` : '';
  return { need: 'answer a GET', state: 'met', detail: `${url.pathname} answered ${answer.status}${where}` };
}

const REFUSED: readonly number[] = [401, 403, 407];

function credentialsOf(
  { answer }: Answered,
  { authorization, url }: Destination,
  expectStatus: readonly Status[],
): Seen[] {
  const need = 'accept the credentials';
  const { status } = answer;
  const has = authorization !== undefined || url.username !== '' || url.password !== '';
  if (REFUSED.includes(status) && (has || !isExpected(status, expectStatus))) {
    const detail = has ? `answered ${status} with those of the target` : `answered ${status}, and the target has none`;
    return [{ need, state: 'missing', detail }];
  }
  return has ? [{ need, state: 'met', detail: `answered ${status} with those of the target` }] : [];
}

type SeenSight = Sight & { readonly seen: readonly Seen[] };

/** One line for each need, whatever the number of addresses; the worst that one of them showed stands, with its address. */
function joined(sights: readonly SeenSight[]): Seen[] {
  const all = sights.flatMap(({ address, seen }) => seen.map((one) => ({ ...one, address })));
  return [...Map.groupBy(all, ({ need }) => need)].map(([need, same]) => {
    const state = same.map((one) => one.state).reduce(worse);
    const said = same.filter((one) => one.state === state);
    const details = Map.groupBy(said, ({ detail }) => detail);
    const place = (its: readonly { readonly address: string }[]) =>
      sights.length === 1 ? '' : `at ${its.map(({ address }) => address).join(', ')}: `;
    return { need, state, detail: [...details].map(([detail, its]) => `${place(its)}${detail}`).join('; ') };
  });
}

const BADNESS: readonly NeedState[] = ['met', 'unknown', 'missing'];

function worse(one: NeedState, other: NeedState): NeedState {
  return BADNESS.indexOf(one) >= BADNESS.indexOf(other) ? one : other;
}
