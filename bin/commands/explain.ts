import { quoted } from '../../core/calendar/problem.ts';
import { ERROR_CODES, meaningOf } from '../../core/error-codes.ts';
import { InvalidInput } from '../../core/errors.ts';
import { type Catalogue, loadCatalogue } from '../../lambdas/catalogue.ts';
import { errorText, everyExplanation, explanationsOf, explanationText, nearestWords } from '../../lib/explain.ts';
import { defineCommand, EXIT } from '../command.ts';

export const command = defineCommand({
  name: 'explain',
  summary: 'Says what a finding or the code of an error means, and what to do about it',
  usage: 'fettle explain [<finding> | <task>/<finding> | <code of an error>] [--json]',
  example: 'fettle explain kubernetes-check-pods/crash-looping',
  options: {},
  argument: { name: 'finding or code', required: false },
  async run({ values, positionals: [words] }) {
    const json = values['json'] === true;
    const code = words?.toUpperCase();
    const meaning = code === undefined ? undefined : meaningOf(code);
    if (code !== undefined && meaning) {
      const text = json ? `${JSON.stringify([{ code, ...meaning }], null, 2)}\n` : errorText(code, meaning);
      process.stdout.write(text);
    } else process.stdout.write(findingsText(await loadCatalogue(), words, json));
    return EXIT.fine;
  },
});

function findingsText(catalogue: Catalogue, words: string | undefined, json: boolean): string {
  const found = words === undefined ? everyExplanation(catalogue) : explanationsOf(catalogue, words);
  if (words !== undefined && found.length === 0) {
    const nearest = nearestWords(catalogue, words);
    const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
    throw new InvalidInput('CLI_UNKNOWN_FINDING', `there is no finding and no code ${quoted(words)}${hint}`);
  }
  const findings = found.map(({ task, kind, explained }) => ({ task, kind, ...explained }));
  const codes = words === undefined ? Object.entries(ERROR_CODES).map(([code, meaning]) => ({ code, ...meaning })) : [];
  if (json) return `${JSON.stringify([...findings, ...codes], null, 2)}\n`;
  if (words !== undefined) return found.map(explanationText).join('\n');
  const lines = [
    ...findings.map(({ task, kind }) => `${task === undefined ? '' : `${task}/`}${kind}`),
    ...codes.map(({ code }) => code),
  ];
  return `${lines.join('\n')}\n`;
}
