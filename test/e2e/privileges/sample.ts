import { createHash, randomInt } from 'node:crypto';

/** How many cases a run is to take of all, and by which seed. */
export interface Sample {
  /** All of them where it is undefined. */
  readonly size: number | undefined;
  readonly seed: string;
}

/** `FETTLE_PRIVILEGES_SAMPLE` and, to repeat what another run took, `FETTLE_PRIVILEGES_SEED`. */
export function sampleFrom(environment: Readonly<Record<string, string | undefined>>): Sample {
  const { FETTLE_PRIVILEGES_SAMPLE: size, FETTLE_PRIVILEGES_SEED: seed } = environment;
  if (size && !/^[1-9]\d*$/.test(size)) throw new Error(`FETTLE_PRIVILEGES_SAMPLE is ${size}, and must be a number`);
  return { size: size ? Number(size) : undefined, seed: seed || String(randomInt(1_000_000)) };
}

/** The cases that a sample takes, in the order in which they came. */
export function sampled<Case>(cases: readonly Case[], { size, seed }: Sample, textOf: (one: Case) => string): Case[] {
  const place = (one: Case) =>
    createHash('sha256')
      .update(`${seed} ${textOf(one)}`)
      .digest('hex');
  const taken = cases.toSorted((a, b) => (place(a) < place(b) ? -1 : 1)).slice(0, size);
  return cases.filter((one) => taken.includes(one));
}
