import { labelOf } from './_tables.ts';

const MAX_CHARACTERS = 240;
const CUT = '…';

/**
 * The shape of a statement: no comment, no literal, no value of a setting, and no more than 240 characters.
 *
 * The server replaces the constants of queries and leaves those of other statements, where passwords stand; so nothing
 * that it says is trusted to be free of them. What cannot be read for certain is cut off with all that follows.
 */
export function fingerprintOf(text: string): string {
  const shape = withoutLiterals(text)
    .split(';')
    .map((statement) => withoutSetting(shortLists(statement.replace(/\s+/g, ' ').trim())))
    .filter((statement) => statement !== '')
    .join('; ');
  const characters = [...labelOf(shape)];
  if (characters.length <= MAX_CHARACTERS) return characters.join('');
  return `${characters.slice(0, MAX_CHARACTERS - 1).join('')}${CUT}`;
}

type Render = (found: string, text: string, start: number) => { readonly shown: string; readonly end: number };

const WORD = '[A-Za-z_\\u0080-\\uffff]';
const WORD_END = '[\\w$\\u0080-\\uffff]*';

/** In order: what stands first wins at a place. */
const TOKENS: readonly { readonly pattern: RegExp; readonly render: Render }[] = [
  { pattern: /\s+/y, render: shownAs(' ') },
  { pattern: /--[^\r\n]*/y, render: shownAs(' ') },
  { pattern: /\/\*/y, render: (_found, text, start) => ({ shown: ' ', end: endOfComment(text, start) }) },
  { pattern: /[eE]'(?:[^'\\]|\\[^]|'')*(?:'|\\?$)/y, render: shownAs('?') },
  { pattern: /(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|$)/y, render: plainString },
  {
    pattern: new RegExp(`\\$(?:${WORD}[\\w\\u0080-\\uffff]*)?\\$`, 'y'),
    render: (tag, text, start) => ({ shown: '?', end: endOfDollarQuote(tag, text, start) }),
  },
  { pattern: /\$\d+/y, render: asItIs },
  { pattern: /"(?:[^"]|"")*"/y, render: asItIs },
  { pattern: /"/y, render: (_found, text) => ({ shown: CUT, end: text.length }) },
  { pattern: new RegExp(`${WORD}${WORD_END}`, 'y'), render: asItIs },
  { pattern: /\.?\d[\w.]*/y, render: shownAs('?') },
  { pattern: /[^]/y, render: asItIs },
];

function withoutLiterals(text: string): string {
  let shape = '';
  for (let at = 0; at < text.length;) {
    const { shown, end } = tokenAt(text, at);
    shape += shown;
    at = end;
  }
  return shape;
}

function tokenAt(text: string, at: number): ReturnType<Render> {
  for (const { pattern, render } of TOKENS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return render(found[0], text, at);
  }
  return { shown: '', end: text.length };
}

function asItIs(found: string, _text: string, start: number): ReturnType<Render> {
  return { shown: found, end: start + found.length };
}

function shownAs(shown: string): Render {
  return (found, _text, start) => ({ shown, end: start + found.length });
}

/** Where standard_conforming_strings is off, or in what continues an E'' string, a backslash hides the quote behind it. */
function plainString(found: string, text: string, start: number): ReturnType<Render> {
  const isCertain = !found.includes("\\'");
  return isCertain ? { shown: '?', end: start + found.length } : { shown: `?${CUT}`, end: text.length };
}

/** Comments of PostgreSQL hold comments. */
function endOfComment(text: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

function endOfDollarQuote(tag: string, text: string, start: number): number {
  const end = text.indexOf(tag, start + tag.length);
  return end < 0 ? text.length : end + tag.length;
}

function shortLists(statement: string): string {
  return statement.replace(/(\?|\$\d+)(?: ?, ?(?:\?|\$\d+))+/g, `$1, ${CUT}`);
}

/** The value of a setting may stand there without quotes. */
function withoutSetting(statement: string): string {
  return statement.replace(
    /^((?:ALTER .*?)?\bSET (?:(?:SESSION|LOCAL) )?(?:"[^"]*"|[\w.]+))(?: ?=| TO\b| ).*$/i,
    `$1 ${CUT}`,
  );
}
