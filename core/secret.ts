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

function hiddenPartsOf(value: string): string[] {
  if (!URL.canParse(value)) return atLeastThree([value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]);
  const { password } = new URL(value);
  if (!password) return [];
  return atLeastThree([value, password, decoded(password)]);
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
