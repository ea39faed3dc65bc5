import * as z from 'zod';
import type { Path } from './problem.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of what a person writes; the same schema gives the same text. */
export function jsonSchemaOf(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

/** The keys that a schema allows at a path, in its order. */
export function keysAt(schema: JsonSchema, path: Path): readonly string[] {
  return [...new Set(schemasAt(schema, path).flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

/** What a schema says of the thing at a path; undefined where it says nothing. */
export function descriptionAt(schema: JsonSchema, path: Path): string | undefined {
  return schemasAt(schema, path).find(({ description }) => description !== undefined)?.description;
}

/** Every schema that could apply at a path: one, or several where there is a choice. */
function schemasAt(root: JsonSchema, path: Path): readonly JsonSchema[] {
  let schemas = choicesOf(root, root);
  for (const part of path) {
    schemas = schemas.flatMap((schema) => {
      const next = typeof part === 'number' ? schema.items : (schema.properties?.[part] ?? schema.additionalProperties);
      return typeof next === 'object' && !Array.isArray(next) ? choicesOf(root, next) : [];
    });
  }
  return schemas;
}

function choicesOf(root: JsonSchema, schema: JsonSchema): readonly JsonSchema[] {
  const own = schema.description === undefined && !schema.properties && !schema.items ? [] : [schema];
  const name = schema.$ref?.replace('#/$defs/', '');
  const definition = name === undefined ? undefined : root.$defs?.[name];
  const parts = [definition ?? [], schema.anyOf ?? [], schema.oneOf ?? [], schema.allOf ?? []].flat();
  const choices = parts.flatMap((part) => (typeof part === 'object' ? choicesOf(root, part as JsonSchema) : []));
  return [...own, ...(parts.length === 0 && own.length === 0 ? [schema] : []), ...choices];
}
