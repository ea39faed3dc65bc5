import type { Info } from './_info.ts';
import type { KeySample } from './_key-sample.ts';

/** All that this domain's reading needs, as rules of an ACL. */
const RULES = '+ping +info +select +scan +pttl +memory|usage';

export interface MissingRight {
  readonly command: string;
  /** What the server said. */
  readonly words: string;
  /** The statement that gives the right; undefined where no right is missing but the command itself. */
  grant(user: string | undefined, info: Info | undefined): string | undefined;
}

/** Reads the words with which a server refused a command; they may quote the key that was asked for, which is not shown. */
export function missingRight(command: string, words: string): MissingRight {
  const isRight = words.startsWith('NOPERM');
  return {
    command,
    words: isRight ? `NOPERM, no right to ${/\bkeys?\b/.test(words) ? 'read these keys' : 'use it'}` : unquoted(words),
    grant: (user = 'default', info) => (isRight ? grantFor(user, info) : undefined),
  };
}

function unquoted(words: string): string {
  if (/^ERR unknown (sub)?command/i.test(words)) return 'unknown command (renamed, or not of this server)';
  return (words.split(/['"`]/)[0] ?? '').slice(0, 80).trim();
}

/** The commands without which a sample is none. */
export function missingRights({ refused, keys, sized }: KeySample): MissingRight[] {
  return [...refused]
    .filter(([command]) => {
      if (command === 'PTTL') return keys === 0;
      return command === 'MEMORY' ? sized === 0 : true;
    })
    .map(([command, words]) => missingRight(command, words));
}

function grantFor(user: string, info: Info | undefined): string {
  const major = Number(info?.fields.get('redis_version')?.split('.')[0] ?? 0);
  // Since version 7 the names of keys can be opened for reading alone.
  return `ACL SETUSER ${user} ${RULES} ${major >= 7 ? '%R~*' : '~*'}`;
}
