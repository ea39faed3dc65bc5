import { messageOf } from '../../core/errors.ts';

/** How long the calls of an AWS client may take, and how often each is tried. */
export interface AwsClientLimits {
  readonly connectionTimeoutSeconds?: number;
  /** Until the answer begins, and the longest silence while its body comes. */
  readonly requestTimeoutSeconds?: number;
  readonly maxAttempts?: number;
}

/** The settings of every AWS client: each call ends, and is tried again only a few times. */
export function awsClientSettings({
  connectionTimeoutSeconds = 3,
  requestTimeoutSeconds = 10,
  maxAttempts = 3,
}: AwsClientLimits = {}) {
  return {
    maxAttempts,
    requestHandler: {
      connectionTimeout: connectionTimeoutSeconds * 1_000,
      requestTimeout: requestTimeoutSeconds * 1_000,
      // Without it the SDK only warns, and a body that stops coming is waited for without end.
      throwOnRequestTimeout: true,
      socketTimeout: requestTimeoutSeconds * 1_000,
    },
  };
}

/** What a failed call says, for people: its name and its words, or that it was the time of the task that ended. */
export function awsReason(thrown: unknown): string {
  const name = typeof thrown === 'object' && thrown !== null && 'name' in thrown ? String(thrown.name) : '';
  if (name === 'AbortError') return 'no answer before the task reached its deadline';
  return `${name} ${messageOf(thrown)}`.trim();
}
