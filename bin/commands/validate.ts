import { InvalidInput } from '../../core/errors.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { problemText } from '../../lib/profiles/problem.ts';
import { notesOn, readProfile } from '../../lib/profiles/read.ts';
import { environmentNames } from '../../lib/profiles/resolve.ts';
import { defineCommand, EXIT } from '../command.ts';

const usage = 'fettle validate <name or file> [--json]';

export const command = defineCommand({
  name: 'validate',
  summary: 'Reads a platform profile and says everything that is wrong with it',
  usage,
  example: 'fettle validate platforms/eventchain.yaml',
  options: {},
  async run({ positionals: [named, ...rest], values }) {
    if (named === undefined || rest.length > 0) throw new InvalidInput(`name one profile\n\n  ${usage}`);
    const read = await readProfile(named, { catalogue: await loadCatalogue(), now: new Date() });
    const problems = 'problems' in read ? read.problems : [];
    if (values['json']) process.stdout.write(`${JSON.stringify({ problems }, null, 2)}\n`);
    if ('problems' in read) {
      if (!values['json']) process.stderr.write(`${problems.map(problemText).join('\n')}\n`);
      return EXIT.usage;
    }
    if (!values['json'])
      process.stdout.write(`${named} is right; environments: ${environmentNames(read.profile).join(', ')}\n`);
    for (const note of notesOn(read.profile)) process.stderr.write(`note: ${note}\n`);
    return EXIT.fine;
  },
});
