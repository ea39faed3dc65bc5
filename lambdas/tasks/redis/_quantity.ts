const STEPS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size as people read it. */
export function inBytes(bytes: number): string {
  let value = bytes;
  let step = 0;
  while (value >= 1_024 && step < STEPS.length - 1) {
    value /= 1_024;
    step += 1;
  }
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${STEPS[step] ?? 'B'}`;
}

/** A number with its thousands set apart. */
export function inCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** A part of a whole in percent, with one decimal; of nothing it is 0. */
export function percentOf(part: number, whole: number): number {
  return whole > 0 ? Math.round((part / whole) * 1_000) / 10 : 0;
}
