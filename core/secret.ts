import { hiddenTextsOf, isSecretParameter, isWebScheme } from './secret-forms.ts';
import { hider } from './secret-search.ts';

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
 * Makes a function that replaces every known secret in a text, whatever others made of it: as it stands, on one line,
 * as URLs, JSON, HTML, SQL, base64 and hexadecimal write it, or cut; with it the credentials inside of addresses, headers
 * and kubeconfigs; and in every URL of the text what can only be a credential, known or not.
 *
 * The secrets are taken apart once, for hundreds of targets may share a few and have thousands of texts.
 */
export function redactor(secrets: Iterable<Secret>): (text: string) => string {
  const values = new Set([...secrets].map((secret) => secret.reveal()));
  const hide = hider([...values].flatMap(hiddenTextsOf), REDACTED);
  return (text) => {
    const known = hide(text);
    return known.includes('://') ? withoutCredentials(known) : known;
  };
}

/** The text without the secrets, as `redactor` replaces them. */
export function redact(text: string, secrets: Iterable<Secret>): string {
  return redactor(secrets)(text);
}

const USER_PART = /\b([a-z][a-z\d+.-]{0,20}):\/\/([^\s/?#"'<>`\\]+)@/gi;
const PARAMETER = /([?&])([\w-]+)=([^\s&#"'<>`\\]+)/g;

function withoutCredentials(text: string): string {
  return text
    .replace(USER_PART, (whole, scheme: string, credentials: string) => {
      const colon = credentials.indexOf(':');
      if (isWebScheme(scheme)) return `${scheme}://${REDACTED}@`;
      return colon < 0 ? whole : `${scheme}://${credentials.slice(0, colon)}:${REDACTED}@`;
    })
    .replace(PARAMETER, (whole, start: string, name: string) =>
      isSecretParameter(name) ? `${start}${name}=${REDACTED}` : whole,
    );
}
