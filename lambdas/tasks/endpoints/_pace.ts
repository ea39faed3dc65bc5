/** Ends after the time, or at the abort of the signal. */
export function pauseOrDeadline(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    resolve();
  };
  const timer = setTimeout(end, milliseconds);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  return promise;
}

/** Waits so many seconds where at least as many are left, and says whether it did. */
export async function pauseWithin(seconds: number, leftSeconds: number, signal: AbortSignal): Promise<boolean> {
  if (seconds > leftSeconds) return false;
  await pauseOrDeadline(seconds * 1_000, signal);
  return !signal.aborted;
}

/** Gives a function that ends when the next request may be sent, so that there are never more in a second. */
export function pacer(perSecond: number, signal: AbortSignal): () => Promise<void> {
  const intervalMilliseconds = 1_000 / perSecond;
  let nextMilliseconds = 0;
  return async () => {
    const now = performance.now();
    const due = Math.max(now, nextMilliseconds);
    nextMilliseconds = due + intervalMilliseconds;
    if (due > now) await pauseOrDeadline(due - now, signal);
  };
}
