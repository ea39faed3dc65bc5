import { AnswerError } from './answer.ts';

/**
 * One page of a list. The caller names the tokens as its service does:
 * `const { items, next } = page(all, input.nextToken, input.maxResults ?? 100)`.
 */
export function page<Item>(
  all: readonly Item[],
  token: string | undefined,
  size: number,
): { readonly items: Item[]; readonly next: string | undefined } {
  const first = token === undefined ? 0 : offsetOf(token, all.length);
  const end = first + size;
  return { items: all.slice(first, end), next: end < all.length ? tokenOf(end) : undefined };
}

function tokenOf(offset: number): string {
  return Buffer.from(`from ${offset}`).toString('base64');
}

function offsetOf(token: string, length: number): number {
  const offset = Number(/^from (\d+)$/.exec(Buffer.from(token, 'base64').toString())?.[1]);
  if (offset > 0 && offset < length) return offset;
  throw new AnswerError('InvalidParameterValue', `no page begins at ${token}`);
}
