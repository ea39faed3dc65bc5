import { Flaw } from './_flaw.ts';

const SIGNATURES: readonly (readonly [string, string])[] = [
  ['age-encryption.org/', 'encrypted with age'],
  ['-----BEGIN AGE', 'encrypted with age'],
  ['-----BEGIN PGP', 'encrypted with OpenPGP'],
  ['Salted__', 'encrypted with openssl'],
  ['\xfd7zXZ\0', 'compressed with xz'],
  ['BZh', 'compressed with bzip2'],
  ['\x04"M\x18', 'compressed with lz4'],
  ['PK\x03\x04', 'a zip archive'],
  ['7z\xbc\xaf', 'a 7z archive'],
  ['REDIS0', 'a dump of Redis'],
  ['SQLite format 3\0', 'a database of SQLite'],
  ['-- MySQL dump', 'a dump of MySQL'],
  ['-- MariaDB dump', 'a dump of MariaDB'],
];
const PROMISES: readonly (readonly [RegExp, string])[] = [
  [/\.t?gz$/i, 'gzip'],
  [/\.zst$/i, 'zstd'],
  [/\.tar$/i, 'tar'],
  [/\.sql$/i, "pg_dump's script"],
];
const ENCRYPTED = /\.(gpg|pgp|age|enc|aes)$/i;

/** Says why a file that is of no known format cannot be judged, or that it is not what its name says. */
export function unopenable(head: Buffer, name: string): Flaw {
  const start = head.toString('latin1', 0, 64);
  const signature = SIGNATURES.find(([begin]) => start.startsWith(begin))?.[1];
  if (signature !== undefined) return new Flaw('cannot-be-opened', `it cannot be opened: ${signature}`);
  if (ENCRYPTED.test(name)) return new Flaw('cannot-be-opened', 'it cannot be opened: encrypted, by its name');
  const promise = PROMISES.find(([pattern]) => pattern.test(name))?.[1];
  const bytes = head.toString('hex', 0, 8);
  if (promise !== undefined) return new Flaw('damaged', `its name says ${promise} and it begins with ${bytes}`);
  return new Flaw('cannot-be-opened', `it cannot be opened: no known format begins with ${bytes}`);
}
