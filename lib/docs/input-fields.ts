import * as z from 'zod';
import { formatDuration } from '../../core/duration.ts';

/** A field of an input as a person sees it. */
export interface InputField {
  readonly name: string;
  /** `whole number, 1 to 100`; `duration`; `list of text` */
  readonly type: string;
  readonly required: boolean;
  /** As one would write it in a profile. */
  readonly byDefault: string | undefined;
  readonly description: string;
}

type Schema = z.core.JSONSchema.BaseSchema;

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  null: 'nothing',
};

/** The fields of an input in the order in which they are declared, nested ones as `outer.inner` after their outer field. */
export function inputFields(input: z.ZodObject): InputField[] {
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return Object.entries(schema.properties ?? {}).flatMap(([name, node]) => {
    const field = input.shape[name] as z.ZodType;
    const kind = kindOfText(field);
    const required = schema.required?.includes(name) ?? false;
    const outer: InputField = {
      name,
      type: kind ?? typeOf(node as Schema),
      required,
      byDefault: required ? undefined : defaultOf(field, node as Schema, kind),
      description: (node as Schema).description ?? '',
    };
    return [outer, ...nestedFields(node as Schema, name)];
  });
}

function nestedFields(node: Schema, at: string): InputField[] {
  const inner = typeof node.items === 'object' && !Array.isArray(node.items) ? (node.items as Schema) : node;
  const place = inner === node ? at : `${at}[]`;
  return Object.entries(inner.properties ?? {}).flatMap(([name, child]) => {
    const schema = child as Schema;
    const field: InputField = {
      name: `${place}.${name}`,
      type: typeOf(schema),
      required: inner.required?.includes(name) ?? false,
      byDefault: schema.default === undefined ? undefined : JSON.stringify(schema.default),
      description: schema.description ?? '',
    };
    return [field, ...nestedFields(schema, field.name)];
  });
}

/** JSON Schema knows only that these are text; what they accept tells which text. */
function kindOfText(field: z.ZodType): 'duration' | 'share' | undefined {
  if (field.safeParse('no such thing').success) return undefined;
  if (field.safeParse('30m').success) return 'duration';
  return field.safeParse('30%').success ? 'share' : undefined;
}

function defaultOf(field: z.ZodType, node: Schema, kind: 'duration' | 'share' | undefined): string | undefined {
  const parsed = field.safeParse(undefined);
  const value: unknown = parsed.success ? parsed.data : undefined;
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value);
  if (kind === 'share' && typeof value === 'number') return `${value}%`;
  const shown = node.default ?? value;
  return shown === undefined ? undefined : JSON.stringify(shown);
}

function typeOf(node: Schema): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum) return node.enum.map((value) => JSON.stringify(value)).join(' or ');
  const choices = node.anyOf ?? node.oneOf;
  if (choices) return [...new Set(choices.map((choice) => typeOf(choice as Schema)))].join(' or ');
  if (node.type === 'array') return `list of ${typeOf((node.items ?? {}) as Schema)}`;
  if (node.type === 'object') return node.properties ? 'group of fields' : `${typeOf(valuesOf(node))} by name`;
  return `${TYPES[String(node.type)] ?? 'anything'}${rangeOf(node)}`;
}

function valuesOf({ additionalProperties }: Schema): Schema {
  return typeof additionalProperties === 'object' ? (additionalProperties as Schema) : {};
}

function rangeOf(node: Schema): string {
  const most = visible(node.maximum);
  const least = visible(node.minimum);
  const above = visible(node.exclusiveMinimum);
  const below = visible(node.exclusiveMaximum);
  const whole = node.type === 'integer';
  const from = least ?? (whole && above !== undefined ? above + 1 : undefined);
  if (from !== undefined && most !== undefined) return `, ${from} to ${most}`;
  return [
    from === undefined ? '' : `, at least ${from}`,
    from === undefined && above !== undefined ? `, above ${above}` : '',
    most === undefined ? '' : `, at most ${most}`,
    below === undefined ? '' : `, below ${below}`,
  ].join('');
}

// Every whole number is declared with the limits of exact arithmetic, which tell a reader nothing.
function visible(limit: number | boolean | undefined): number | undefined {
  return typeof limit !== 'number' || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? undefined : limit;
}
