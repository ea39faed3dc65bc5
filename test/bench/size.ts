/**
 * How large everything is, of what a goal says: `BENCH_SCALE=0.01 npm run bench -- P12` makes a hundredth of it.
 *
 * For finding mistakes only. What is small measures the start of things and not the things.
 */
export const SCALE = readScale(process.env['BENCH_SCALE']);

function readScale(text = '1'): number {
  const scale = Number(text);
  if (scale > 0 && scale <= 1) return scale;
  throw new Error(`BENCH_SCALE is ${text}; it must be above 0 and at most 1`);
}

/** The number of things that a goal speaks of, scaled; never below what its gate needs. */
export function sized(count: number, least = 1): number {
  return Math.max(Math.min(count, least), Math.round(count * SCALE));
}
