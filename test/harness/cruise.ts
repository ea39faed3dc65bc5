import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const REPOSITORY = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));
export const RULES = path.join(REPOSITORY, '.dependency-cruiser.cjs');
const CRUISER = path.join(REPOSITORY, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

/** The folders whose sources are hand-written. */
export const SOURCE_FOLDERS = ['core', 'lambdas', 'state-machines', 'lib', 'bin', 'dashboard', 'test'] as const;

export interface Cruise {
  /** The files of the tree that were really read. */
  readonly seen: readonly string[];
  /** `rule: from → to`, sorted. */
  readonly violations: readonly string[];
}

interface CruiserOutput {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly rule: { readonly name: string };
      readonly from: string;
      readonly to: string;
    }[];
  };
}

/** Holds a tree to the rules of the house, in a process of its own. Rejects after two minutes. */
export async function cruise(root: string, folders: readonly string[]): Promise<Cruise> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CRUISER, '--config', RULES, '--output-type', 'json', ...folders],
    { cwd: root, maxBuffer: 256 * 1024 ** 2, timeout: 120_000, env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const { modules, summary } = JSON.parse(stdout) as CruiserOutput;
  return {
    seen: modules
      .map(({ source }) => source)
      .filter((source) => folders.some((folder) => source.startsWith(`${folder}/`))),
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort(),
  };
}

/** Why a cruise without violations proves nothing: no file was read, or some were not. */
export function blindSpots(files: readonly string[], { seen }: Cruise): string[] {
  if (seen.length === 0) return ['the cruiser read no file at all'];
  return files.filter((file) => !seen.includes(file)).map((file) => `${file} was not read`);
}

/** Every TypeScript file under these folders, relative to the root. */
export async function sourceFiles(root: string, folders: readonly string[] = SOURCE_FOLDERS): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const file = path.relative(root, path.join(entry.parentPath, entry.name));
      if (entry.isFile() && file.endsWith('.ts') && !/(^|\/)(node_modules|fixtures)\//.test(file)) found.push(file);
    }
  }
  return found.sort();
}

const VAGUE = /(?:^|[-_])(?:utils?|helpers?|common|shared|misc)(?:[-_.]|$)/;

/** What is wrong with the place of a file: a name that says nothing, or an index that is no grown task. */
export function misplaced(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const vague = file.split('/').find((part) => VAGUE.test(part));
    if (vague) return [`${file}: ${vague} names nothing; name it after what it holds`];
    const index = /(^|\/)index\.[cm]?tsx?$/.test(file);
    if (index && !/^(test\/)?lambdas\/tasks\/[^/]+\/[^/]+\/index\.ts$/.test(file)) {
      return [`${file}: only a task that grew has an index.ts; import from the file that declares`];
    }
    return [];
  });
}
