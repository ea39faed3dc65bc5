import { XmlShapeSerializer } from '@aws-sdk/core/protocols';
import { FromStringShapeDeserializer } from '@smithy/core/protocols';
import type { NormalizedSchema } from '@smithy/core/schema';

const SETTINGS = { timestampFormat: { useTrait: true, default: 5 }, httpBindings: false } as const;
const scalars = new FromStringShapeDeserializer(SETTINGS);

/** EC2 has a protocol of its own: names with a capital, lists without a name between, answers without a result around. */
export type Dialect = 'query' | 'ec2';

/**
 * Reads the form of a request of the query protocol: `Filters.Filter.1.Name=…`, of EC2's `Filter.1.Name=…`.
 *
 * The SDK can write this form and not read it; the names of members and lists come from its schema.
 */
export function readQuery(schema: NormalizedSchema, form: URLSearchParams, dialect: Dialect = 'query'): unknown {
  // What takes nothing is still told its name and its version.
  return schema.isUnitSchema() ? {} : readMember(schema, '', [...form], dialect);
}

type Pairs = readonly (readonly [string, string])[];

function readMember(schema: NormalizedSchema, key: string, pairs: Pairs, dialect: Dialect): unknown {
  const traits = schema.getMergedTraits();
  const within = pairs.filter(([name]) => key === '' || name === key || name.startsWith(`${key}.`));
  if (within.length === 0) return undefined;
  if (schema.isListSchema()) {
    const member = schema.getValueSchema();
    const isFlat = dialect === 'ec2' || traits.xmlFlattened;
    const prefix = isFlat ? key : `${key}.${member.getMergedTraits().xmlName ?? 'member'}`;
    return numbered(prefix, within).map((one) => readMember(member, one, within, dialect));
  }
  if (schema.isMapSchema()) {
    const keyName = schema.getKeySchema().getMergedTraits().xmlName ?? 'key';
    const valueName = schema.getValueSchema().getMergedTraits().xmlName ?? 'value';
    const entries = numbered(traits.xmlFlattened ? key : `${key}.entry`, within).map((entry) => {
      const name = within.find(([candidate]) => candidate === `${entry}.${keyName}`)?.[1] ?? '';
      return [name, readMember(schema.getValueSchema(), `${entry}.${valueName}`, within, dialect)] as const;
    });
    return Object.fromEntries(entries);
  }
  if (schema.isStructSchema()) {
    const input: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const memberKey = nameIn(dialect, member, name);
      const value = readMember(member, key === '' ? memberKey : `${key}.${memberKey}`, within, dialect);
      if (value !== undefined) input[name] = value;
    }
    return input;
  }
  return scalars.read(schema, within[0]?.[1] ?? '');
}

/** What a member is called in a request. */
function nameIn(dialect: Dialect, member: NormalizedSchema, name: string): string {
  const { xmlName = name, ec2QueryName } = member.getMergedTraits();
  if (dialect === 'query') return xmlName;
  return typeof ec2QueryName === 'string' ? ec2QueryName : xmlName.charAt(0).toUpperCase() + xmlName.slice(1);
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
  if (around.dialect === 'ec2') {
    const requestId = `<requestId>${around.requestId}</requestId>`;
    return `<${operation}Response xmlns="${around.xmlNamespace}">${requestId}${result}</${operation}Response>`;
  }
  return (
    `<${operation}Response xmlns="${around.xmlNamespace}"><${operation}Result>${result}</${operation}Result>` +
    `<ResponseMetadata><RequestId>${around.requestId}</RequestId></ResponseMetadata></${operation}Response>`
  );
}

export interface Around {
  readonly xmlNamespace: string;
  readonly requestId: string;
  readonly dialect?: Dialect;
}
