import type { InputCode, RefusalCode } from './error-codes.ts';

/** What a person gave is wrong; they mend it and try again. The CLI exits 2. */
export class InvalidInput extends Error {
  override readonly name = 'Fettle.InvalidInput';
  readonly code: InputCode;

  /** The code is one of `error-codes.ts`; the message says what was found, what is allowed and the nearest word. */
  constructor(code: InputCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The thing is asked for properly and is not allowed now: window, approval, cap, lease. The CLI exits 3. */
export class Refused extends Error {
  override readonly name = 'Fettle.Refused';
  readonly code: RefusalCode;

  /** The code is one of `error-codes.ts`. */
  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A target could not be reached or read; nothing is known of it.
 *
 * The text is shown to people: it says which thing, what was tried and what came back, without any secret.
 */
export class Unavailable extends Error {
  override readonly name = 'Fettle.Unavailable';
}

/** A stored object is not what its writer promised; a person must look. */
export class Corrupt extends Error {
  override readonly name = 'Fettle.Corrupt';
}

/** The message of anything that was thrown, the causes included, each once, on one line. */
export function messageOf(thrown: unknown): string {
  const messages = messagesOf(thrown, new Set());
  // Who wraps an error often ends with its words.
  const isNew = (text: string, at: number) =>
    !messages.slice(0, at).some((earlier) => earlier === text || earlier.endsWith(` ${text}`));
  return messages.filter(isNew).join(': ').replace(/\s+/g, ' ').trim();
}

/** `told` holds the errors on the way here: causes may go round in a circle. */
function messagesOf(thrown: unknown, told: Set<unknown>): string[] {
  if (!(thrown instanceof Error)) return [textOf(thrown)];
  if (told.has(thrown)) return [];
  told.add(thrown);
  return [
    thrown.message || thrown.name,
    ...(thrown instanceof AggregateError ? thrown.errors.flatMap((one) => messagesOf(one, told)) : []),
    ...(thrown.cause === undefined ? [] : messagesOf(thrown.cause, told)),
  ];
}

/** What was thrown and what caused it, from the outermost inwards, each once: causes may go round in a circle. */
export function chainOf(thrown: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let one = thrown; !chain.includes(one);) {
    chain.push(one);
    if (typeof one === 'object' && one !== null && 'cause' in one) one = one.cause;
  }
  return chain;
}

/** Anything may be thrown, and not everything has a text: an object without a prototype has none. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `${typeof thrown} without a text`;
  }
}
