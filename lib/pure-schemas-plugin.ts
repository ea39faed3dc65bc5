import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Lets the bundler drop the schemas that no command of a bundle uses.
 *
 * The SDK writes the keys of its schemas as `[_xN]: …` with `const _xN = "xmlName"`. A bundler must take a computed key
 * for something that may have effects, keeps every such schema, and with it all that it names: of EC2 half a megabyte.
 * Written out, the same keys are plain, and what is unused goes.
 */
export const pureSchemasPlugin: Plugin = {
  name: 'pure-schemas',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const names = new Map(
        [...text.matchAll(/^const (_\w*) = ("[^"\\]*");$/gm)].map(([, name = '', value = '']) => [name, value]),
      );
      const contents = text.replace(/\[(_\w*)\]:/g, (key, name: string) => {
        const value = names.get(name);
        return value === undefined ? key : `${value}:`;
      });
      return { contents, loader: 'js' };
    });
  },
};
