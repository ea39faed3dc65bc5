import { types } from 'node:util';

/** True for an error of the system with one of these codes. `instanceof` would not know those of another realm, as jest has them. */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return types.isNativeError(thrown) && 'code' in thrown && codes.includes(String(thrown.code));
}
