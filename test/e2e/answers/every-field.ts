import type { NormalizedSchema } from '@smithy/core/schema';

/** Shapes hold shapes of their own kind; deeper than this, optional ones are left out. */
const DEEPEST = 6;

/** A value with every field that a schema has, each text and number its own, and letters that a format must escape. */
export function everyField(schema: NormalizedSchema): object {
  let count = 0;
  const fill = (one: NormalizedSchema, name: string, depth: number): unknown => {
    count += 1;
    if (one.isListSchema()) return [0, 1].map(() => fill(one.getValueSchema(), name, depth + 1));
    if (one.isMapSchema()) {
      return Object.fromEntries(
        ['one', 'the & other'].map((key) => [key, fill(one.getValueSchema(), name, depth + 1)]),
      );
    }
    if (one.isStructSchema()) {
      const members = depth > DEEPEST ? [] : [...one.structIterator()];
      const shown = one.isUnionSchema() ? members.slice(0, 1) : members;
      return Object.fromEntries(shown.map(([member, its]) => [member, fill(its, member, depth + 1)]));
    }
    if (one.isUnitSchema()) return {};
    if (one.isTimestampSchema()) return new Date(Date.UTC(2026, 0, 1, 0, 0, count));
    if (one.isBlobSchema()) return new Uint8Array([count % 256, 0, 255]);
    if (one.isBooleanSchema()) return count % 2 === 0;
    if (one.isNumericSchema()) return count;
    if (one.isBigIntegerSchema()) return BigInt(count);
    return `${name} <${count}> & "é"`;
  };
  return fill(schema, '', 0) as object;
}
