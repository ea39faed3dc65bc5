import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import * as z from 'zod';
import { taskEntryPoints } from '../lambdas/catalogue.ts';
import { buildOf } from './bundle.ts';

/** A package of which some function carries code, as the lockfile has it. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly integrity: string;
  readonly hasInstallScript: boolean;
}

const Lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().default(''),
      license: z.string().default(''),
      integrity: z.string().default(''),
      hasInstallScript: z.boolean().default(false),
    }),
  ),
});

/** The packages that reach the functions, by name: what esbuild took something from, held against the lockfile. */
export async function bundledPackages(root: string): Promise<BundledPackage[]> {
  const { metafile } = await build({
    ...buildOf(await taskEntryPoints()),
    outdir: root,
    write: false,
    metafile: true,
  });
  const lock = Lockfile.parse(JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')));
  const places = new Set<string>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const place = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0];
      if (place !== undefined && bytesInOutput > 0) places.add(place);
    }
  }
  return [...places]
    .map((place) => {
      const locked = lock.packages[place];
      if (!locked) throw new Error(`${place} is in a bundle and not in package-lock.json`);
      return { name: place.replace(/^.*node_modules\//, ''), ...locked };
    })
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}
