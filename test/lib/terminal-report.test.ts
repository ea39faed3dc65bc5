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

test('the command of a finding stands on a line of its own, with nothing in it that steers or splits the terminal', () => {
  const report = hostileReport();
  const [first] = report.findings;
  const command = 'kubectl --namespace shop describe pod web-1';
  const shown = (text: string) =>
    renderTerminal({ ...report, findings: first ? [{ ...first, command: text }] : [] }, { colour: false }).split('\n');
  expect(shown(command).map((line) => line.trim())).toContain(command);
  expect(shown('true\r\nrm -rf /\u001b[A').map((line) => line.trim())).toContain('true\\u000d rm -rf /\\u001b[A');
});
