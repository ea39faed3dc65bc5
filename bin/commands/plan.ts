import { defineCommand, PLATFORM_OPTIONS } from '../command.ts';
import { startRun } from '../start-run.ts';

export const command = defineCommand({
  name: 'plan',
  summary: 'Shows what a run would do now, and changes nothing',
  usage: 'fettle plan <procedure> --platform <name or file> [--environment <name>] [--store <folder>] [--json]',
  example: 'fettle plan daily --platform mine.yaml',
  options: PLATFORM_OPTIONS,
  argument: { name: 'procedure', required: true },
  run: (given) => startRun(given, 'plan'),
});
