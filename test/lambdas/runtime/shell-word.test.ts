import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { shellWord } from '../../../lambdas/runtime/shell-word.ts';

test.each(['/var/log/app', 'a b', "it's", '$(reboot)', '`id`', '-rf', '', 'a\nb', '*', '~', 'ü', '"; ls', '\\'])(
  'a shell takes %j as it is',
  (text) => {
    expect(execFileSync('sh', ['-c', `printf '%s' ${shellWord(text)}`]).toString()).toBe(text);
  },
);

test('what means nothing to a shell stays as it stands', () => {
  expect(shellWord('/var/log/app-1.log')).toBe('/var/log/app-1.log');
});
