import { defineCommand, PLATFORM_OPTIONS } from '../command.ts';
import { START_OPTIONS } from '../start-input.ts';
import { startRun } from '../start-run.ts';

export const command = defineCommand({
  name: 'run',
  summary: 'Runs a procedure now, on this machine',
  usage:
    'fettle run <procedure> --platform <name or file> [--environment <name>] [--store <folder>] [--override window --reason <text>] [--json]',
  example: 'fettle run daily --platform mine.yaml',
  options: { ...PLATFORM_OPTIONS, ...START_OPTIONS },
  argument: { name: 'procedure', required: true },
  run: (given) => startRun(given, 'execute'),
});
