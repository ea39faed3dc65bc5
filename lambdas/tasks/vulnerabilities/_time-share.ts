import { abortBefore } from '../../runtime/time-limit.ts';

/** Aborts when so many things that are still to be done, this one included, would each have had the same time until the deadline. */
export function shareOfTime(deadline: Date, now: Date, signal: AbortSignal, stillToDo: number): AbortSignal {
  const leftMilliseconds = deadline.getTime() - now.getTime();
  return abortBefore(new Date(now.getTime() + leftMilliseconds / Math.max(1, stillToDo)), now, signal);
}
