/**
 * The three metadata functions that the certificate library's dependency container asks `Reflect` for.
 *
 * The container refuses to load without them, and a whole polyfill would be one more dependency for three look-ups.
 */
const records = new WeakMap<object, Map<unknown, unknown>>();

function getOwnMetadata(key: unknown, target: object): unknown {
  return records.get(target)?.get(key);
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const known = records.get(target) ?? new Map<unknown, unknown>();
  records.set(target, known.set(key, value));
}

// Where a program has loaded the full polyfill, that one stays.
if (!('getMetadata' in Reflect))
  Object.assign(Reflect, { getMetadata: getOwnMetadata, getOwnMetadata, defineMetadata });
