import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Scene } from '../scene.ts';

const DAY_SECONDS = 86_400;
const CONTENT = 'a line of the log\n'.repeat(500);
/** Due to be compressed, due to be deleted, and not due. */
const [TO_COMPRESS, TO_DELETE, YOUNG] = [['app.log.1', 'web.log.1'], 'old.log.9.gz', 'app.log'] as const;

/** A folder with two logs to compress, one to delete, and one that is written to. */
export const scene: Scene = {
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'fettle-crashes-logs-'));
    const at = (name: string) => join(folder, name);
    async function write(name: string, days: number, content: string | Buffer): Promise<void> {
      await writeFile(at(name), content);
      const seconds = Date.now() / 1_000 - days * DAY_SECONDS;
      await utimes(at(name), seconds, seconds);
    }
    async function lost(names: readonly string[]): Promise<string[]> {
      const damage: string[] = [];
      for (const name of TO_COMPRESS) {
        // Under its own name, under a working name of ours, or compressed: somewhere the content is whole.
        const copies = names.filter((one) => one === name || one === `${name}.gz` || one.includes('.fettle-aside'));
        const contents = await Promise.all(copies.map((copy) => contentOf(copy)));
        if (!contents.includes(name + CONTENT)) damage.push(`${name} was lost`);
      }
      if (!names.includes(YOUNG) || (await contentOf(YOUNG)) !== YOUNG + CONTENT) damage.push(`${YOUNG} was changed`);
      return damage;
    }
    async function contentOf(name: string): Promise<string> {
      const bytes = await readFile(at(name));
      if (!name.endsWith('.gz')) return bytes.toString();
      try {
        return gunzipSync(bytes).toString();
      } catch (thrown) {
        return `damaged: ${String(thrown)}`;
      }
    }
    return {
      targets: { logs: { app: { url: pathToFileURL(folder).href } } },
      input: { keepFree: 0, maxPercent: '100%' },
      async reset() {
        await rm(folder, { recursive: true, force: true });
        await mkdir(folder);
        for (const name of TO_COMPRESS) await write(name, 8, name + CONTENT);
        await write(TO_DELETE, 40, gzipSync(CONTENT));
        await write(YOUNG, 0, YOUNG + CONTENT);
      },
      async shown() {
        const names = await readdir(folder);
        const isCompressed = (name: string) => names.includes(`${name}.gz`) && !names.includes(name);
        const isSetAside = (name: string) =>
          names.some((one) => one.startsWith(`.${name}.`) && one.endsWith('.fettle-aside'));
        const isDeleted = !names.includes(TO_DELETE) && !isSetAside(TO_DELETE);
        return {
          effects: {
            ...Object.fromEntries(
              TO_COMPRESS.map((name) => [`compress ${name}`, isCompressed(name) && !isSetAside(name) ? 1 : 0]),
            ),
            [`delete ${TO_DELETE}`]: isDeleted ? 1 : 0,
          },
          mayRepeat: false,
          due: [...TO_COMPRESS.filter((name) => !isCompressed(name)), ...(isDeleted ? [] : [TO_DELETE])],
          leftovers: names.filter((name) => name.includes('.fettle-')),
          damage: await lost(names),
        };
      },
      settle: async () => false,
      stop: () => rm(folder, { recursive: true, force: true }),
    };
  },
};
