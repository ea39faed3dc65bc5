import type * as z from 'zod';
import { Corrupt, messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { redactor, type Secret } from '../../core/secret.ts';
import type { RecordSource, Store } from './store.ts';

/** A record with the tag that its successor names. */
export interface Read<Value> {
  readonly value: Value;
  readonly etag: string;
}

/** Takes no byte for another one, nor a byte order mark for nothing. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a record; undefined where there is none. Throws `Corrupt` where it is not what its schema promises. */
export async function readRecord<Schema extends z.ZodType>(
  store: Pick<RecordSource, 'get' | 'location'>,
  key: string,
  schema: Schema,
): Promise<Read<z.output<Schema>> | undefined> {
  const stored = await store.get(key);
  if (!stored) return undefined;
  try {
    const value = schema.parse(JSON.parse(UTF8.decode(stored.body)));
    return { value, etag: stored.etag };
  } catch (cause) {
    throw new Corrupt(`${key} in ${store.location} is not a record that Fettle wrote: ${messageOf(cause)}`, { cause });
  }
}

/** Reads a record that must be there. */
export async function requireRecord<Schema extends z.ZodType>(
  store: Pick<RecordSource, 'get' | 'location'>,
  key: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const read = await readRecord(store, key, schema);
  if (!read) throw new Corrupt(`${key} is missing in ${store.location}`);
  return read.value;
}

/** Creates a record; false where the key is taken. */
export async function createRecord(store: Store, key: string, value: unknown): Promise<boolean> {
  return (await store.createIfAbsent(key, asText(value))) !== undefined;
}

/** Writes an object whether there is one or not; of two at once, one of them stays whole. */
export async function putText(store: Store, key: string, text: string): Promise<void> {
  await compareAndSet(
    store,
    key,
    () => store.get(key),
    () => text,
  );
}

/**
 * Changes a record by compare-and-set, from what is there (undefined: nothing) to what `change` returns.
 *
 * `change` is called again after each lost race; where it returns undefined the record stays as it is.
 */
export async function updateRecord<Schema extends z.ZodType>(
  store: Store,
  key: string,
  schema: Schema,
  change: (current: z.output<Schema> | undefined) => z.input<Schema> | undefined,
): Promise<z.output<Schema> | undefined> {
  let next: z.input<Schema> | undefined;
  const read = () => readRecord(store, key, schema);
  const current = await compareAndSet(store, key, read, (found) => {
    next = change(found?.value);
    return next === undefined ? undefined : asText(next);
  });
  return next === undefined ? current?.value : schema.parse(next);
}

/** How often a writer tries again after losing to another; each loss means that another one succeeded. */
const MAX_ATTEMPTS = 100;

/** Writes what follows from what is there, again after each lost race; returns what was there at last. */
async function compareAndSet<Found extends { readonly etag: string }>(
  store: Store,
  key: string,
  read: () => Promise<Found | undefined>,
  next: (found: Found | undefined) => string | undefined,
): Promise<Found | undefined> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const found = await read();
    const text = next(found);
    if (text === undefined) return found;
    const written = found ? await store.replace(key, text, found.etag) : await store.createIfAbsent(key, text);
    if (written !== undefined) return found;
  }
  throw new Corrupt(`${key} in ${store.location} changed ${MAX_ATTEMPTS} times while it was being written`);
}

/**
 * Puts what `anew` makes in the place of a record that is corrupt; true where it did. For what is made of other records
 * only: of anything else the corrupt one is the evidence.
 */
export async function replaceCorrupt<Schema extends z.ZodType>(
  store: Store,
  key: string,
  schema: Schema,
  anew: () => Promise<z.input<Schema>>,
): Promise<boolean> {
  try {
    await readRecord(store, key, schema);
    return false;
  } catch (thrown) {
    if (!(thrown instanceof Corrupt)) throw thrown;
  }
  const stored = await store.get(key);
  // Whoever was quicker has mended it, or will be read again.
  return stored !== undefined && (await store.replace(key, asText(await anew()), stored.etag)) !== undefined;
}

/** JSON that a person can read in the bucket. */
export function asText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * The same value with every known secret in its texts replaced, names of fields included; a text that is one of the
 * spared words stays. Throws where the value is not JSON.
 */
export function withoutSecrets<Value>(
  value: Value,
  secrets: readonly Secret[],
  spared: ReadonlySet<string> = new Set(),
): Value {
  const problem = notJson(value);
  if (problem) throw new TypeError(problem);
  return withCleanTexts(value, redactor(secrets), spared);
}

/** The same JSON value with every text of it cleaned that is not one of the spared words. */
export function withCleanTexts<Value>(
  value: Value,
  clean: (text: string) => string,
  spared: ReadonlySet<string> = new Set(),
): Value {
  return cleaned(value as Json, (text) => (spared.has(text) ? text : clean(text))) as Value;
}

function cleaned(value: Json, clean: (text: string) => string): Json {
  if (typeof value === 'string') return clean(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((inner: Json) => cleaned(inner, clean));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key), cleaned(inner as Json, clean)]));
}

/** Says what JSON cannot carry and where: `seen.at is a Date`; undefined where it can. A field left out is no problem. */
export function notJson(value: unknown, path: readonly (string | number)[] = []): string | undefined {
  const problem = (what: string) => `${path.join('.') || 'it'} is ${what}`;
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean')
    return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : problem(String(value));
  if (typeof value !== 'object') return problem(`a ${typeof value}`);
  if (!Array.isArray(value) && !isPlain(value)) return problem(`a ${value.constructor.name}`);
  for (const [key, inner] of Object.entries(value)) {
    const found = notJson(inner, [...path, key]);
    if (found) return found;
  }
  return undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // What comes out of another realm has an Object.prototype of its own, which has no prototype above it.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
