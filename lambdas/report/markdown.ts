/** Text that a Markdown page shows as it is, whatever it holds: in a sentence, a heading or a cell. */
export function plain(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>()#+!|~^$:@&-]/g, escaped)
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}

// In the middle of words these are only themselves, and a page full of backslashes is read by nobody.
const INNOCENT = new Set(['(', ')', '-', '+', '#', ':', '@', '^', '{', '}', '!']);

function escaped(mark: string, at: number, text: string): string {
  if (mark === '&') return '&amp;';
  if (mark === '<') return '&lt;';
  if (mark === '>') return '&gt;';
  if (!INNOCENT.has(mark)) return `\\${mark}`;
  // At the beginning of a line a list, a heading or a title may begin; after ! and ] a picture or an address may.
  const first = at === 0;
  const address = mark === ':' && text.slice(at, at + 3) === '://';
  const touching = (mark === '!' && text[at + 1] === '[') || (mark === '(' && text[at - 1] === ']');
  return first || address || touching ? `\\${mark}` : mark;
}

/** The same with what stands between two back-ticks in the type of code, as summaries and remedies are written. */
export function prose(text: string): string {
  return text
    .split(/(`[^`]*[^`\s][^`]*`)/)
    .map((part, place) => (place % 2 === 1 ? code(part.slice(1, -1)) : withEdges(part)))
    .join('')
    .trim();
}

function withEdges(part: string): string {
  const [, before = '', inner = '', after = ''] = /^(\s*)(.*?)(\s*)$/s.exec(part) ?? [];
  return `${before && ' '}${plain(inner)}${after && ' '}`;
}

/** Text in the type of code, whatever it holds, on one line and safe within a cell. */
export function code(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (line === '') return '';
  const fence = '`'.repeat(longestRun(line) + 1);
  const padding = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  // GitHub reads a row into cells before it reads the code in them.
  return `${fence}${padding}${line}${padding}${fence}`.replaceAll('|', '\\|');
}

/** A block of code with a fence that nothing in it can close. */
export function block(language: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

/** A table; the cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
