import { createHash } from 'node:crypto';

/** A secret that nothing may show, with where it is kept. */
export interface Canary {
  readonly name: string;
  readonly value: string;
}

/** Replays a failure: `FETTLE_SEED=<what was printed>`. */
export const SEED = process.env['FETTLE_SEED'] ?? String(Math.floor(Math.random() * 2 ** 32));

type Letters = (count: number) => string;

/** What makes a secret awkward for whoever looks for it in a text. */
export const STYLES: Readonly<Record<string, (letters: Letters) => string>> = {
  plain: (r) => r(24),
  short: (r) => r(8),
  long: (r) => r(400),
  'with URL escapes': (r) => `${r(12)}%${r(8)}&=%41?#${r(12)}`,
  'with quotes': (r) => `${r(12)}'${r(6)}"${r(12)}`,
  'with backslashes': (r) => `${r(12)}\\${r(6)}\\n${r(12)}\\`,
  'like base64': (r) => `${r(14)}+${r(13)}/${r(12)}==`,
  'with unicode': (r) => `${r(14)}é–密🔑${r(14)}`,
  'with blanks': (r) => `${r(14)} ${r(6)}  ${r(14)}`,
  'with markup': (r) => `${r(12)}<b>&amp;'${r(14)}`,
  'for a shell': (r) => `$(${r(12)})\`${r(12)}\`;${r(12)}`,
  'with an @ and a colon': (r) => `${r(12)}:${r(6)}@${r(12)}/`,
};

export const STYLE_NAMES = Object.keys(STYLES);

/** Makes a canary of a name and a style; the same seed gives the same one. */
export function canaryOf(name: string, style: string, seed = SEED): Canary {
  const make = STYLES[style];
  if (!make) throw new Error(`there is no style ${style}`);
  let drawn = 0;
  const letters: Letters = (count) => {
    let text = '';
    while (text.length < count) {
      const bytes = createHash('sha512').update(`${seed}/${name}/${style}/${drawn}`).digest('base64');
      text += bytes.replace(/[^A-Za-z0-9]/g, '');
      drawn += 1;
    }
    return text.slice(0, count);
  };
  return { name: `${name} ${style}`, value: make(letters) };
}

/** A private key of many lines that opens nothing. */
export function keyOf(name: string, seed = SEED): Canary {
  const { value } = canaryOf(name, 'long', seed);
  const body = (value.match(/.{1,64}/g) ?? []).join('\n');
  return { name: `${name} of many lines`, value: `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----` };
}

/** Hands out canaries in every style in turn, and remembers them. */
export function canaryBox(seed = SEED) {
  const all: Canary[] = [];
  return {
    all: all as readonly Canary[],
    take: (name: string, only?: string): string => {
      const made = canaryOf(name, only ?? STYLE_NAMES[all.length % STYLE_NAMES.length] ?? 'plain', seed);
      all.push(made);
      return made.value;
    },
    takeKey: (name: string): string => {
      const made = keyOf(name, seed);
      all.push(made);
      return made.value;
    },
  };
}
