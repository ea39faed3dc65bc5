import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fettleCommand } from '../harness/fettle-command.ts';

const PROFILE = `platform: shop
targets: { endpoints: { web: { url: https://shop.example } } }
procedures:
  daily: { tasks: [certificates-check-endpoints] }
freezes: [{ from: 2026-12-24T00:00:00Z, to: 2026-12-27T00:00:00Z, reason: Christmas }]
`;
let folder: string;
let profile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-cli-'));
  profile = join(folder, 'shop.yaml');
  await writeFile(profile, PROFILE);
  await mkdir(join(folder, 'empty'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fettle = (...words: readonly string[]) => fettleCommand(...words, '--platform', profile);

describe('a store that is named and not there', () => {
  test.each(['runs', 'report'])('is an error of %s that names the folder, and the folder is not made', async (verb) => {
    const absent = join(folder, `absent-${verb}`);
    const { code, stdout, stderr } = await fettle(verb, '--store', absent);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(absent);
    expect(existsSync(absent)).toBe(false);
  });

  test('nor is a file a store', async () => {
    const { code, stderr } = await fettle('runs', '--store', profile);
    expect(code).toBe(2);
    expect(stderr).toContain(`${profile}" is no place for a store: it is a file, and a folder is needed`);
  });
});

test('a store that is there and empty has no runs', async () => {
  const { code, stdout } = await fettle('runs', '--store', join(folder, 'empty'), '--json');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '[]\n' });
});

test('a run says what of its profile nothing acts on, before anything begins', async () => {
  const { code, stderr } = await fettle('run', 'none', '--store', join(folder, 'empty'));
  expect(code).toBe(2);
  expect(stderr).toContain('freezes is checked and nothing acts on it yet');
});
