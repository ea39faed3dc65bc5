import type { NormalizedSchema } from '@smithy/core/schema';

/**
 * Why a value cannot be written by this schema; undefined where it can.
 *
 * The serialisers of the SDK leave out what they do not know, so without it a field with a wrong name would silently
 * never reach the client.
 */
export function misfit(schema: NormalizedSchema, value: unknown, path: string): string | undefined {
  if (schema.isListSchema()) return misfitOfList(schema, value, path);
  if (schema.isMapSchema()) return misfitOfMap(schema, value, path);
  if (schema.isStructSchema()) return misfitOfStruct(schema, value, path);
  if (schema.isUnitSchema()) return isEmpty(value) ? undefined : `${path} must be empty`;
  const wanted = scalarOf(schema);
  return wanted === undefined || wanted.fits(value)
    ? undefined
    : `${path} is ${said(value)} and must be ${wanted.name}`;
}

function misfitOfList(schema: NormalizedSchema, value: unknown, path: string): string | undefined {
  if (!Array.isArray(value)) return `${path} is ${said(value)} and must be a list`;
  const member = schema.getValueSchema();
  // A page of metrics has a hundred thousand values of one kind.
  const scalar = scalarOf(member);
  if (scalar !== undefined && value.every((one) => scalar.fits(one))) return undefined;
  for (const [i, one] of value.entries()) {
    const why = misfit(member, one, `${path}[${i}]`);
    if (why !== undefined) return why;
  }
  return undefined;
}

function misfitOfMap(schema: NormalizedSchema, value: unknown, path: string): string | undefined {
  if (!isRecord(value)) return `${path} is ${said(value)} and must be a map`;
  const member = schema.getValueSchema();
  for (const [key, one] of Object.entries(value)) {
    const why = misfit(member, one, `${path}.${key}`);
    if (why !== undefined) return why;
  }
  return undefined;
}

function misfitOfStruct(schema: NormalizedSchema, value: unknown, path: string): string | undefined {
  if (!isRecord(value)) return `${path} is ${said(value)} and must be a structure`;
  const members = new Map(schema.structIterator());
  for (const [name, one] of Object.entries(value)) {
    if (one === undefined) continue;
    const member = members.get(name);
    if (member === undefined) return `${path} has no field ${name}; it has ${[...members.keys()].join(', ')}`;
    const why = misfit(member, one, `${path}.${name}`);
    if (why !== undefined) return why;
  }
  return undefined;
}

interface Scalar {
  readonly name: string;
  fits(value: unknown): boolean;
}

function scalarOf(schema: NormalizedSchema): Scalar | undefined {
  if (schema.isTimestampSchema()) {
    return { name: 'a Date', fits: (value) => value instanceof Date && !Number.isNaN(value.getTime()) };
  }
  if (schema.isBlobSchema()) return { name: 'bytes', fits: (value) => value instanceof Uint8Array };
  if (schema.isStringSchema()) return { name: 'a text', fits: (value) => typeof value === 'string' };
  if (schema.isBooleanSchema()) return { name: 'true or false', fits: (value) => typeof value === 'boolean' };
  if (schema.isNumericSchema()) return { name: 'a number', fits: (value) => typeof value === 'number' };
  if (schema.isBigIntegerSchema()) return { name: 'a bigint', fits: (value) => typeof value === 'bigint' };
  // A document may be anything.
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (isRecord(value) && Object.keys(value).length === 0);
}

function said(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `${typeof value} ${String(value).slice(0, 40)}`;
}
