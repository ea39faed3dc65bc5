import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { loadCatalogue } from '../../lambdas/catalogue.ts';

const SCENES = new URL('./scenes/', import.meta.url);

test('every task that changes something is killed at each of its points: it has a scene, and no scene is without its task', async () => {
  const tasks = [...(await loadCatalogue()).values()].map(({ task }) => task);
  const changing = tasks.filter(({ effect }) => effect !== 'read-only').map(({ name }) => name);
  const scenes = (await readdir(SCENES)).filter((file) => !file.startsWith('_')).map((file) => file.replace('.ts', ''));
  expect(changing.length).toBeGreaterThan(4);
  expect(changing.filter((name) => !existsSync(new URL(`${name}.ts`, SCENES)))).toEqual([]);
  expect(scenes.filter((name) => !changing.includes(name))).toEqual([]);
});
