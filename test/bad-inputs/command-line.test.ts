import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eachOf, type Exit, fettle } from './_fettle.ts';
import { COMMAND_MESSAGES, type CommandMessage } from './messages/command-line.ts';

const TARGETS = 'targets: { backups: { nightly: { url: s3://shop-backups/ } } }';
const PROCEDURES = 'procedures: { daily: { tasks: [{ backups-verify: { maxAge: 8h } }] } }\n';
const DEPLOYED = 'account: "111122223333", region: eu-west-1, ';
const PROFILES = {
  shop: `platform: shop\n${TARGETS}\n${PROCEDURES}`,
  two: `platform: shop\nenvironments: { prod: { ${TARGETS} }, staging: { ${TARGETS} } }\n${PROCEDURES}`,
  deployed: `platform: shop\nenvironments: { prod: { ${DEPLOYED}${TARGETS} } }\n${PROCEDURES}`,
  wrong: `platform: shop\n${TARGETS}\nprocedurs: {}\npeople: { team: [AKIAIOSFODNN7EXAMPLE] }\n`,
};

let folder: string;
let work: string;
let answers: ReadonlyMap<CommandMessage, Exit>;

const filled = (text: string) =>
  text.replace(/\{([a-z]+)\}/g, (_whole, name: string) => (name === 'folder' ? folder : join(folder, `${name}.yaml`)));

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'fettle-command-line-')));
  work = join(folder, 'work');
  await mkdir(work);
  await mkdir(join(folder, 'empty'));
  for (const [name, text] of Object.entries(PROFILES)) await writeFile(join(folder, `${name}.yaml`), text);
  // A switch does not change what is said on standard error, so each command is started once.
  answers = await eachOf(COMMAND_MESSAGES, ({ words }) => fettle([...words.map(filled), '--json'], { cwd: work }));
}, 240_000);
afterAll(() => rm(folder, { recursive: true }));

describe('the command line', () => {
  test.each(COMMAND_MESSAGES)('answers $slip with a sentence that ends in a code', (message) => {
    const { code, stderr } = answers.get(message) ?? { code: -1, stderr: '' };
    const [first, ...rest] = stderr.split('\n');
    expect({ first, code }).toEqual({ first: `fettle: ${filled(message.says)}`, code: message.code });
    expect(rest.some((line) => line.startsWith('usage '))).toBe(message.says.includes('[CLI_'));
    expect(stderr).not.toMatch(/^\s+at |[^\n\P{Cc}]/mu);
  });

  test.each(COMMAND_MESSAGES)('answers $slip with JSON where that is wanted', (message) => {
    const [, sentence, code] = /^(.*) \[(\w+)\]$/.exec(filled(message.says)) ?? [];
    expect(JSON.parse(answers.get(message)?.stdout ?? '')).toEqual({ error: { code, message: sentence } });
  });

  test('makes no folder and writes nothing for any slip', async () => {
    expect(await readdir(work)).toEqual([]);
    expect(await readdir(join(folder, 'empty'))).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(
      ['empty', 'work', ...Object.keys(PROFILES).map((name) => `${name}.yaml`)].sort(),
    );
  });

  test('says nothing on standard output for a slip, and there are usage and every command on the other', async () => {
    const { code, stdout, stderr } = await fettle([], { cwd: work });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^fettle: name a command first \[CLI_MISSING\]\n\nusage {2}fettle <command>/);
    for (const verb of ['run', 'plan', 'report', 'validate', 'explain'])
      expect(stderr).toMatch(new RegExp(`^  ${verb} `, 'm'));
  });

  test('gives every problem of a profile with its place as JSON, without the secret in it', async () => {
    const words = ['validate', join(folder, 'wrong.yaml'), '--json'];
    const { code, stdout, stderr } = await fettle(words, { cwd: work });
    const { error } = JSON.parse(stdout) as { error: { code: string; problems: readonly unknown[] } };
    expect({ code, first: error.code }).toEqual({ code: 2, first: 'CFG_UNKNOWN_KEY' });
    expect(error.problems).toMatchObject([
      { code: 'CFG_UNKNOWN_KEY', line: 3, column: 1, path: 'procedurs', nearest: 'procedures' },
      { code: 'CFG_SECRET_INLINE', line: 4, column: 18, path: 'people.team[0]' },
    ]);
    expect(stderr).toMatch(/^fettle: the profile cannot be used:\n\S+:3:1 procedurs: .* \[CFG_UNKNOWN_KEY\]\n/);
    expect(stdout + stderr).not.toContain('AKIA');
  });

  test('explains a code, also in small letters, to people and to programs', async () => {
    const [text, json] = await Promise.all([
      fettle(['explain', 'cfg_unknown_key'], { cwd: work }),
      fettle(['explain', 'CFG_UNKNOWN_KEY', '--json'], { cwd: work }),
    ]);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^CFG_UNKNOWN_KEY .*\n\n {2}What it means .*\n {2}Do now .*\n$/);
    expect(JSON.parse(json.stdout)).toMatchObject([{ code: 'CFG_UNKNOWN_KEY', means: 'Nothing reads this key here.' }]);
  });
});
