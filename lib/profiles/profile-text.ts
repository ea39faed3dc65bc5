import type { Complaint } from './problem.ts';

/** Profiles of hundreds of targets are a tenth of this. */
export const LARGEST_PROFILE_BYTES = 1_000_000;

const ENCODING = ['UTF-8 without byte order mark'];

/** Characters that make a text read otherwise than it is, or that do things to a terminal. */
const FORBIDDEN =
  /(?![\t\n\r])[\p{Cc}\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF\uFFFE\uFFFF]/u;

/** The text of a profile's bytes, or why they are none: too many, not UTF-8, or with characters that deceive. */
export function decodeProfile(bytes: Uint8Array): { readonly text: string } | { readonly complaint: Complaint } {
  if (bytes.length > LARGEST_PROFILE_BYTES) return { complaint: tooLarge(bytes.length) };
  const encoding = otherEncoding(bytes);
  if (encoding) return { complaint: { ...encoding, offset: 0, path: [] } };
  const decoded = decodedUtf8(bytes);
  if ('complaint' in decoded) return decoded;
  const forbidden = forbiddenCharacter(decoded.text);
  if (!forbidden) return decoded;
  return { complaint: { ...forbidden, path: [] } };
}

/** The first character of a text that no profile may hold, wherever it hides. */
export function forbiddenCharacter(text: string): Omit<Complaint, 'path'> | undefined {
  const match = FORBIDDEN.exec(text);
  const offset = match?.index ?? (text.isWellFormed() ? -1 : loneSurrogateAt(text));
  if (offset < 0) return undefined;
  const found = codePoint(text, offset);
  return { code: 'CFG_FORBIDDEN_CHAR', offset, found, message: `the character ${found} is not allowed; remove it` };
}

/** What is said of a file above the limit. */
export function tooLarge(sizeBytes: number): Complaint {
  const found = `${(sizeBytes / 1e6).toFixed(1)} MB`;
  return {
    code: 'CFG_TOO_LARGE',
    offset: 0,
    path: [],
    message: 'the file is too large',
    found,
    allowed: ['up to 1 MB'],
  };
}

function otherEncoding(bytes: Uint8Array): Pick<Complaint, 'code' | 'message' | 'found' | 'allowed'> | undefined {
  const [first, second, third] = bytes;
  const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const silentUtf16 = (first === 0 && second !== 0) || (first !== undefined && first !== 0 && second === 0);
  if (utf16 || (silentUtf16 && bytes.length > 2)) {
    return { code: 'CFG_ENCODING', message: 'the file is not UTF-8', found: 'UTF-16', allowed: ENCODING };
  }
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    return {
      code: 'CFG_ENCODING',
      message: 'the file begins with a byte order mark',
      found: 'U+FEFF',
      allowed: ENCODING,
    };
  }
  return undefined;
}

function decodedUtf8(bytes: Uint8Array): { readonly text: string } | { readonly complaint: Complaint } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return {
      complaint: { code: 'CFG_ENCODING', offset: 0, path: [], message: 'the file is not UTF-8', allowed: ENCODING },
    };
  }
}

function loneSurrogateAt(text: string): number {
  return text.search(/\p{Surrogate}/u);
}

function codePoint(text: string, offset: number): string {
  return `U+${(text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
