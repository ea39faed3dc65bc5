/** A number for people: three digits that mean something, no more. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** Seconds as people say them: `1.8 s`, below one second `240 ms`. */
export function secondsText(seconds: number): string {
  return seconds !== 0 && Math.abs(seconds) < 1 ? `${shown(seconds * 1_000)} ms` : `${shown(seconds)} s`;
}

export function percentText(percent: number): string {
  return `${shown(percent)} %`;
}

/** A value for the record: six digits, so that two runs on the same data give the same text. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytesText(bytes: number): string {
  const power = bytes >= 1 ? Math.min(BINARY.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0;
  return `${shown(bytes / 1_024 ** power)} ${BINARY[power] ?? 'B'}`;
}
