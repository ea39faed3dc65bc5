/** What a person gave is wrong; they mend it and try again. The CLI exits 2. */
export class InvalidInput extends Error {
  override readonly name = 'Fettle.InvalidInput';
}

/** The thing is asked for properly and is not allowed now: window, approval, cap, lease. The CLI exits 3. */
export class Refused extends Error {
  override readonly name = 'Fettle.Refused';
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
  if (!(thrown instanceof Error)) return String(thrown);
  return [...new Set(messagesOf(thrown, new Set()))].join(': ').replace(/\s+/g, ' ').trim();
}

/** `told` holds the errors on the way here: causes may go round in a circle. */
function messagesOf(thrown: unknown, told: Set<unknown>): string[] {
  if (!(thrown instanceof Error)) return [String(thrown)];
  if (told.has(thrown)) return [];
  told.add(thrown);
  return [
    thrown.message || thrown.name,
    ...(thrown instanceof AggregateError ? thrown.errors.flatMap((one) => messagesOf(one, told)) : []),
    ...(thrown.cause === undefined ? [] : messagesOf(thrown.cause, told)),
  ];
}
