import { XmlShapeSerializer } from '@aws-sdk/core/protocols';
import { FromStringShapeDeserializer } from '@smithy/core/protocols';
import type { NormalizedSchema } from '@smithy/core/schema';

const SETTINGS = { timestampFormat: { useTrait: true, default: 5 }, httpBindings: false } as const;
const scalars = new FromStringShapeDeserializer(SETTINGS);

/**
 * Reads the form of a request of the query protocol: `Filters.Filter.1.Name=…`.
 *
 * The SDK can write this form and not read it; the names of members and lists come from its schema.
 */
export function readQuery(schema: NormalizedSchema, form: URLSearchParams): unknown {
  return readMember(schema, '', [...form]);
}

type Pairs = readonly (readonly [string, string])[];

function readMember(schema: NormalizedSchema, key: string, pairs: Pairs): unknown {
  const traits = schema.getMergedTraits();
  const within = pairs.filter(([name]) => key === '' || name === key || name.startsWith(`${key}.`));
  if (within.length === 0) return undefined;
  if (schema.isListSchema()) {
    const member = schema.getValueSchema();
    const prefix = traits.xmlFlattened ? key : `${key}.${member.getMergedTraits().xmlName ?? 'member'}`;
    return numbered(prefix, within).map((one) => readMember(member, one, within));
  }
  if (schema.isMapSchema()) {
    const keyName = schema.getKeySchema().getMergedTraits().xmlName ?? 'key';
    const valueName = schema.getValueSchema().getMergedTraits().xmlName ?? 'value';
    const entries = numbered(traits.xmlFlattened ? key : `${key}.entry`, within).map((entry) => {
      const name = within.find(([candidate]) => candidate === `${entry}.${keyName}`)?.[1] ?? '';
      return [name, readMember(schema.getValueSchema(), `${entry}.${valueName}`, within)] as const;
    });
    return Object.fromEntries(entries);
  }
  if (schema.isStructSchema()) {
    const input: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const memberKey = member.getMergedTraits().xmlName ?? name;
      const value = readMember(member, key === '' ? memberKey : `${key}.${memberKey}`, within);
      if (value !== undefined) input[name] = value;
    }
    return input;
  }
  return scalars.read(schema, within[0]?.[1] ?? '');
}

/** The keys `prefix.1`, `prefix.2`, … that occur. */
function numbered(prefix: string, pairs: Pairs): string[] {
  const numbers = pairs.flatMap(([name]) => {
    const rest = name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1).split('.')[0] : undefined;
    return rest !== undefined && /^\d+$/.test(rest) ? [Number(rest)] : [];
  });
  return [...new Set(numbers)].sort((a, b) => a - b).map((number) => `${prefix}.${number}`);
}

/** Writes an answer of the query protocol: the result by its schema, within what the protocol puts around it. */
export function writeQuery(operation: string, schema: NormalizedSchema, value: unknown, around: Around): string {
  let result = '';
  if (!schema.isUnitSchema()) {
    const serializer = new XmlShapeSerializer({
      ...SETTINGS,
      xmlNamespace: around.xmlNamespace,
      serviceNamespace: '',
    });
    serializer.write(schema, value);
    // The protocol calls it after the operation and not after its shape.
    const shape = schema.getName() ?? '';
    const inner = String(serializer.flush()).replace(new RegExp(`^<${shape}[^>]*?(/?)>`), '$1');
    result = inner === '/' ? '' : inner.slice(0, -`</${shape}>`.length);
  }
  return (
    `<${operation}Response xmlns="${around.xmlNamespace}"><${operation}Result>${result}</${operation}Result>` +
    `<ResponseMetadata><RequestId>${around.requestId}</RequestId></ResponseMetadata></${operation}Response>`
  );
}

export interface Around {
  readonly xmlNamespace: string;
  readonly requestId: string;
}
