import * as z from 'zod';

/** A latency or a short time limit; its value is a number of seconds. */
const Seconds = z
  .string()
  .regex(/^\d{1,5}(\.\d{1,3})?(ms|s)$/, 'is no time; write it as 500ms, 2s or 1.5s')
  .transform((text) => (text.endsWith('ms') ? Number(text.slice(0, -2)) / 1_000 : Number(text.slice(0, -1))));

/** From a tenth of a second to a minute: more, and the probes of one dead platform would outlast the task. */
export const ShortTime = Seconds.refine((seconds) => seconds >= 0.1 && seconds <= 60, 'must be 100ms to 60s');

export const Status = z.union([
  z.int().min(100).max(599),
  z.string().regex(/^[1-5]xx$/, 'is no status; write it as 204 or 2xx'),
]);
export type Status = z.output<typeof Status>;

/** A path with its query on the same server. */
export const Path = z
  .string()
  .max(2_000)
  .regex(/^\/(?![/\\])[^\s\\#]*$/, 'must begin with one slash and have neither spaces nor backslashes nor #');

export function isExpected(status: number, expected: readonly Status[]): boolean {
  return expected.some((one) => one === status || one === `${Math.floor(status / 100)}xx`);
}
