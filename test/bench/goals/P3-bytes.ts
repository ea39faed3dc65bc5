import { join } from 'node:path';
import { loadCatalogue } from '../../../lambdas/catalogue.ts';
import type { Benchmark } from '../benchmark.ts';
import { temporaryFolder } from '../programs.ts';
import { bytesOf, forgetBundles, gateAssets, synthesizeApp } from './_app.ts';
import { writeSources } from './_handlers.ts';

const MOST_BYTES = 1_200_000;
/** Its generated client alone is more. */
const MOST_BYTES_KUBERNETES = 2_300_000;

export const benchmark: Benchmark = {
  goal: 'P3',
  what: 'the bytes of every function',
  run: async (say) => {
    await using folder = await temporaryFolder();
    await using sources = await writeSources();
    const ours = await synthesizeApp('ours', sources, join(folder.path, 'ours'));
    try {
      say(`bundling ${sources.entries.size} handlers one by one …`);
      const theirs = await synthesizeApp('nodejs-function', sources, join(folder.path, 'theirs'));
      for (const answer of [ours, theirs]) await gateAssets(answer, sources);
      const [ourBytes, theirBytes] = [await sizes(ours.assets), await sizes(theirs.assets)];
      for (const [name, bytes] of ourBytes)
        say(`  ${name} ${bytes} bytes, NodejsFunction ${theirBytes.get(name) ?? 0}`);
      const catalogue = await loadCatalogue();
      const isKubernetes = (name: string) => catalogue.get(name)?.task.target === 'kubernetes';
      const most = (kubernetes: boolean) =>
        Math.max(0, ...[...ourBytes].filter(([name]) => isKubernetes(name) === kubernetes).map(([, bytes]) => bytes));
      const counted = { unit: 'bytes', better: 'less', pairs: 1 } as const;
      return [
        {
          ...{ goal: 'P3a', what: `the code of all ${ourBytes.size} functions together`, ...counted, hold: 0.8 },
          ...{ peer: '`NodejsFunction`, minified, SDK bundled', ours: sum(ourBytes), theirs: sum(theirBytes) },
          because:
            'both minify the same sources with esbuild; what is left out are the parts of libraries that no task uses, ' +
            'and few libraries have such parts',
        },
        {
          goal: 'P3b',
          what: 'the largest function',
          peer: 'the limit',
          ...counted,
          hold: 1,
          ours: most(false),
          theirs: MOST_BYTES,
        },
        {
          ...{ goal: 'P3c', what: 'the largest function with the Kubernetes client', peer: 'the limit', ...counted },
          ...{ hold: 1, ours: most(true), theirs: MOST_BYTES_KUBERNETES },
        },
      ];
    } finally {
      await forgetBundles(ours);
    }
  },
};

async function sizes(assets: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, number>> {
  const entries = Object.entries(assets).map(async ([name, asset]) => [name, await bytesOf(asset)] as const);
  return new Map(await Promise.all(entries));
}

function sum(bytes: ReadonlyMap<string, number>): number {
  return [...bytes.values()].reduce((total, one) => total + one, 0);
}
