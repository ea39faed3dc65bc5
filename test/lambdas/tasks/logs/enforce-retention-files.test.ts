import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { link, mkdir, readdir, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { compressLog } from '../../../../lambdas/tasks/logs/_compress.ts';
import { readFile as readLog } from '../../../../lambdas/tasks/logs/_log-files.ts';
import { openRoot } from '../../../../lambdas/tasks/logs/_log-folder.ts';
import { openOpennessJudge } from '../../../../lambdas/tasks/logs/_openness.ts';
import { enforce, makeLogs, setAge, type Logs } from './_log-folder.ts';

const run = promisify(execFile);
const onLinux = process.platform === 'linux' ? describe : describe.skip;
const canMount = process.platform === 'linux' && (await mounts());
const withMount = canMount ? test : test.skip;
if (!canMount) process.stderr.write('skipped: read-only and full disks, for these tests need mount(8) and root\n');

onLinux('a folder of logs', () => {
  let logs: Logs;
  beforeEach(async () => {
    logs = await makeLogs();
  });
  afterEach(() => logs.remove());

  test('takes names with blanks, line breaks, dashes, quotes and bytes that are no text', async () => {
    const names = ['-rf.log.1', 'two words.log.1', "it's $(id).log.1", 'line\nbreak.log.1', 'Ünïcödé.log.1'];
    for (const name of names) await logs.write(name, 8, 'content');
    const odd = Buffer.concat([Buffer.from(`${logs.folder}/`), Buffer.from([0xff, 0xfe, 0x1b]), Buffer.from('.log.1')]);
    await writeFile(odd, 'odd');
    await setAge(odd, 8);
    const { actions, findings } = await enforce(logs.folder);
    expect(findings).toEqual([]);
    expect(actions.sort()).toEqual(
      [...names.map((name) => name.replace('\n', '\\x0a')), '\\xff\\xfe\\x1b.log.1']
        .map((name) => `compress ${name} done`)
        .sort(),
    );
    const left = await readdir(Buffer.from(logs.folder), { encoding: 'buffer' });
    expect(left.every((name) => name.toString('latin1').endsWith('.log.1.gz'))).toBe(true);
    expect(gunzipSync(await readFile(Buffer.concat([odd, Buffer.from('.gz')]))).toString()).toBe('odd');
  });

  test('is not left through links, and what has several names is not touched', async () => {
    const other = await makeLogs();
    const outside = await other.write('outside.log.1', 40);
    await other.write('folder/deep.log.1', 40);
    await symlink(outside, join(logs.folder, 'link.log.1'));
    await symlink(join(other.folder, 'folder'), join(logs.folder, 'folder.log'));
    await symlink('/nowhere', join(logs.folder, 'dangling.log.1.gz'));
    await link(await logs.write('twice.log.1', 40), join(logs.folder, 'again.log.1'));
    await logs.write('app.log.1', 8);
    const { actions, kinds, findings } = await enforce(logs.folder);
    const outsideNow = await other.names();
    await other.remove();
    expect(actions).toEqual(['compress app.log.1 done']);
    expect(kinds).toEqual(['left-alone']);
    expect(findings[0]?.summary).toBe('left alone: 3 links, 2 files with several names');
    expect(outsideNow).toEqual(['folder/deep.log.1', 'outside.log.1']);
  });

  test('whose folder becomes a link between look and act changes nothing outside', async () => {
    const other = await makeLogs();
    await other.write('app.log.1', 8);
    await logs.write('web/app.log.1', 8);
    const { findings } = await enforce(logs.folder, {
      act: async (_action, perform) => {
        await rename(join(logs.folder, 'web'), join(logs.folder, 'was-web'));
        await symlink(other.folder, join(logs.folder, 'web'));
        await perform();
        return { status: 'done', reconciled: false, possiblyRepeated: false };
      },
    });
    const outside = await other.names();
    await other.remove();
    expect(findings).toMatchObject([{ kind: 'task-failed' }]);
    expect(outside).toEqual(['app.log.1']);
    expect(await logs.names()).toContain('was-web/app.log.1');
  });

  test('keeps a log whose gzip would replace another file, and completes one that was all but done', async () => {
    await logs.write('taken.log.1', 8, 'mine');
    await logs.write('taken.log.1.gz', 3, gzipSync('other'));
    await logs.write('broken.log.1', 8, 'mine');
    await logs.write('broken.log.1.gz', 3, gzipSync('mine').subarray(0, 12));
    await logs.write('same.log.1', 8, 'mine');
    await logs.write('same.log.1.gz', 8, gzipSync('mine'));
    const { actions, kinds, findings } = await enforce(logs.folder);
    expect(actions.sort()).toEqual([
      'compress broken.log.1 skipped',
      'compress same.log.1 done',
      'compress taken.log.1 skipped',
    ]);
    expect(kinds.sort()).toEqual(['name-taken broken.log.1', 'name-taken taken.log.1']);
    expect(await logs.names()).toEqual([
      'broken.log.1',
      'broken.log.1.gz',
      'same.log.1.gz',
      'taken.log.1',
      'taken.log.1.gz',
    ]);
    const command = findings.find(({ subject }) => subject === 'taken.log.1')?.command ?? '';
    await expect(run('sh', ['-c', command])).rejects.toMatchObject({ code: 1 });
  });

  test('has sparse and incompressible logs compressed too', async () => {
    const sparse = await logs.write('sparse.log.1', 8, '');
    await truncate(sparse, 50_000_000);
    await setAge(sparse, 8);
    const noise = randomBytes(3_000_001);
    await logs.write('noise.log.1', 8, noise);
    const { actions } = await enforce(logs.folder);
    expect(actions).toHaveLength(2);
    expect(gunzipSync(await readFile(`${sparse}.gz`)).length).toBe(50_000_000);
    expect(gunzipSync(await readFile(join(logs.folder, 'noise.log.1.gz'))).equals(noise)).toBe(true);
  });

  test('of many thousands of files is walked whole, and no more of them is changed than the cap allows', async () => {
    const folders = ['one', 'two'];
    for (const folder of folders) {
      for (let from = 0; from < 6_000; from += 500) {
        const places = Array.from({ length: 500 }, (_, place) => from + place);
        await Promise.all(places.map((place) => logs.write(`${folder}/app.log.${place}`, 10, 'x')));
      }
    }
    const { measured, actions, findings } = await enforce(logs.folder, { mode: 'plan', input: { maxChanges: 3 } });
    expect(measured['log-files']).toBe(12_000);
    expect(actions).toHaveLength(3);
    expect(findings).toMatchObject([{ kind: 'files-left', value: 11_997 }]);
  });

  withMount('does not cross into another file system', async () => {
    await logs.write('app.log.1', 8);
    const inner = join(logs.folder, 'inner');
    await mkdir(inner);
    await mounted(inner, 'size=1m', async () => {
      await logs.write('inner/app.log.1', 8);
      const { actions, findings } = await enforce(logs.folder);
      expect(actions).toEqual(['compress app.log.1 done']);
      expect(findings).toMatchObject([{ kind: 'left-alone', summary: 'left alone: 1 folder on another file system' }]);
    });
  });

  withMount('that is read-only is said to be, and nothing is tried', async () => {
    await mounted(logs.folder, 'size=1m', async () => {
      await logs.write('app.log.1', 8);
      await run('mount', ['-o', 'remount,ro', logs.folder]);
      const { actions, kinds } = await enforce(logs.folder);
      expect(actions).toEqual([]);
      expect(kinds).toEqual(['not-writable app.log.1']);
    });
  });

  withMount('on a disk without room keeps its log, before and while the copy is written', async () => {
    await mounted(logs.folder, 'size=1m', async () => {
      await logs.write('app.log.1', 8, randomBytes(700_000));
      const { kinds, actions } = await enforce(logs.folder);
      expect(actions).toEqual(['compress app.log.1 skipped']);
      expect(kinds).toEqual(['no-space app.log.1']);

      const root = await openRoot(logs.folder);
      try {
        const file = await readLog(root, [], 'app.log.1', 'rotated');
        if (file === undefined) throw new Error('the log is gone');
        const signal = AbortSignal.timeout(10_000);
        const openness = await openOpennessJudge(root, signal);
        // A reserve below zero lets it try although there is no room.
        const attempt = { folder: root, file, to: 'app.log.1.gz', reserveBytes: -1e9, openness, signal };
        await expect(compressLog(attempt)).rejects.toMatchObject({ code: 'ENOSPC' });
      } finally {
        await root.handle.close();
      }
      expect(await logs.names()).toEqual(['app.log.1']);
    });
  });
});

async function mounted(folder: string, options: string, use: () => Promise<void>): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  try {
    await use();
  } finally {
    await run('umount', ['-l', folder]);
  }
}

async function mounts(): Promise<boolean> {
  const folder = await makeLogs();
  try {
    await mounted(folder.folder, 'size=1m', () => Promise.resolve());
    return true;
  } catch {
    return false;
  } finally {
    await folder.remove();
  }
}
