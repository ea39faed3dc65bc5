import { stripVTControlCharacters } from 'node:util';
import type { RunReport } from '../../core/report.ts';
import { renderPage } from '../../lambdas/report/page.ts';
import { announcementOf } from '../../lambdas/runtime/announce.ts';
import { renderTerminal } from '../../lib/terminal-report.ts';

/** What a page of ours is made of; nothing else may stand between `<` and `>`. */
const ELEMENTS =
  'html head meta title style body header main footer section article h1 h2 h3 p span strong br pre code ul li div table tr th td details summary figure figcaption svg path text';
const VOID = new Set(['meta', 'br', 'path']);
const ATTRIBUTES: Readonly<Record<string, RegExp>> = {
  lang: /^en$/,
  charset: /^utf-8$/,
  name: /^viewport$/,
  content: /^[^<>"]*$/,
  'http-equiv': /^Content-Security-Policy$/,
  class: /^[a-z0-9 -]*$/,
  viewBox: /^[\d ]+$/,
  role: /^img$/,
  'aria-label': /^[^<>"]*$/,
  d: /^[MLHVCZ\d.,e -]*$/,
  x: /^[\d.]+$/,
  y: /^[\d.]+$/,
  dy: /^[\d.]+em$/,
  'text-anchor': /^(end|middle)$/,
};
const INVISIBLE = /[^\P{Cc}\n]|\p{Cf}|[\u2028\u2029]/u;

/** The elements of a page in their order, with the names of their attributes. Throws at the first thing that is no page of ours. */
export function skeletonOf(page: string): string[] {
  const parts = /<!doctype html>|<(\/?)([a-z][a-z0-9]*)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>|([^<>]+)|([^])/gy;
  const open: string[] = [];
  const skeleton: string[] = [];
  for (const [whole, isEnd, element = '', attributes = '', isClosed, text, stray] of page.matchAll(parts)) {
    const fail = (why: string): never => {
      throw new Error(`${why} at ${JSON.stringify(page.slice(Math.max(0, page.indexOf(whole) - 80)).slice(0, 200))}`);
    };
    if (stray !== undefined) fail(`a stray ${stray}`);
    if (text !== undefined) {
      if (/&(?!(amp|lt|gt|quot|#39);)/.test(text) && open.at(-1) !== 'style') fail(`an entity of its own in ${text}`);
      continue;
    }
    if (whole === '<!doctype html>') continue;
    if (!ELEMENTS.split(' ').includes(element)) fail(`an element ${element}`);
    if (isEnd === '/') {
      if (open.pop() !== element) fail(`an end of ${element} that was not open`);
      continue;
    }
    const names = [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => {
      if (!ATTRIBUTES[name]?.test(value)) fail(`an attribute ${name}="${value}"`);
      return name;
    });
    skeleton.push(`${element}(${names.join(',')})`);
    if (isClosed !== '/' && !VOID.has(element)) open.push(element);
  }
  if (open.length > 0) throw new Error(`never ended: ${open.join(', ')}`);
  return skeleton;
}

/** The report with every text of a target replaced by a harmless word. */
function plain(report: RunReport): RunReport {
  const word = (text: string | undefined) => (text === undefined || text === '' ? text : 'word');
  const told = <One extends { readonly subject?: string | undefined; readonly summary: string }>(one: One): One => ({
    ...one,
    ...(one.subject !== undefined && {
      subject: one.subject === (one as { target?: string }).target ? one.subject : 'word',
    }),
    summary: word(one.summary),
    ...('command' in one && one.command !== undefined && { command: 'word' }),
    ...('statement' in one && one.statement !== undefined && { statement: 'word' }),
    ...('detail' in one && one.detail !== undefined && { detail: 'word' }),
  });
  return {
    ...report,
    findings: report.findings.map(told),
    actions: report.actions.map(told),
    fixed: report.fixed.map(told),
    measurements: report.measurements.map((one) => ({ ...one, ...(one.subject !== undefined && { subject: 'word' }) })),
  };
}

/** What is wrong with how a report is shown, on the page, in the terminal, in JSON and in what is announced. */
export function problemsOfShowing(report: RunReport): string[] {
  const page = renderPage(report);
  const [skeleton, expected] = [page, renderPage(plain(report))].map((one) => skeletonOf(one).join(' '));
  const terminal = renderTerminal(report, { colour: true });
  const colourless = renderTerminal(report, { colour: false });
  const { Subject, Message } = announcementOf(report, { n: 1, sha256: 'a'.repeat(64) });
  const lines = (text: string) => text.split('\n').length;
  const json = JSON.stringify(report, null, 2);
  const says: readonly (readonly [boolean, string])[] = [
    [skeleton === expected, 'the page has other elements than one with harmless texts'],
    [!INVISIBLE.test(page), `the page has an invisible character: ${around(page)}`],
    [stripVTControlCharacters(terminal) === colourless, 'the terminal has other control characters than colours'],
    [!INVISIBLE.test(colourless), `text without colours has control characters: ${around(colourless)}`],
    [
      lines(terminal) === lines(renderTerminal(plain(report), { colour: false })),
      'the terminal has more lines than things',
    ],
    [!INVISIBLE.test(Message), `the announcement has control characters: ${around(Message)}`],
    [lines(Message) <= 16, 'the announcement has more lines than things'],
    [/^[\x20-\x7e]{1,100}$/.test(Subject), 'the subject is no line of ASCII'],
    [Buffer.byteLength(Message) <= 32_768, 'the announcement is too long'],
    [JSON.stringify(JSON.parse(json), null, 2) === json, 'the JSON does not say what the report says'],
  ];
  return says.flatMap(([isSo, problem]) => (isSo ? [] : [problem]));
}

function around(text: string): string {
  const at = INVISIBLE.exec(text)?.index ?? 0;
  return JSON.stringify(text.slice(Math.max(0, at - 60), at + 20));
}
