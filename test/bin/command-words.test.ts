import { describe, expect, test } from '@jest/globals';
import { commandFirst, defineCommand, parseCommand, PLATFORM_OPTIONS } from '../../bin/command.ts';

const runs = defineCommand({
  name: 'runs',
  summary: '',
  usage: '',
  example: '',
  options: PLATFORM_OPTIONS,
  run: () => Promise.resolve(0),
});

describe('the words of a command line', () => {
  test.each<[string[], string[]]>([
    [
      ['runs', '--env', 'prod'],
      ['runs', '--env', 'prod'],
    ],
    [
      ['--env', 'prod', 'runs'],
      ['runs', '--env', 'prod'],
    ],
    [
      ['--env=prod', '-p', 'shop', 'runs'],
      ['runs', '--env=prod', '-p', 'shop'],
    ],
    [
      ['--json', 'runs', '--env', 'prod'],
      ['runs', '--json', '--env', 'prod'],
    ],
    [
      ['--env', 'runs'],
      ['--env', 'runs'],
    ],
    [
      ['--keep', 'demo'],
      ['--keep', 'demo'],
    ],
    [['--help'], ['--help']],
    [
      ['--', 'runs'],
      ['--', 'runs'],
    ],
    [[], []],
  ])('%j are read as %j', (words, first) => {
    expect(commandFirst(words)).toEqual(first);
  });

  test('--env is --environment, in whatever spelling it is given', () => {
    for (const words of [['--env', 'prod'], ['--env=prod'], ['--environment', 'prod'], ['-e', 'prod']])
      expect(parseCommand(runs, words).values).toEqual({ environment: 'prod' });
  });

  test('both spellings at once are the option given twice', () => {
    expect(() => parseCommand(runs, ['--env', 'prod', '--environment', 'staging'])).toThrow(
      '--environment is given twice, with "staging" at last',
    );
  });

  test('a command without an environment has no --env either', () => {
    const tasks = defineCommand({ ...runs, options: {} });
    expect(() => parseCommand(tasks, ['--env', 'prod'])).toThrow('there is no option "--env"');
  });
});
