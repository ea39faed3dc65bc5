import { KNOWN_SECRETS } from './known-secrets.ts';
import type { Complaint, Path } from './problem.ts';
import type { Located } from './yaml-tree.ts';

/** The shortest address with a password: `a://:b@`. */
const SHORTEST = 7;

const INSTEAD = 'put it into a secret and write secret:…, env:… or file:…';
const WITH_PASSWORD = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/?#"'<>@:]{0,200}:[^\s/?#"'<>@]{1,200}@/i;

/** Every credential that stands in a key, a value or a comment of a profile; what is said never holds it. */
export function inlineSecrets(text: string, root: Located): Complaint[] {
  const complaints: Complaint[] = [];
  collect(root, [], complaints);
  return [...complaints, ...commentSecrets(text)];
}

function collect(node: Located, path: Path, complaints: Complaint[]): void {
  const what = typeof node.value === 'string' ? whatIsIn(node.value) : undefined;
  if (what !== undefined) {
    const place = { offset: node.offset, path, message: `${what} stands here; ${INSTEAD}` };
    complaints.push({ code: 'CFG_SECRET_INLINE', ...place });
  }
  for (const [part, child] of node.children) {
    const inKey = typeof part === 'string' ? whatIsIn(part) : undefined;
    if (inKey !== undefined) {
      const place = { offset: child.keyOffset, path: [...path, part], message: `${inKey} stands here; ${INSTEAD}` };
      complaints.push({ code: 'CFG_SECRET_INLINE', ...place });
    }
    collect(child.node, [...path, part], complaints);
  }
}

function whatIsIn(text: string): string | undefined {
  if (text.length < SHORTEST) return undefined;
  const known = KNOWN_SECRETS.find(([, form]) => text.search(form) >= 0)?.[0];
  return known ?? (WITH_PASSWORD.test(text) ? 'an address with its password' : undefined);
}

/** An address in a comment is most often an example; a key that has the form of one never is. */
function commentSecrets(text: string): Complaint[] {
  return [...text.matchAll(/(?:^|[ \t])#.*/gm)].flatMap(({ index, 0: comment }) =>
    KNOWN_SECRETS.flatMap(([what, form]) => {
      const at = comment.search(form);
      if (at < 0) return [];
      const message = `${what} stands in a comment; remove it, and replace it where it is valid`;
      return [{ code: 'CFG_SECRET_INLINE', offset: index + at, path: [], message } as const];
    }),
  );
}
