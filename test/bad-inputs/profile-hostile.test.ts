import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { REPOSITORY } from '../harness/cruise.ts';

const READER = fileURLToPath(new URL('./_read-profiles.ts', import.meta.url));
const MOST_MEMORY_MB = 160;
const MOST_CPU_SECONDS = 1;
const LONGEST_SECONDS = 90;

const HEAD = 'platform: shop\ntargets: { postgres: { main: { url: secret:shop/db } } }\n';
const DEEP = /nested too deep; allowed: 32 levels \[CFG_TOO_DEEP\]$/;
const LARGE = /^bad\.yaml:1:1 the file is too large, found [\d.]+ MB; allowed: up to 1 MB \[CFG_TOO_LARGE\]$/;
const FULL = /^bad\.yaml:\d+:\d+ more than 100000 words and marks \[CFG_TOO_LARGE\]$/;
const ANY = /^bad\.yaml:\d+:\d+ .* \[CFG_[A-Z_]+\]$/;

function linesOf(count: number, line: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => `${line(n)}\n`).join('');
}

function blockOf(levels: number): string {
  return Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
}

function bombOf(levels: number, width: number): string {
  const lists = Array.from(
    { length: levels },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array(width).fill(`*a${n}`).join(', ')}]`,
  );
  return `${HEAD}a0: &a0 [x, x]\n${lists.join('\n')}\n`;
}

const TEXTS: Readonly<Record<string, readonly [text: () => string, says: RegExp]>> = {
  'has 50 MB': [() => `${HEAD}${'# long\n'.repeat(7_200_000)}`, LARGE],
  'nests 10,000 lists in brackets': [() => '['.repeat(10_000), DEEP],
  'nests 10,000 mappings in braces': [() => '{a: '.repeat(10_000), DEEP],
  'nests 10,000 lists by dashes': [() => '- '.repeat(10_000), DEEP],
  'nests 10,000 keys of keys': [() => '? '.repeat(10_000), DEEP],
  'nests 1,300 mappings by indentation': [() => blockOf(1_300), DEEP],
  'nests 10,000 lists below other things': [() => `${HEAD}people: ${'['.repeat(10_000)}`, DEEP],
  'has aliases that make 9^30 values': [() => bombOf(30, 9), ANY],
  'has aliases that make two million values': [() => bombOf(20, 2), /more than 100000 values/],
  'has 15,000 keys that are the same': [() => `${HEAD}${'a: 1\n'.repeat(15_000)}`, ANY],
  'has 15,000 keys that nobody knows': [() => `${HEAD}${linesOf(15_000, (n) => `k${n}: 1`)}`, ANY],
  'has 3,000 targets without an address': [
    () => `platform: shop\ntargets:\n  postgres:\n${linesOf(3_000, (n) => `    t${n}: { u: 1 }`)}`,
    ANY,
  ],
  'has 100,000 keys': [() => `${HEAD}${linesOf(100_000, (n) => `k${n}: 1`)}`, FULL],
  'is one word of 900 kB': [() => 'a'.repeat(900_000), ANY],
  'has a key of 900 kB': [() => `${HEAD}${'k'.repeat(900_000)}: 1\n`, ANY],
  'has a number of 900 kB': [() => `${HEAD}people: ${'9'.repeat(900_000)}\n`, ANY],
  'has 900 kB of quotes': [() => `${HEAD}people: ${'"'.repeat(900_000)}\n`, FULL],
  'has 300,000 anchors': [() => `${HEAD}people: ${'&a '.repeat(300_000)}\n`, FULL],
  'has 300,000 types': [() => `${HEAD}people: ${'!a '.repeat(300_000)}\n`, FULL],
  'has 30,000 anchors': [() => `${HEAD}people: ${'&a '.repeat(30_000)}\n`, ANY],
  'has 100,000 documents': [() => '---\n'.repeat(100_000), FULL],
  'has 100,000 directives': [() => '%A b\n'.repeat(100_000), FULL],
  'has 900 kB that could become a token': [() => `${HEAD}people: { t: ["${'eyJ'.repeat(300_000)}"] }\nx: 1\n`, ANY],
  'has 900 kB that could become an address': [
    () => `${HEAD}people: { t: ["${'a://b:'.repeat(150_000)}"] }\nx: 1\n`,
    ANY,
  ],
  'has 900 kB of beginnings of private keys': [
    () => `${HEAD}people: { t: ["${'-----BEGIN PRIVATE KEY-----'.repeat(33_000)}"] }\n`,
    ANY,
  ],
};

interface Answer {
  readonly file: string;
  readonly lines: readonly string[];
  readonly cpuSeconds: number;
}

let folder: string;
let answers: ReadonlyMap<string, Answer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-hostile-profile-'));
  const files = await Promise.all(
    Object.values(TEXTS).map(async ([text], place) => {
      const file = join(folder, `${place}.yaml`);
      await writeFile(file, text());
      return file;
    }),
  );
  const pipe = join(folder, 'pipe.yaml');
  execFileSync('/usr/bin/mkfifo', [pipe]);
  const given = [...files, pipe, '/dev/zero', '/dev/full'];
  const command = [`--max-old-space-size=${MOST_MEMORY_MB}`, READER];
  const options = { cwd: REPOSITORY, env: { ...process.env, NODE_OPTIONS: '' }, timeout: LONGEST_SECONDS * 1_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [...command, ...given], options);
  const lines = stdout.trimEnd().split('\n');
  answers = new Map(lines.map((line) => JSON.parse(line) as Answer).map((answer) => [basename(answer.file), answer]));
}, LONGEST_SECONDS * 1_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(Object.keys(TEXTS).map((what, place) => [what, place] as const))(
  'a profile that %s is refused in words, within a second of work and little memory',
  (what, place) => {
    const answer = answers.get(`${place}.yaml`);
    expect(answer?.lines[0]?.replace(`${folder}/${place}.yaml`, 'bad.yaml')).toMatch(TEXTS[what]?.[1] ?? /never/);
    expect(answer?.cpuSeconds).toBeLessThan(MOST_CPU_SECONDS);
    for (const line of answer?.lines ?? []) expect(line.length).toBeLessThan(2_000);
  },
);

test.each(['pipe.yaml', 'zero', 'full'])('a profile that is no file, such as %s, is not read at all', (name) => {
  const { lines, cpuSeconds } = answers.get(name) ?? { lines: [], cpuSeconds: Number.NaN };
  expect(lines).toEqual([
    expect.stringMatching(/:1:1 is a pipe or a device, and a file is needed \[CFG_UNREADABLE\]$/),
  ]);
  expect(cpuSeconds).toBeLessThan(MOST_CPU_SECONDS);
});
