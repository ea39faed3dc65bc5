const REDACTED = '[redacted]';

/**
 * A value that must not be seen: it prints `[redacted]` in templates, JSON, logs and inspections.
 *
 * `reveal()` is the one way to the value, so every use of a secret can be found by searching for one word.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}

/** Replaces every known secret in a text, as it stands and URL-encoded, with the passwords inside of URLs. */
export function redact(text: string, secrets: Iterable<Secret>): string {
  const needles = [...secrets].flatMap((secret) => hiddenPartsOf(secret.reveal()));
  // Longest first: a password that is part of a longer secret must not leave that one's rest behind.
  return [...new Set(needles)]
    .sort((a, b) => b.length - a.length)
    .reduce((redacted, needle) => redacted.replaceAll(needle, REDACTED), text);
}

/** What `URL` takes for an address may be a password with a colon; these are addresses. */
const ADDRESS = /^(?:[a-z][a-z\d+.-]*:\/\/|cloudwatch(?:-logs)?:)/i;
/** Where libpq and its clients take a password besides the usual place. */
const PASSWORD_PARAMETERS = ['password', 'sslpassword'];

function hiddenPartsOf(value: string): string[] {
  if (!ADDRESS.test(value) || !URL.canParse(value)) return atLeastThree(formsOf(value));
  const { password, searchParams } = new URL(value);
  const passwords = PASSWORD_PARAMETERS.flatMap((name) => searchParams.getAll(name)).flatMap(formsOf);
  if (password) passwords.push(password, decoded(password));
  return passwords.length === 0 ? [] : atLeastThree([value, ...passwords]);
}

function formsOf(value: string): string[] {
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
}

// One or two letters would redact half of every sentence and hide nothing.
function atLeastThree(parts: readonly string[]): string[] {
  return parts.filter((part) => part.length >= 3);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (malformed) {
    if (malformed instanceof URIError) return text;
    throw malformed;
  }
}
