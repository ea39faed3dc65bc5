import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../core/json.ts';
import { bundleHandlers } from '../bundle.ts';

let hashes: Promise<ReadonlySet<string>> | undefined;

/** The SHA-256 of the bundles that end runs, as this version of Fettle makes them. */
export function ownBundles(): Promise<ReadonlySet<string>> {
  hashes ??= hashesOfBundles();
  return hashes;
}

async function hashesOfBundles(): Promise<ReadonlySet<string>> {
  const bundles = await bundleHandlers();
  const enders = ['finish-run', 'reap-run'].map((name) => join(bundles.get(name) ?? '', 'index.js'));
  return new Set(await Promise.all(enders.map(async (file) => sha256(await readFile(file)))));
}
