import type { Need } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { addressNeeds } from '../../runtime/address-needs.ts';
import { parseEndpoint, type Endpoint } from './_endpoint.ts';
import { NOT_CALLED, surveyEndpoint, type Sight, type SurveyOptions } from './_survey.ts';
import { IN_PLAIN_TEXT } from './_tls-probe.ts';
import { createTrustStore } from './_trust.ts';

type Seen = Omit<Need, 'target'>;

/** What a look at the certificates of one endpoint needs of it: a TLS handshake with each of its addresses. */
export async function certificateNeeds(
  { url, serverName, ca }: Target<'endpoints'>,
  options: Omit<SurveyOptions, 'trustStore'>,
): Promise<Seen[]> {
  const endpoint = parseEndpoint(url.reveal(), serverName);
  if (endpoint.scheme === 'http') {
    const detail = 'not needed: its address begins with http://, so it has no certificate to check';
    return [{ need: 'answer TLS', state: 'met', detail }];
  }
  const trustStore = createTrustStore(ca?.reveal());
  const { needs, isCallable } = await addressNeeds(endpoint.host, options);
  if (!isCallable) return [...needs];
  const sights = await surveyEndpoint(endpoint, { ...options, trustStore });
  return [
    ...needs,
    ...handshakeNeeds(
      endpoint,
      sights.filter((sight) => !wasNotCalled(sight)),
    ),
  ];
}

/** What the profile does not allow is said by a need of its own. */
function wasNotCalled(sight: Sight): boolean {
  return 'reason' in sight && sight.reason.startsWith(NOT_CALLED);
}

function handshakeNeeds(endpoint: Endpoint, sights: readonly Sight[]): Seen[] {
  const inPlainText = sights.filter((sight) => sight.status === 'not-probed' && sight.reason === IN_PLAIN_TEXT);
  const unreached = sights.filter((sight) => sight.status === 'not-probed' && sight.reason !== IN_PLAIN_TEXT);
  if (unreached.length > 0) {
    return [
      { need: 'be reached', state: 'unknown', detail: `${endpoint.label} ${reasonsOf(unreached, sights.length)}` },
    ];
  }
  const reached: Seen = {
    need: 'be reached',
    state: 'met',
    detail: `${endpoint.label} answers at ${sights.map(({ address }) => address).join(', ')}`,
  };
  if (inPlainText.length > 0) {
    const detail = `${endpoint.label} ${reasonsOf(inPlainText, sights.length)}`;
    return [reached, { need: 'answer TLS', state: 'missing', detail }];
  }
  return [reached, { need: 'answer TLS', state: 'met', detail: handshakesOf(sights) }];
}

function reasonsOf(some: readonly Sight[], all: number): string {
  return some
    .flatMap((sight) => ('reason' in sight ? [all === 1 ? sight.reason : `at ${sight.address} ${sight.reason}`] : []))
    .join('; ');
}

/** What is wrong with a certificate is for the task to find: here it counts that there is one. */
function handshakesOf(sights: readonly Sight[]): string {
  const seen = sights.map((sight) =>
    sight.status === 'served'
      ? `${sight.served.protocol}, a certificate of ${sight.served.certificate.name}`
      : 'a certificate with another key',
  );
  return [...new Set(seen)].join('; ');
}
