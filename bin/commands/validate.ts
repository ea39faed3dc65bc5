import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { InvalidProfile } from '../../lib/profiles/invalid-profile.ts';
import { notesOn, readProfile } from '../../lib/profiles/read.ts';
import { environmentNames } from '../../lib/profiles/resolve.ts';
import { defineCommand, EXIT } from '../command.ts';

export const command = defineCommand({
  name: 'validate',
  summary: 'Reads a platform profile and says everything that is wrong with it',
  usage: 'fettle validate <name or file> [--json]',
  example: 'fettle validate platforms/eventchain.yaml',
  options: {},
  argument: { name: 'profile', required: true },
  async run({ positionals: [named = ''], values }) {
    const read = await readProfile(named, { catalogue: await loadCatalogue(), now: new Date() });
    if ('problems' in read) throw new InvalidProfile(read.problems);
    const { file } = read.profile;
    const environments = environmentNames(read.profile);
    const answer = values['json']
      ? JSON.stringify({ file, environments, problems: [], notes: notesOn(read.profile) }, null, 2)
      : `${file} is right; environments: ${environments.join(', ')}`;
    process.stdout.write(`${answer}\n`);
    for (const note of notesOn(read.profile)) process.stderr.write(`note: ${note}\n`);
    return EXIT.fine;
  },
});
