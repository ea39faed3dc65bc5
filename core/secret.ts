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

/**
 * Makes a function that replaces every known secret in a text, as it stands and URL-encoded, with the passwords inside
 * of URLs; and in every URL of the text what can only be a credential, known or not.
 *
 * The secrets are taken apart once, for hundreds of targets may share a few and have thousands of texts.
 */
export function redactor(secrets: Iterable<Secret>): (text: string) => string {
  const values = new Set([...secrets].map((secret) => secret.reveal()));
  // Longest first: a password that is part of a longer secret must not leave that one's rest behind.
  const needles = [...new Set([...values].flatMap(hiddenPartsOf))].sort((a, b) => b.length - a.length);
  return (text) => {
    const known = needles.reduce((redacted, needle) => redacted.replaceAll(needle, REDACTED), text);
    return known.includes('://') ? withoutCredentials(known) : known;
  };
}

/** The text without the secrets, as `redactor` replaces them. */
export function redact(text: string, secrets: Iterable<Secret>): string {
  return redactor(secrets)(text);
}

/** True for the parameters of a query that carry a credential: libpq's `password`, tokens, keys. */
export function isSecretParameter(name: string): boolean {
  return /^((ssl)?pass(word|wd|phrase)?|pwd|(access|auth|api|refresh|id)?[-_]?token|(client[-_]?)?secret|api[-_]?key|access[-_]?key|sig|signature|x-amz-(signature|security-token))$/i.test(
    name,
  );
}

/** On the web the user of an address is a token or half of a password; a database is shown with its user. */
const WEB = /^(https?|tls|wss?)$/i;
const USER_PART = /\b([a-z][a-z\d+.-]{0,20}):\/\/([^\s/?#"'<>`\\]+)@/gi;
const PARAMETER = /([?&])([\w-]+)=([^\s&#"'<>`\\]+)/g;

function withoutCredentials(text: string): string {
  return text
    .replace(USER_PART, (whole, scheme: string, credentials: string) => {
      const colon = credentials.indexOf(':');
      if (WEB.test(scheme)) return `${scheme}://${REDACTED}@`;
      return colon < 0 ? whole : `${scheme}://${credentials.slice(0, colon)}:${REDACTED}@`;
    })
    .replace(PARAMETER, (whole, start: string, name: string) =>
      isSecretParameter(name) ? `${start}${name}=${REDACTED}` : whole,
    );
}

/** What `URL` takes for an address may be a password with a colon; these are addresses. */
const ADDRESS = /^(?:[a-z][a-z\d+.-]*:\/\/|cloudwatch(?:-logs)?:)/i;

function hiddenPartsOf(value: string): string[] {
  if (!ADDRESS.test(value) || !URL.canParse(value)) return atLeastThree(formsOf(value));
  const { protocol, username, password, searchParams } = new URL(value);
  const hidden = [...searchParams].flatMap(([name, given]) => (isSecretParameter(name) ? formsOf(given) : []));
  if (password) hidden.push(password, decoded(password));
  if (username && WEB.test(protocol.slice(0, -1))) hidden.push(username, decoded(username));
  return hidden.length === 0 ? [] : atLeastThree([value, ...hidden]);
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
