import type { Need } from '../../core/need.ts';
import type { HttpFailure } from './http-failure.ts';

type Seen = Omit<Need, 'target'>;

/** What an exchange that came to no answer says of the server: only what it showed itself is missing. */
export function needsOfFailure({ reason, message }: HttpFailure, label: string): Seen[] {
  const reached: Seen = { need: 'be reached', state: 'met', detail: `${label} answers` };
  switch (reason) {
    case 'not-called':
    case 'no-route':
    case 'deadline':
    case 'refused':
    case 'no-connection':
    case 'time-out':
    case 'hung-up':
      return [{ need: 'be reached', state: 'unknown', detail: message }];
    case 'tls':
      return [reached, { need: 'be trusted over TLS', state: 'missing', detail: message }];
    case 'malformed':
      return [reached, { need: 'speak HTTP', state: 'missing', detail: message }];
  }
}

/** What an answer says of the way to it. */
export function needsOfAnswer(label: string, { isTls, ca }: { isTls: boolean; ca: string | undefined }): Seen[] {
  const detail = `its certificate was verified${ca === undefined ? '' : ', with the ca of the target'}`;
  return [
    { need: 'be reached', state: 'met', detail: `${label} answers ${isTls ? 'over TLS' : 'in clear text'}` },
    ...(isTls ? [{ need: 'be trusted over TLS', state: 'met', detail } as const] : []),
  ];
}
