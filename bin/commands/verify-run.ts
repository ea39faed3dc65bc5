import { quoted } from '../../core/calendar/problem.ts';
import { InvalidInput } from '../../core/errors.ts';
import { defineCommand, PLATFORM_OPTIONS } from '../command.ts';
import { verify } from '../verify.ts';

const RUN_ID = /^[\w-]{1,128}$/;

export const command = defineCommand({
  name: 'verify-run',
  summary: 'Proves that the records of a run are those that it sealed, and that the chain holds it',
  usage: 'fettle verify-run <run id> --platform <name or file> [--environment <name>] [--store <folder>] [--json]',
  example: 'fettle verify-run daily-20261121T020000Z --platform mine.yaml',
  options: PLATFORM_OPTIONS,
  argument: { name: 'run id', required: true },
  run: async (given) => {
    const [runId = ''] = given.positionals;
    if (!RUN_ID.test(runId)) throw new InvalidInput('CLI_UNKNOWN_RUN', `${quoted(runId)} is no id of a run`);
    return verify(given, { runId });
  },
});
