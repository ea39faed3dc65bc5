// What a task does besides reading: enough to say how far it came before it is stopped.
const MOST_MARGIN_SECONDS = 5;

/** Aborts after so many seconds; a fraction of a millisecond, which `AbortSignal.timeout` refuses, is one more. */
export function abortAfter(seconds: number): AbortSignal {
  return AbortSignal.timeout(Math.max(0, Math.ceil(seconds * 1_000)));
}

/** Aborts a little before the deadline, so that there is time left to say how far the work came. */
export function abortBefore(deadline: Date, now: Date, signal: AbortSignal): AbortSignal {
  const leftSeconds = (deadline.getTime() - now.getTime()) / 1_000;
  const margin = Math.min(MOST_MARGIN_SECONDS, leftSeconds / 10);
  return AbortSignal.any([signal, abortAfter(leftSeconds - margin)]);
}
