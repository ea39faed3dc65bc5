import { Unavailable } from '../../../core/errors.ts';
import { awsReason } from '../../runtime/aws-client.ts';
import { printable } from '../../runtime/http-failure.ts';
import { isDenied } from '../../runtime/policy-grant.ts';

/** A part of the account that could not be read; the others stand. */
export interface Unread {
  /** What is not known for it. */
  readonly part: string;
  /** The IAM action that it needs. */
  readonly action: string;
  readonly reason: string;
  readonly isDenied: boolean;
}

/** Thrown where a call of AWS failed; names the action that it needs. */
export class NotRead extends Unavailable {
  readonly action: string;
  readonly isDenied: boolean;

  constructor(action: string, thrown: unknown) {
    super(`${action}: ${printable(awsReason(thrown))}`, { cause: thrown });
    this.action = action;
    this.isDenied = isDenied(thrown);
  }
}

const MOST_PAGES = 1_000;

/** Makes one call; what it throws names the action. */
export async function ask<Answer>(action: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (thrown) {
    throw new NotRead(action, thrown);
  }
}

/** Every page of a list until there is no further token. */
export async function allPages<Answer>(
  action: string,
  call: (token: string | undefined) => Promise<Answer>,
  tokenOf: (answer: Answer) => string | undefined,
): Promise<Answer[]> {
  const pages: Answer[] = [];
  let token: string | undefined;
  do {
    const asked = token;
    const answer = await ask(action, () => call(asked));
    pages.push(answer);
    token = tokenOf(answer) || undefined;
    if (token !== undefined && token === asked) throw new Unavailable(`${action}: the same page comes again and again`);
    if (pages.length > MOST_PAGES) throw new Unavailable(`${action}: more than ${MOST_PAGES} pages`);
  } while (token !== undefined);
  return pages;
}

/** What was read, or which part is not known and why. */
export async function part<Answer>(
  name: string,
  read: () => Promise<Answer>,
): Promise<{ readonly value: Answer } | { readonly unread: Unread }> {
  try {
    return { value: await read() };
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    const isNotRead = thrown instanceof NotRead;
    const action = isNotRead ? thrown.action : '';
    return { unread: { part: name, action, reason: thrown.message, isDenied: isNotRead && thrown.isDenied } };
  }
}

/** A list in pieces of so many. */
export function pieces<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
