/** A text that must not be seen, in one of the forms in which others repeat it. */
export interface HiddenText {
  readonly text: string;
  /** True where a beginning of it tells as well, as a report that was cut in the middle of it shows. */
  readonly tellsInPart: boolean;
}

/** True for the parameters of a query that carry a credential: libpq's `password`, tokens, keys. */
export function isSecretParameter(name: string): boolean {
  return /^((ssl)?pass(word|wd|phrase)?|pwd|(access|auth|api|refresh|id)?[-_]?token|(client[-_]?)?secret|api[-_]?key|access[-_]?key|sig|signature|x-amz-(signature|security-token))$/i.test(
    name,
  );
}

/** On the web the user of an address is a token or half of a password; a database is shown with its user. */
export function isWebScheme(scheme: string): boolean {
  return /^(https?|tls|wss?)$/i.test(scheme);
}

/** What `URL` takes for an address may be a password with a colon; these are addresses. */
const ADDRESS = /^(?:[a-z][a-z\d+.-]*:\/\/|cloudwatch(?:-logs)?:)/i;
/** `Bearer …`, `Basic …`, `token …`: the scheme of an Authorization header is no secret, what follows it is one on its own. */
const CREDENTIAL = /^([A-Za-z][\w-]*)\s+(\S.*)$/s;
/** A credential with its name in a kubeconfig, a JSON secret, a connection string of words. */
const NAMED = /([\w-]+)["']?[^\S\n]*[:=][^\S\n]*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&{}[][^\s,;&}]*)/g;
const SECRET_NAME = /(pass(word|wd|phrase)?|pwd|token|secret|(client|private|api|access|auth)[-_]?key(-data)?)$/i;
/** One or two letters would redact half of every sentence and hide nothing. */
const SHORTEST = 3;
/** Shorter ones are found in too many other words: lines of a key, encoded letters. */
const SHORTEST_PART = 6;

/** Everything that must be hidden of one secret: itself, the credentials in it, each in the forms in which it may come back. */
export function hiddenTextsOf(value: string): HiddenText[] {
  const found = ADDRESS.test(value) && URL.canParse(value) ? ofAddress(value) : ofPlain(value);
  return found.filter(({ text }) => text.length >= SHORTEST);
}

function ofAddress(value: string): HiddenText[] {
  const { protocol, username, password, searchParams } = new URL(value);
  const credentials = [...searchParams].flatMap(([name, given]) => (isSecretParameter(name) ? [given] : []));
  if (password) credentials.push(password, decoded(password));
  if (username && isWebScheme(protocol.slice(0, -1))) credentials.push(username, decoded(username));
  if (credentials.length === 0) return [];
  return [whole(value), ...credentials.flatMap(formsOf)];
}

function ofPlain(value: string): HiddenText[] {
  const [, scheme = '', credential = ''] = CREDENTIAL.exec(value) ?? [];
  const named = [...value.matchAll(NAMED)].flatMap(([, name = '', given = '']) =>
    SECRET_NAME.test(name) ? [unquoted(given)] : [],
  );
  const parts = [credential, passwordOfBasic(scheme, credential), ...named];
  return [
    // The beginning of a file with a secret in it is the beginning of many harmless texts.
    ...formsOf(value).map((form) => (value.includes('\n') || named.length > 0 ? whole(form.text) : form)),
    ...parts.filter((part) => part.length >= SHORTEST_PART).flatMap(formsOf),
    ...linesOf(value),
  ];
}

/** A message may quote one line of a key; a line that names what it holds is told apart by its name. */
function linesOf(value: string): HiddenText[] {
  const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
  return lines
    .filter((line) => line.length >= SHORTEST_PART && !/^-----|^-?\s*["']?[\w.-]+["']?\s*[:=](\s|$)/.test(line))
    .map((text) => ({ text, tellsInPart: true }));
}

function passwordOfBasic(scheme: string, credential: string): string {
  if (scheme.toLowerCase() !== 'basic') return '';
  const pair = Buffer.from(credential, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

function unquoted(text: string): string {
  const inner = /^(["'])(.*)\1$/s.exec(text)?.[2];
  return inner === undefined ? text : inner.replace(/\\(["\\/])/g, '$1');
}

function whole(text: string): HiddenText {
  return { text, tellsInPart: false };
}

function formsOf(value: string): HiddenText[] {
  return [...spellingsOf(value), ...encodingsOf(value)].map((text) => ({ text, tellsInPart: true }));
}

/** The value as URLs, JSON, HTML, SQL, shells and programs write it in the middle of their texts. */
function spellingsOf(value: string): string[] {
  const inUrl = encodeURIComponent(value.toWellFormed());
  const strict = inUrl.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const urls = [inUrl, strict].flatMap((text) => [text, text.replaceAll('%20', '+')]);
  const json = JSON.stringify(value).slice(1, -1);
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const all = [
    value,
    ...urls,
    ...urls.map((text) => text.replace(/%[\dA-F]{2}/g, (escape) => escape.toLowerCase())),
    json,
    json.replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
    JSON.stringify(json).slice(1, -1),
    html,
    ...['&#39;', '&#x27;', '&apos;'].map((quote) => html.replaceAll('"', '&quot;').replaceAll("'", quote)),
    value.replaceAll("'", "''"),
    value.replaceAll("'", String.raw`'\''`),
    json.replaceAll("'", String.raw`\'`),
    json.replaceAll('\\"', '"').replaceAll("'", String.raw`\'`),
    value.replace(/[^\x20-\x7e]/g, '?'),
  ];
  return [...new Set(all)];
}

/** The value within base64 or in hexadecimal, wherever in the encoded text it begins: `Basic …` has the name before it. */
function encodingsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  if (bytes.length < SHORTEST_PART) return [];
  const within = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Only the letters that no neighbour has a part in.
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const hex = bytes.toString('hex');
  return [...within, ...within.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')), hex, hex.toUpperCase()];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign: the text was never encoded and stands for itself.
    return text;
  }
}
