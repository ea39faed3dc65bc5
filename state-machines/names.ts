import { createHash } from 'node:crypto';

/** Names of Lambda functions have at most 64 characters, those of state machines 80; one limit serves both. */
const MAX_LENGTH = 64;
const HASH_LENGTH = 8;

/** `fettle-<platform>-<environment>` */
export function stackName(platform: string, environment: string): string {
  return `fettle-${platform}-${environment}`;
}

/** `<stack>-<task, step or procedure>`, cut and hashed where it would be too long for the service. */
export function resourceName(stack: string, part: string): string {
  const name = `${stack}-${part}`;
  if (name.length <= MAX_LENGTH) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${name.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}-${hash}`;
}
