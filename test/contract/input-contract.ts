import * as z from 'zod';
import { DurationSeconds, Percent } from '../../core/duration.ts';

/** What JSON Schema says of an input, as far as the contract looks at it. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean | Node;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

// A description that says only how a duration is written does not say which duration is meant.
const SAYS_NOTHING = new Set([DurationSeconds.description, Percent.description, undefined, '']);

/** Unknown keys that an input would take, and fields that say nothing of themselves, nested ones included. */
export function inputProblems(input: z.ZodObject): string[] {
  if (input.safeParse({ 'no-such-key': 1 }).error?.issues.some(({ code }) => code === 'unrecognized_keys') !== true) {
    return ['an unknown key is accepted: use z.strictObject'];
  }
  return nodeProblems(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Node, '');
}

function nodeProblems(node: Node, at: string): string[] {
  const problems: string[] = [];
  if (node.properties && node.additionalProperties !== false) problems.push(`${at || 'input'} accepts unknown keys`);
  for (const [name, field] of Object.entries(node.properties ?? {})) {
    const place = at ? `${at}.${name}` : name;
    if (SAYS_NOTHING.has(field.description)) problems.push(`${place} has no description of its own`);
    problems.push(...nodeProblems(field, place));
  }
  const inner = [node.items, ...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  if (typeof node.additionalProperties === 'object') inner.push(node.additionalProperties);
  for (const part of inner) if (part) problems.push(...nodeProblems(part, `${at}[]`));
  return [...new Set(problems)];
}
