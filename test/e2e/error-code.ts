/**
 * The `code` of what was thrown, `ENOENT` for example, or else its name.
 *
 * Not by `instanceof`: within a test what Node.js itself throws is of another realm than the classes of the test.
 */
export function errorCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return 'name' in thrown ? String(thrown.name) : undefined;
}

/** True for an error of the system with one of these codes. */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errorCode(thrown) ?? '');
}
