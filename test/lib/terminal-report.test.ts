import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { renderTerminal } from '../../lib/terminal-report.ts';
import { hostileReport } from '../harness/hostile-report.ts';

test('nothing from a target can steer the terminal', () => {
  const text = renderTerminal(hostileReport(), { colour: false });
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
  expect(text).toContain('\\u001b[2J');
});

test('colours are the only control characters, and only where they are asked for', () => {
  const text = renderTerminal(hostileReport(), { colour: true });
  const colourless = text.split('\u001b').map((part, place) => (place === 0 ? part : part.replace(/^\[\d{1,2}m/, '')));
  expect(text).toContain('\u001b[31m');
  expect(colourless.join('').replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(stripVTControlCharacters(text)).toBe(renderTerminal(hostileReport(), { colour: false }));
});
