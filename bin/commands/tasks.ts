import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { defineCommand, EXIT } from '../command.ts';

export const command = defineCommand({
  name: 'tasks',
  summary: 'Lists every task with what it does and to what',
  usage: 'fettle tasks [--json]',
  example: 'fettle tasks',
  options: {},
  async run({ values }) {
    const tasks = [...(await loadCatalogue()).values()].map(({ task: { name, effect, target, summary } }) => ({
      name,
      effect,
      target,
      summary,
    }));
    const width = Math.max(...tasks.map(({ name }) => name.length));
    const lines = tasks.map(
      ({ name, effect, target, summary }) =>
        `${name.padEnd(width)}  ${effect.padEnd(11)}  ${target.padEnd(12)}  ${summary}`,
    );
    process.stdout.write(values['json'] ? `${JSON.stringify(tasks, null, 2)}\n` : `${lines.join('\n')}\n`);
    return EXIT.fine;
  },
});
