import { scrypt } from 'node:crypto';

const BYTES = 8;
// Each takes a hundredth of a second and 4 MiB: who has the report cannot try passwords by the million.
const COST = { N: 4_096, r: 8, p: 1 } as const;

/**
 * What knows a secret again without telling it: a slow hash of 16 hexadecimal letters, bound to the target and the file.
 *
 * The same secret in another file has another fingerprint, so accepting one place accepts no other.
 */
export function fingerprintOf(target: string, path: string, value: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(value, JSON.stringify(['fettle', target, path]), BYTES, COST, (failed, key) => {
      if (failed) reject(failed);
      else resolve(key.toString('hex'));
    });
  });
}
