import type { Right } from './role-policy.ts';

/** Whether IAM takes a pattern for a text: `*` stands for any letters or none, `?` for exactly one. */
export function matches(pattern: string, text: string, { ignoreCase = false } = {}): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, ignoreCase ? 'is' : 's').test(text);
}

/** Whether a right allows a call; IAM does not mind the case of an action, and does of a resource. */
export function covers(right: Right, call: Right): boolean {
  return matches(right.action, call.action, { ignoreCase: true }) && matches(right.resource, call.resource);
}
