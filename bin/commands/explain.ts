import { InvalidInput } from '../../core/errors.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { everyExplanation, explanationsOf, explanationText, nearestFinding } from '../../lib/explain.ts';
import { defineCommand, EXIT } from '../command.ts';

const usage = 'fettle explain [<finding> | <task>/<finding>] [--json]';

export const command = defineCommand({
  name: 'explain',
  summary: 'Says what a finding means, why it matters, what to do now and what to do for good',
  usage,
  example: 'fettle explain kubernetes-check-pods/crash-looping',
  options: {},
  async run({ values, positionals: [words] }) {
    const catalogue = await loadCatalogue();
    const found = words === undefined ? everyExplanation(catalogue) : explanationsOf(catalogue, words);
    if (words !== undefined && found.length === 0) {
      const nearest = nearestFinding(catalogue, words);
      const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
      throw new InvalidInput(`there is no finding "${words}"${hint}\n\n  ${usage}`);
    }
    if (values['json'])
      process.stdout.write(
        `${JSON.stringify(
          found.map(({ task, kind, explained }) => ({ task, kind, ...explained })),
          null,
          2,
        )}\n`,
      );
    else if (words === undefined)
      process.stdout.write(found.map(({ task, kind }) => `${task === undefined ? '' : `${task}/`}${kind}\n`).join(''));
    else process.stdout.write(found.map(explanationText).join('\n'));
    return EXIT.fine;
  },
});
