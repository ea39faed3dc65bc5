import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundledPackages } from '../../lib/bundled-packages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LICENCES = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Unlicense',
];
const carried = await bundledPackages(ROOT);

interface Locked {
  readonly integrity?: string;
  readonly inBundle?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly resolved?: string;
}
const { packages } = JSON.parse(readFileSync(`${ROOT}/package-lock.json`, 'utf8')) as {
  packages: Readonly<Record<string, Locked>>;
};
const installed = Object.entries(packages).filter(([place, { inBundle }]) => place !== '' && inBundle !== true);

test('every package that the functions carry is locked by its hash and runs no script when it is installed', () => {
  expect(carried.length).toBeGreaterThan(20);
  for (const { name, integrity, hasInstallScript } of carried)
    expect({ name, integrity, hasInstallScript }).toEqual({
      name,
      integrity: expect.stringMatching(/^sha512-/),
      hasInstallScript: false,
    });
});

test('the functions carry no code under a licence that binds what uses it', () => {
  expect(carried.filter(({ license }) => !LICENCES.includes(license))).toEqual([]);
});

test('the lockfile has the hash of every package but the binaries for other systems than Linux, and names no place outside the registry', () => {
  const unlocked = installed.filter(([, { integrity }]) => integrity === undefined);
  const other = unlocked.filter(
    ([, { optional, os, cpu }]) => optional === true && os?.length === 1 && cpu !== undefined,
  );
  expect(unlocked.map(([place]) => place)).toEqual(other.map(([place]) => place));
  expect(installed.length).toBeGreaterThan(500);
  expect(installed.filter(([, { resolved = '' }]) => resolved !== '' && !resolved.startsWith('https://'))).toEqual([]);
});

test('what Fettle depends on is pinned to one version', () => {
  const manifest = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as Record<string, Record<string, string>>;
  const wanted = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}),
  );
  expect(wanted.length).toBeGreaterThan(30);
  expect(wanted.filter(([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))).toEqual([]);
});
