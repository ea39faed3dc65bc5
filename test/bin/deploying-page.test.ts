import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, commandFirst, parseCommand } from '../../bin/command.ts';
import { REPOSITORY } from '../harness/cruise.ts';

/** The words of a line as a shell gives them; of its comment nothing. */
function wordsOf(line: string): string[] {
  return [...line.replace(/\s#.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

test('every command line of the page on deploying is one that the command line takes', async () => {
  const page = await readFile(join(REPOSITORY, 'docs/deploying.md'), 'utf8');
  const lines = page.split('\n').filter((line) => line.startsWith('npx fettle '));
  expect(lines.length).toBeGreaterThan(8);
  for (const line of lines) {
    const [verb = '', ...given] = commandFirst(wordsOf(line).slice(2));
    const { command } = (await import(`../../bin/commands/${verb}.ts`)) as { command: Command };
    expect(() => parseCommand(command, given)).not.toThrow();
  }
});
