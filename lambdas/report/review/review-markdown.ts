import { block, plain, table } from '../markdown.ts';
import { visible } from '../markup.ts';
import { MOST_DECISIONS, usd, type Block, type Decision, type ReviewPage } from './review-page.ts';

/** The review for a ticket or a terminal: the same order and the same numbers, tables in the place of drawings. */
export function renderReviewMarkdown(page: ReviewPage): string {
  const { title, about, headline, decisions, sections, unknown, sources } = page;
  const parts = [
    `# ${inline(title)}`,
    inline(about),
    `**${inline(headline)}**`,
    ...(decisions.length === 0 ? [] : ['## Decide', ...decisions.slice(0, MOST_DECISIONS).map(decisionText)]),
    ...sections.flatMap(({ title: name, note, blocks }) => [
      `## ${inline(name)}`,
      ...(note === undefined ? [] : [inline(note)]),
      ...blocks.flatMap(blockText),
    ]),
    ...(unknown.length === 0
      ? []
      : ['## What could not be known', unknown.map((text) => `- ${inline(text)}`).join('\n')]),
    ...(sources.length === 0 ? [] : ['---', sources.map(inline).join('  \n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function decisionText({ title, why, facts, command }: Decision, place: number): string {
  const lines = [
    `${place + 1}. **${inline(title)}**  `,
    `   ${inline(why)}`,
    ...facts.map((fact) => `   - ${inline(fact)}`),
    ...(command === undefined ? [] : ['', block('sh', visible(command)).replace(/^/gm, '   ')]),
  ];
  return lines.join('\n');
}

function blockText(given: Block): string[] {
  if (given.rows.length === 0) return [];
  switch (given.kind) {
    case 'table':
      return [tableText(given.columns, given.rows)];
    case 'bars':
      return [
        `${inline(given.caption)}:`,
        tableText(
          ['', ...given.marks],
          given.rows.map(({ label, percents }) => [label, ...given.marks.map((_, at) => numberText(percents[at]))]),
        ),
      ];
    case 'lifelines':
      return [
        `${inline(given.caption)} (today ${given.today.slice(0, 10)}):`,
        tableText(
          ['', 'standard support until', 'extended support until'],
          given.rows.map(({ label, standardUntil, extendedUntil }) => [
            label,
            standardUntil?.slice(0, 10) ?? 'not known',
            extendedUntil?.slice(0, 10) ?? 'not known',
          ]),
        ),
      ];
    case 'columns':
      return [
        `${inline(given.caption)}:`,
        tableText(
          ['', ...given.series.map((name) => `${name}, a month`)],
          given.rows.map(({ label, usdPerMonth }) => [label, ...usdPerMonth.map(usd)]),
        ),
      ];
  }
}

function numberText(value: number | undefined): string {
  return value === undefined ? 'not known' : String(Math.round(value * 10) / 10);
}

function tableText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return table(
    columns.map(inline),
    rows.map((row) => row.map(inline)),
  );
}

/** Text from a target stays text, and what a ticket would make a mention of by itself gets a mark without width. */
function inline(text: string): string {
  return plain(visible(text)).replace(/@(?=\w)/g, '@\u200b');
}
