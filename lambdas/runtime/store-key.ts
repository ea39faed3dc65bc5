import { InvalidInput } from '../../core/errors.ts';

const MAX_KEY_BYTES = 1_024;
/** What one file name may hold: a key that S3 takes must fit on a disk too. */
const MAX_PART_BYTES = 255;

/** Folders in which a store on disk keeps what is not a key. */
export const VERSIONS_FOLDER = '.versions';
export const TEMPORARY_FOLDER = '.temporary';
const RESERVED_PARTS = ['.', '..', VERSIONS_FOLDER, TEMPORARY_FOLDER];

/** Throws `InvalidInput` for what no store takes as a key. */
export function assertKey(key: string): void {
  const fault = faultOfKey(key);
  if (fault !== undefined)
    throw new InvalidInput('STORE_KEY_INVALID', `${JSON.stringify(key)} cannot be a key of the store: ${fault}`);
}

/** Throws `InvalidInput` for a prefix that no key can have; the empty one and half a name are prefixes. */
export function assertPrefix(prefix: string): void {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const fault = folder === '' ? undefined : faultOfKey(folder.slice(0, -1));
  const found = fault ?? faultOfText(prefix);
  if (found !== undefined)
    throw new InvalidInput('STORE_KEY_INVALID', `${JSON.stringify(prefix)} cannot begin a key of the store: ${found}`);
}

export function isKey(key: string): boolean {
  return faultOfKey(key) === undefined;
}

function faultOfKey(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (key.startsWith('/')) return 'it begins with "/", and keys are relative';
  for (const part of key.split('/')) {
    if (part === '') return 'it has an empty part';
    if (RESERVED_PARTS.includes(part)) return `"${part}" may not be a part of it`;
    if (part.length > MAX_PART_BYTES) return `a part of it has ${part.length} bytes, allowed are ${MAX_PART_BYTES}`;
  }
  return faultOfText(key);
}

function faultOfText(text: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(text)) return 'it has a character that is not printable ASCII';
  if (text.length > MAX_KEY_BYTES) return `it has ${text.length} bytes, allowed are ${MAX_KEY_BYTES}`;
  return undefined;
}
