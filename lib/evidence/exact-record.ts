import * as z from 'zod';
import { messageOf } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import { asText } from '../../lambdas/runtime/records.ts';
import { isKey } from '../../lambdas/runtime/store-key.ts';

/** `runs/<procedure>/<run id>`; what a record claims to be one must not lead elsewhere. */
export const RunKey = z.string().refine(isRunKey, { message: 'is no key of a run' });

export function isRunKey(text: string): boolean {
  return /^runs\/[^/]+\/[^/]+$/.test(text) && isKey(text);
}

/**
 * Reads a record that must be exactly as Fettle writes it: no other blank, no other spelling of a number or a
 * character, no field more, so that no byte of it is left to chance.
 */
export function exactRecord<Schema extends z.ZodType>(
  body: Uint8Array,
  schema: Schema,
): { readonly value: z.output<Schema> } | { readonly problem: string } {
  const read = parsed(body);
  if ('problem' in read) return read;
  const { data, error } = schema.safeParse(read.json);
  if (error) return { problem: messageOf(error).slice(0, 300) };
  if (canonicalJson(data) !== canonicalJson(read.json)) return { problem: 'it has a field that does not belong there' };
  if (!Buffer.from(asText(read.json)).equals(body)) return { problem: 'its text is not written as Fettle writes it' };
  return { value: data };
}

function parsed(body: Uint8Array): { readonly json: unknown } | { readonly problem: string } {
  try {
    return { json: JSON.parse(Buffer.from(body).toString('utf8')) };
  } catch (thrown) {
    return { problem: `it is not JSON: ${messageOf(thrown)}`.slice(0, 300) };
  }
}

/** What the bytes say as JSON; undefined where they are none. */
export function jsonOf(body: Uint8Array | undefined): unknown {
  try {
    return body && JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
