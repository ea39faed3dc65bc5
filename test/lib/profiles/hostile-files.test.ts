import { expect, test } from '@jest/globals';
import { readProfile } from '../../../lib/profiles/read.ts';
import { FAKE_CATALOGUE } from './catalogue.ts';
import { linesOn, NOW, writePlatforms } from './written.ts';

const GOOD = 'platform: shop\ntargets:\n  postgres: { main: { url: "postgres://localhost/shop" } }\n';
const bytes = (...parts: readonly (string | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));
const anchors = Array.from({ length: 11 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]`);
const BOMB = `${GOOD}a0: &a0 [x, x, x]\n${anchors.join('\n')}\n`;

test.each<[string, string | Uint8Array, readonly string[]]>([
  ['nothing is wrong', GOOD, []],
  ['nothing is wrong with lines of Windows', GOOD.replaceAll('\n', '\r\n'), []],
  ['it is empty', '', ['mine.yaml:1:1 the file is empty; begin with platform: <name> [CFG_MISSING]']],
  ['it is a list', '- a\n- b\n', ['mine.yaml:1:1 wrong type, found a list of 2; allowed: a mapping [CFG_TYPE]']],
  ['it is a word', 'hello\n', ['mine.yaml:1:1 wrong type, found "hello"; allowed: a mapping [CFG_TYPE]']],
  [
    'it is above 1 MB',
    `${GOOD}${'#'.repeat(1_500_000)}`,
    ['mine.yaml:1:1 the file is too large, found 1.5 MB; allowed: up to 1 MB [CFG_TOO_LARGE]'],
  ],
  [
    'it nests 900,000 lists',
    '['.repeat(900_000),
    ['mine.yaml:1:37 nested too deep; allowed: 32 levels [CFG_TOO_DEEP]'],
  ],
  [
    'it nests lists by dashes',
    '- '.repeat(100_000),
    ['mine.yaml:1:72 nested too deep; allowed: 32 levels [CFG_TOO_DEEP]'],
  ],
  [
    'its aliases multiply',
    BOMB,
    ['mine.yaml:1:1 more than 100000 values when its aliases are written out [CFG_TOO_LARGE]'],
  ],
  [
    'an alias is its own',
    `${GOOD}x: &a [*a]\n`,
    ['mine.yaml:4:8 x[0]: not valid here as YAML: *a is an alias of nothing above it [CFG_YAML]'],
  ],
  [
    'it has a byte order mark',
    bytes([0xef, 0xbb, 0xbf], GOOD),
    [
      'mine.yaml:1:1 the file begins with a byte order mark, found U+FEFF; allowed: UTF-8 without byte order mark [CFG_ENCODING]',
    ],
  ],
  [
    'it is UTF-16',
    bytes([0xff, 0xfe], [...Buffer.from(GOOD, 'utf16le')]),
    ['mine.yaml:1:1 the file is not UTF-8, found UTF-16; allowed: UTF-8 without byte order mark [CFG_ENCODING]'],
  ],
  [
    'it is UTF-16 without a mark',
    bytes([...Buffer.from(GOOD, 'utf16le')]),
    ['mine.yaml:1:1 the file is not UTF-8, found UTF-16; allowed: UTF-8 without byte order mark [CFG_ENCODING]'],
  ],
  [
    'it is Latin-1',
    bytes(GOOD, '# caf', [0xe9], '\n'),
    ['mine.yaml:1:1 the file is not UTF-8; allowed: UTF-8 without byte order mark [CFG_ENCODING]'],
  ],
  [
    'it holds NUL',
    `${GOOD}x: a\0b\n`,
    ['mine.yaml:4:5 the character U+0000 is not allowed; remove it [CFG_FORBIDDEN_CHAR]'],
  ],
  [
    'it holds an escape of the terminal',
    `${GOOD}# \u001b[2J\n`,
    ['mine.yaml:4:3 the character U+001B is not allowed; remove it [CFG_FORBIDDEN_CHAR]'],
  ],
  [
    'a comment turns the direction of writing',
    `${GOOD}# \u202e\n`,
    ['mine.yaml:4:3 the character U+202E is not allowed; remove it [CFG_FORBIDDEN_CHAR]'],
  ],
  [
    'a value hides one behind an escape',
    `${GOOD}x: "\\u202e"\n`,
    ['mine.yaml:4:4 x: the character U+202E is not allowed; remove it [CFG_FORBIDDEN_CHAR]'],
  ],
  [
    'a value is half a character',
    `${GOOD}x: "\\uD800"\n`,
    ['mine.yaml:4:4 x: the character U+D800 is not allowed; remove it [CFG_FORBIDDEN_CHAR]'],
  ],
  [
    'a key stands twice',
    `${GOOD}platform: two\n`,
    ['mine.yaml:4:1 platform: the same key stands here already: line 1, column 1 [CFG_DUPLICATE_ID]'],
  ],
  [
    'a key is __proto__',
    `${GOOD}__proto__: { platform: evil }\n`,
    ['mine.yaml:4:1 __proto__: this key is not allowed anywhere [CFG_FORBIDDEN_KEY]'],
  ],
  [
    'a key is constructor',
    `${GOOD}constructor: {}\n`,
    ['mine.yaml:4:1 constructor: this key is not allowed anywhere [CFG_FORBIDDEN_KEY]'],
  ],
  [
    'a number is octal to some',
    `${GOOD}x: 010\n`,
    ['mine.yaml:4:4 x: 010 begins with 0, which some read as octal; put text in quotes [CFG_NUMBER]'],
  ],
  [
    'a number is infinite',
    `${GOOD}x: 1e309\n`,
    ['mine.yaml:4:4 x: 1e309 is no number that can be compared [CFG_NUMBER]'],
  ],
  ['a number is none', `${GOOD}x: NaN\n`, ['mine.yaml:4:4 x: NaN is no number that can be compared [CFG_NUMBER]']],
  [
    'a number is above 2^53',
    `${GOOD}x: 9007199254740993\n`,
    ['mine.yaml:4:4 x: 9007199254740993 is too large to be kept exactly; put text in quotes [CFG_NUMBER]'],
  ],
  [
    'a number has separators',
    `${GOOD}x: 1_000\n`,
    ['mine.yaml:4:4 x: 1_000 has _ between its digits; write the digits alone [CFG_NUMBER]'],
  ],
  [
    'it asks for YAML 1.1',
    `%YAML 1.1\n---\n${GOOD}`,
    ['mine.yaml:1:1 not valid here as YAML: a profile is YAML 1.2; remove the directive %YAML 1.1 [CFG_YAML]'],
  ],
  [
    'it has two documents',
    `${GOOD}---\n${GOOD}`,
    ['mine.yaml:4:1 not valid here as YAML: a profile is one document; remove what follows the second --- [CFG_YAML]'],
  ],
  [
    'it asks for a type of its own',
    `${GOOD}x: !!js/function a\n`,
    ['mine.yaml:4:4 not valid here as YAML: Unresolved tag: tag:yaml.org,2002:js/function [CFG_YAML]'],
  ],
  [
    'it is indented by tabs',
    'platform: x\n\ttargets: {}\n',
    ['mine.yaml:2:1 not valid here as YAML: Tabs are not allowed as indentation [CFG_YAML]'],
  ],
])('when %s, it is said', async (_what, content, lines) => {
  expect(await linesOn(content)).toEqual(lines);
});

test('no password of an address is ever repeated, wherever it stands', async () => {
  const lines = await linesOn(`platform: shop
targets:
  postgres:
    a: { url: "postgres://app:sesame@h/db" }
    b: { url: "postgres://app:se same@h/db" }
    c: { url: "host=h password=sesame" }
    d: "postgres://app:sesame@h/db"
    e: { url: { "postgres://app:sesame@h/db": 1 } }
    "postgres://app:sesame@h": {}
    "two\\nlines": { url: env:DB }
"postgres://app:sesame@h/db": 1
notify: { slack: https://hooks.slack.com/services/sesame }
procedures: { daily: { budget: "postgres://app:sesame@h", tasks: ["postgres://app:sesame@h/db", postgres-vacuum: { targets: [x] }] } }
`);

  expect(lines.length).toBeGreaterThanOrEqual(9);
  expect(lines.join('\n')).not.toMatch(/sesame|se same/);
  expect(lines.filter((line) => line.includes('\n'))).toEqual([]);
  expect(lines).toContain(
    'mine.yaml:4:15 targets.postgres.a.url: has a password in it; put it into a secret and write secret:…, env:… or file:…, found "postgres://[redacted]" [CFG_SECRET_INLINE]',
  );
});

test('every problem of a file is said at once, from its top to its end', async () => {
  const lines = await linesOn(
    `${GOOD}vacum: 1\nprocedures:\n  daily:\n    window: 2-4\n    tasks: [vacuum, 7]\nallowAddresses: [x]\n`,
  );

  expect(lines.map((line) => line.replace(/ .* \[(\w+)\]$/, ' $1'))).toEqual([
    'mine.yaml:4:1 CFG_UNKNOWN_KEY',
    'mine.yaml:7:13 CFG_WINDOW',
    'mine.yaml:8:13 CFG_UNKNOWN_TASK',
    'mine.yaml:8:21 CFG_TYPE',
    'mine.yaml:9:18 CIDR_SYNTAX',
  ]);
});

test('a name that is not there is answered with the nearest one', async () => {
  const folder = await writePlatforms({ 'shop.yaml': GOOD, 'forum.yaml': GOOD });

  const read = await readProfile('shpo', { catalogue: FAKE_CATALOGUE, now: NOW, platformsFolder: folder });

  expect(read).toEqual({
    problems: [
      expect.objectContaining({ code: 'CFG_NOT_FOUND', line: 1, allowed: ['forum', 'shop'], nearest: 'shop' }),
    ],
  });
});

test.each([
  ['./nowhere.yaml', 'CFG_NOT_FOUND'],
  ['/dev/zero', 'CFG_UNREADABLE'],
  ['./', 'CFG_UNREADABLE'],
  ['', 'CFG_NOT_FOUND'],
])('of the path "%s" the answer is %s', async (file, code) => {
  const read = await readProfile(file, { catalogue: FAKE_CATALOGUE, now: NOW });

  expect(read).toMatchObject({ problems: [{ code, line: 1, column: 1 }] });
});
