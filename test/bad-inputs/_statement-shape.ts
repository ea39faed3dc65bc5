/** One token of SQL as PostgreSQL reads it with `standard_conforming_strings` on. */
type Token = { readonly kind: 'name' | 'quoted' | 'text' | 'number' | 'mark'; readonly text: string };

const TOKEN =
  /(?<space>\s+)|(?<quoted>"(?:[^"]|"")*")|(?<text>\b[eE]'(?:[^'\\]|''|\\[^])*'|'(?:[^']|'')*')|(?<number>\$?\d+(?:\.\d+)?)|(?<name>[\p{L}_][\p{L}\p{N}_$]*)|(?<mark>--|\/\*|\$\w*\$|[^])/uy;

function tokensOf(sql: string): Token[] {
  return [...sql.matchAll(new RegExp(TOKEN.source, 'gu'))].flatMap(({ groups = {} }) =>
    (['quoted', 'text', 'number', 'name', 'mark'] as const).flatMap((kind) => {
      const text = groups[kind];
      return text === undefined ? [] : [{ kind, text }];
    }),
  );
}

/**
 * The shape of a statement: what it does, without what it does it to.
 *
 * Of a read it is the relations that it reads and the functions that it calls, of any other statement its words; a
 * name is `§`, a text or a number `?`. A shape with `;` is more than one statement, one with `--` hides something.
 */
export function shapeOf(sql: string): string {
  const tokens = tokensOf(sql);
  const escaped = tokens.filter(
    ({ kind, text }) => kind === 'mark' && (text === ';' || /^(--|\/\*|\$.*\$)$/.test(text)),
  );
  if (escaped.length > 0) return `${escaped.map(({ text }) => text).join(' ')} in: ${sql.slice(0, 200)}`;
  return /^(SELECT|WITH)$/.test(tokens[0]?.text ?? '') ? shapeOfRead(tokens) : shapeOfCommand(tokens);
}

const KEYWORDS =
  /^(SELECT|WITH|AS|MATERIALIZED|IN|ANY|EXISTS|FROM|JOIN|ON|AND|OR|NOT|WHERE|OVER|FILTER|ARRAY|coalesce|greatest|nullif|extract|ALL|THEN|ELSE|WHEN|UNION)$/i;

function shapeOfRead(tokens: readonly Token[]): string {
  const relations = new Set<string>();
  const functions = new Set<string>();
  const own = new Set<string>();
  tokens.forEach(({ kind, text }, place) => {
    const at = (offset: number) => tokens[place + offset]?.text.replaceAll('"', '') ?? '';
    if (kind === 'text' || kind === 'number' || kind === 'mark') return;
    if (at(1) === 'AS' && /^(\(|MATERIALIZED)$/.test(at(2))) own.add(text);
    const word = text.replaceAll('"', '');
    if (at(1) === '(' && (kind === 'quoted' || !KEYWORDS.test(text)))
      functions.add(word.replace(/^(pg_stat_get)_\w+$/, '$1_*'));
    if (!/^(FROM|JOIN)$/.test(at(-1)) || /^(epoch|DISTINCT)$/.test(at(-2)) || KEYWORDS.test(text)) return;
    const isQualified = at(1) === '.';
    if (at(isQualified ? 3 : 1) !== '(') relations.add(isQualified ? at(2) : word);
  });
  const read = [...relations].filter((name) => !own.has(name)).sort();
  return `read ${read.join(' ')} | ${[...functions].sort().join(' ')}`;
}

function shapeOfCommand(tokens: readonly Token[]): string {
  const words = tokens.map(({ kind, text }, place) => {
    if (kind === 'quoted') return '§';
    if (kind === 'text' || kind === 'number') return '?';
    const isQualified = tokens[place + 1]?.text === '.' || tokens[place - 1]?.text === '.';
    return kind === 'name' && isQualified ? '§' : text;
  });
  return (
    words
      .join(' ')
      .replace(/§ \. §/g, '§')
      .replace(/§(?: , §)+/g, '§')
      // The definition of an index is the server's own text.
      .replace(/(ON § USING) .*$/, '$1 …')
  );
}
