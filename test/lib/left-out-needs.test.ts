import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { taskEntryPoints } from '../../lambdas/catalogue.ts';
import { BUNDLE_OPTIONS } from '../../lib/bundle.ts';
import { REPOSITORY } from '../harness/cruise.ts';

const NEEDS = /\/(_([a-z-]+-)?)?needs(-[a-z-]+)?\.ts$/;

test('what only fettle doctor asks is in no function', async () => {
  const entryPoints = Object.fromEntries(await taskEntryPoints());
  const { metafile } = await build({
    ...BUNDLE_OPTIONS,
    absWorkingDir: REPOSITORY,
    entryPoints,
    outdir: 'nowhere',
    write: false,
    metafile: true,
  });
  const taken = Object.entries(metafile.outputs).map(([file, { inputs }]) => ({
    task: path.basename(file, '.js'),
    needs: Object.keys(inputs).filter((input) => NEEDS.test(input) && !input.startsWith('left-out:')),
  }));

  expect(taken.map(({ task }) => task).sort()).toEqual(Object.keys(entryPoints).sort());
  expect(taken.filter(({ needs }) => needs.length > 0)).toEqual([]);
});

test('no task takes anything else from there: the name is read once where it is imported and else in its needs', async () => {
  const problems: string[] = [];
  let seen = 0;
  for (const file of (await taskEntryPoints()).values()) {
    const source = await readFile(path.resolve(REPOSITORY, file), 'utf8');
    const imported = [...source.matchAll(/^import \{([^}]+)\} from '(\.{1,2}\/[_a-z-]+)\.ts';$/gm)];
    const names = imported
      .filter(([, , from]) => NEEDS.test(`${from}.ts`))
      .flatMap(([, list = '']) => list.split(',').map((name) => name.trim()));
    const [, needs = ''] = /^ {2}needs: ([\s\S]+?)^ {2}[a-z]+[:(]/m.exec(source) ?? [];
    const uses = (text: string, name: string) => text.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
    for (const name of names.filter((one) => !one.startsWith('type '))) {
      seen += 1;
      if (uses(source, name) !== uses(needs, name) + 1) problems.push(`${file}: ${name}`);
    }
  }

  expect(seen).toBeGreaterThan(5);
  expect(problems).toEqual([]);
});
