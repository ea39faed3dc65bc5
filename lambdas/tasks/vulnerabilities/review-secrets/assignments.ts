import { entropyOf, isPlaceholder, isReferred, type Match } from './patterns.ts';

const NAME = String.raw`[\w.-]{0,80}(?:pass|pwd|secret|token|credential|key)[\w.-]{0,30}`;
/** A name, in quotes or not, an equals sign or colon, and a value in quotes on the same line. */
const QUOTED = new RegExp(
  String.raw`(?<![\w.-])(${NAME})["']?\]?[ \t]{0,20}(?::=|=>|=|:)[ \t]{0,20}(?:[rbfu]?)(["'\`])([^"'\`\r\n]{8,200})\2`,
  'gi',
);
/** A line of a file of settings, where nothing is in quotes. */
const BARE = new RegExp(
  String.raw`^[ \t]{0,20}(?:export[ \t]{1,5})?(${NAME})[ \t]{0,5}[=:][ \t]{0,5}([^\s"'\`#;,]{8,200})[ \t]{0,20}$`,
  'gim',
);
const SETTINGS_FILE =
  /(^|\/)(\.env(\..+)?|.+\.(env|properties|ini|cfg|conf|ya?ml|toml|tfvars)|\.npmrc|\.pypirc|\.netrc|credentials|Dockerfile.*)$/i;

/** Files whose long values are checksums: only credentials of a known shape are looked for in them. */
const LOCKFILE =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|go\.sum|Cargo\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|composer\.lock|Gemfile\.lock|flake\.lock|.+\.(min\.js|map|svg))$/i;

/** One of these at the end of a name, and it is of something that is not secret. */
const INNOCENT_ENDS = new Set(
  (
    'hash digest checksum integrity sha sha1 sha256 commit revision fingerprint id ids name names path file dir url uri ' +
    'host label title header type prefix suffix length size field column regex pattern format expiry expires ttl max min ' +
    'count policy rule hint help error message text description placeholder input param params keyword map arn ref version kid'
  ).split(' '),
);
const INNOCENT_BEGINNINGS = new Set(
  'public primary foreign sort partition idempotency cache i18n translation'.split(' '),
);
const SECRET_WORD =
  /password|passwd|passphrase|secret|token|credential|^pass$|^pwd$|(^|api|auth|access|private|crypt|master)keys?$/;
const IS_PASSWORD = /pass|pwd|credential/;

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const CHECKSUM = /^(sha(1|224|256|384|512)|md5)[-:]/i;
// Nobody draws these: words with dots, dashes or slashes between them, and names of code.
const WORDS = /^[A-Za-z]+(?:[-_./:][A-Za-z]+)*$/;
// `runs/daily/20261121`: the name of an object or a file.
const PATH = /^[a-z]{2,}\/[\w./-]+$/;
const CODE = /[()[\]{}<>]|=>|\|\||&&|^\/|^\.\.?\/|^https?:|^[a-z]+:\/\//i;

const LEAST_TOKEN_LETTERS = 16;
const LEAST_TOKEN_BITS = 3.5;
const LEAST_HEX_BITS = 3;
const LEAST_PASSWORD_BITS = 2.6;

/** What is assigned to names such as password, secret, token and key, and looks as if a machine or a careful person made it up. */
export function assignedSecrets(text: string, path: string): Match[] {
  if (LOCKFILE.test(path)) return [];
  const quoted = [...text.matchAll(QUOTED)].map((match) => ({ match, name: match[1] ?? '', value: match[3] ?? '' }));
  const bare = SETTINGS_FILE.test(path)
    ? [...text.matchAll(BARE)].map((match) => ({ match, name: match[1] ?? '', value: match[2] ?? '' }))
    : [];
  return [...quoted, ...bare].flatMap(({ match, name, value }) => {
    if (!isSecretLike(name, value)) return [];
    return [{ at: match.index + match[0].lastIndexOf(value), value, isCertain: false }];
  });
}

/** True where a value under this name is likely a secret that opens something. */
export function isSecretLike(name: string, value: string): boolean {
  const words = wordsOf(name);
  if (!words.some((word) => SECRET_WORD.test(word))) return false;
  if (INNOCENT_ENDS.has(words.at(-1) ?? '') || INNOCENT_BEGINNINGS.has(words[0] ?? '')) return false;
  if (isReferred(value) || isPlaceholder(value)) return false;
  if (
    UUID.test(value) ||
    CHECKSUM.test(value) ||
    CODE.test(value) ||
    PATH.test(value) ||
    /\s/.test(value) ||
    WORDS.test(value)
  )
    return false;
  // It says its own name: a label, a path of translations, the name of a variable.
  if (/pass(word|wd)|secret|token|credential|[-_.]key/i.test(value)) return false;
  const hasDigit = /\d/.test(value);
  const hasLetter = /[A-Za-z]/.test(value);
  if (words.some((word) => IS_PASSWORD.test(word))) {
    const hasOther = hasDigit || /[^A-Za-z0-9]/.test(value);
    return hasLetter && hasOther && entropyOf(value) >= LEAST_PASSWORD_BITS;
  }
  const isHex = /^[0-9a-f]+$/i.test(value);
  const leastBits = isHex ? LEAST_HEX_BITS : LEAST_TOKEN_BITS;
  return value.length >= LEAST_TOKEN_LETTERS && hasDigit && hasLetter && entropyOf(value) >= leastBits;
}

/** `dbPassword` and `DB_PASSWORD` are two words each. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[-_.]+/)
    .filter((word) => word !== '');
}
