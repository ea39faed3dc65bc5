import { crc32 } from 'node:zlib';

/** Where a credential stands in a text. */
export interface Match {
  /** Where the value begins. */
  readonly at: number;
  readonly value: string;
  /** False where it may be something else, or no longer opens anything. */
  readonly isCertain: boolean;
}

/** One kind of credential that is known by its shape. */
export interface Pattern {
  /** What it is, as it follows "holds": `a GitHub token`. */
  readonly what: string;
  /** A few letters that every text with one has: most files have none of them. */
  readonly marks: readonly string[];
  readonly find: (text: string, now: Date) => Match[];
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** So many letters to each side of an AWS access key, a few lines, its secret is looked for. */
const NEIGHBOURHOOD = 400;

export const PATTERNS: readonly Pattern[] = [
  { what: 'an AWS access key', marks: ['AKIA', 'ASIA'], find: awsKeys },
  { what: 'a GitHub token', marks: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], find: githubTokens },
  simple('a GitHub token', ['github_pat_'], /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/g),
  simple('a GitLab token', ['glpat-'], /\bglpat-[\w-]{20,60}/g),
  simple('an npm token', ['npm_'], /\bnpm_[A-Za-z0-9]{36}\b/g),
  simple('an npm token', ['_authToken'], /_authToken\s{0,3}=\s{0,3}["']?([A-Za-z0-9][\w.=+/-]{19,400})/g),
  simple('a PyPI token', ['pypi-AgE'], /\bpypi-AgE[\w-]{50,500}/g),
  simple('a Slack token', ['xox'], /\bxox[abeprs]-(?:\d{8,20}-){1,3}[A-Za-z0-9]{20,64}/g),
  simple(
    'a Slack webhook',
    ['hooks.slack.com'],
    /hooks\.slack\.com\/services\/(T[A-Z0-9]{6,14}\/B[A-Z0-9]{6,14}\/[A-Za-z0-9]{20,32})/g,
  ),
  simple('a Stripe key', ['_live_'], /\b[sr]k_live_[A-Za-z0-9]{20,250}/g),
  simple('a Google API key', ['AIza'], /\bAIza[\w-]{35}(?![\w-])/g),
  simple('a Google OAuth secret', ['GOCSPX-'], /\bGOCSPX-[\w-]{28}(?![\w-])/g),
  simple('a SendGrid key', ['SG.'], /\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g),
  simple('an OpenAI or Anthropic key', ['sk-'], /\bsk-(?:ant-|proj-|svcacct-)[\w-]{32,250}/g),
  simple('a DigitalOcean token', ['do'], /\bdo[opr]_v1_[a-f0-9]{64}\b/g),
  simple('a key of Azure storage', ['AccountKey='], /AccountKey=([A-Za-z0-9+/]{86}==)/g),
  { what: 'a private key', marks: ['PRIVATE KEY'], find: privateKeys },
  { what: 'a JSON web token', marks: ['eyJ'], find: webTokens },
  { what: 'an address with a password in it', marks: ['://'], find: addresses },
];

function simple(what: string, marks: readonly string[], expression: RegExp): Pattern {
  return {
    what,
    marks,
    find: (text) =>
      [...text.matchAll(expression)].flatMap((match) => {
        const value = match[1] ?? match[0];
        if (isPlaceholder(value)) return [];
        return [{ at: match.index + match[0].indexOf(value), value, isCertain: true }];
      }),
  };
}

/** An access key alone opens nothing: certain is one with its secret beside it. */
function awsKeys(text: string): Match[] {
  return [...text.matchAll(/(?<![A-Za-z0-9/+])A(?:KIA|SIA)[A-Z2-7]{16}(?![A-Za-z0-9/+=])/g)].flatMap(
    ({ index, 0: id }): Match[] => {
      if (isPlaceholder(id)) return [];
      const from = Math.max(0, index - NEIGHBOURHOOD);
      const near = text.slice(from, index + id.length + NEIGHBOURHOOD);
      const secrets = [...near.matchAll(/(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g)].filter(
        ({ 0: value }) => !isPlaceholder(value) && entropyOf(value) > 4 && !/^[0-9a-f]+$/i.test(value),
      );
      const [secret] = secrets;
      if (!secret) return [{ at: index, value: id, isCertain: false }];
      return [{ at: from + secret.index, value: secret[0], isCertain: true }];
    },
  );
}

/** The last six letters are the checksum of the others: what only looks like a token, as in a manual, fails it. */
function githubTokens(text: string): Match[] {
  return [...text.matchAll(/\bgh[pousr]_([A-Za-z0-9]{30})([A-Za-z0-9]{6})\b/g)].flatMap((match) => {
    const [value, random = '', checksum = ''] = match;
    return inBase62(crc32(random)) === checksum ? [{ at: match.index, value, isCertain: true }] : [];
  });
}

function inBase62(number: number): string {
  let text = '';
  for (let rest = number; rest > 0; rest = Math.floor(rest / 62)) text = (BASE62[rest % 62] ?? '') + text;
  return text.padStart(6, '0');
}

/** A private key with its body; one that is enciphered may still be opened by a weak password. */
function privateKeys(text: string): Match[] {
  const expression =
    /-----BEGIN ((?:[A-Z]{2,10} ){0,2})PRIVATE KEY(?: BLOCK)?-----((?:[A-Za-z0-9+/=\s\\",:.()]|-(?!----)){64,20000})-----END/g;
  return [...text.matchAll(expression)].flatMap((match) => {
    const [, kind = '', body = ''] = match;
    const key = body.replace(/\\[nr]/g, '').replace(/[^A-Za-z0-9+/=]/g, '');
    if (key.length < 64 || isPlaceholder(key) || entropyOf(key) < 4) return [];
    const isEnciphered = kind.includes('ENCRYPTED') || body.includes('ENCRYPTED');
    return [{ at: match.index, value: key, isCertain: !isEnciphered }];
  });
}

/** A token that has not expired; what is in it may be meant for everyone, so it is never certain. */
function webTokens(text: string, now: Date): Match[] {
  return [...text.matchAll(/\beyJ[\w-]{10,1000}\.(eyJ[\w-]{10,4000})\.[\w-]{20,1000}/g)].flatMap((match) => {
    const [value, payload = ''] = match;
    const claims = claimsOf(payload);
    if (claims === undefined) return [];
    const { exp } = claims;
    const isExpired = typeof exp === 'number' && exp * 1_000 < now.getTime();
    return isExpired ? [] : [{ at: match.index, value, isCertain: false }];
  });
}

function claimsOf(payload: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? { ...claims } : undefined;
  } catch {
    // Three parts with dots between them and no token.
    return undefined;
  }
}

const ADDRESS =
  /\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|clickhouse|https?|ftps?|smtps?):\/\/([\w.%+-]{0,100}):([^\s:/?#@"'`<>\\]{1,200})@([\w.-]{1,253})/gi;

/** An address whose password is written out; on the machine of whoever reads it, it opens little. */
function addresses(text: string): Match[] {
  return [...text.matchAll(ADDRESS)].flatMap((match) => {
    const [whole, user = '', password = '', host = ''] = match;
    if (isPlaceholder(password) || isReferred(password) || isPlaceholder(host)) return [];
    const isOwnMachine = /^(localhost|127\.|0\.0\.0\.0|host\.docker\.internal)/i.test(host) || !host.includes('.');
    // Everybody knows these, and they open only what is on the machine itself.
    if (isOwnMachine && (password === user || password.length < 8)) return [];
    const at = match.index + whole.indexOf(`:${password}@`) + 1;
    return [{ at, value: password, isCertain: !isOwnMachine }];
  });
}

const PLACEHOLDER =
  /example|sample|dummy|placeholder|change[-_ ]?me|change[-_ ]?this|replace|redacted|your|insert|x{4}|\*{3}|\.{3}|…|0{8}|1234567|abcdef|foobar|lorem|todo|tbd|fake|not[-_ ]?(a|the|real)[-_ ]/i;
const WORD_OF_NO_SECRET =
  /^(pass(word|wd)?|user(name)?|admin|root|secret|token|test(ing)?|postgres|mysql|redis|guest|default|none|null|true|false|undefined|pw|pwd|credentials?|key|api[-_]?key)$/i;

/** True for a text that stands where a secret would stand. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value) || WORD_OF_NO_SECRET.test(value) || new Set(value).size < 4;
}

/** True for a text that says where the secret is kept. */
export function isReferred(value: string): boolean {
  return /\$\{|\$\(|\{\{|^\$\w|^%\w+%$|^<|>$|^(env|secret|file|vault|ssm|arn|ref|op):|process\.env|os\.environ|getenv|^!|^@/i.test(
    value,
  );
}

/** Bits a letter: below 3 for words, above 4 for what a machine has drawn. */
export function entropyOf(value: string): number {
  const counts = new Map<string, number>();
  for (const letter of value) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}
