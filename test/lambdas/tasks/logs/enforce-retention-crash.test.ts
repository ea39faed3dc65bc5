import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { link, open, readFile, rename, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Act, Intent } from '../../../../core/action.ts';
import { readFile as readLog } from '../../../../lambdas/tasks/logs/_log-files.ts';
import { openRoot } from '../../../../lambdas/tasks/logs/_log-folder.ts';
import { openOpennessJudge } from '../../../../lambdas/tasks/logs/_openness.ts';
import { putAway } from '../../../../lambdas/tasks/logs/_put-away.ts';
import { enforce, makeLogs, NOW, setAge, type Logs } from './_log-folder.ts';

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const LATER = new Date(NOW.getTime() + 2 * 3_600_000);

onLinux('a run that is killed', () => {
  let logs: Logs;
  beforeEach(async () => {
    logs = await makeLogs();
  });
  afterEach(() => logs.remove());
  const at = (name: string) => join(logs.folder, name);

  test('while it writes a copy leaves the log, and the next run removes the copy and does the work', async () => {
    await logs.write('app.log.1', 8);
    await logs.write('.app.log.1.gz.0123abcd.fettle-copy', 0, 'half');
    const soon = await enforce(logs.folder);
    expect(soon.actions).toEqual(['compress app.log.1 done']);
    expect(await logs.names()).toContain('.app.log.1.gz.0123abcd.fettle-copy');
    const later = await enforce(logs.folder, { now: LATER });
    expect(later.actions).toEqual(['clear-up .app.log.1.gz.0123abcd.fettle-copy done']);
    expect(await logs.names()).toEqual(['app.log.1.gz']);
  });

  test('after it named the copy leaves both, and the next run takes only the second name away', async () => {
    await logs.write('app.log.1', 8, 'content');
    await logs.write('app.log.1.gz', 8, gzipSync('content'));
    await link(at('app.log.1.gz'), at('.app.log.1.gz.0123abcd.fettle-copy'));
    const { actions } = await enforce(logs.folder, { now: LATER });
    expect(actions).toEqual(['clear-up .app.log.1.gz.0123abcd.fettle-copy done', 'compress app.log.1 done']);
    expect(await logs.names()).toEqual(['app.log.1.gz']);
    expect(gunzipSync(await readFile(at('app.log.1.gz'))).toString()).toBe('content');
  });

  test('with the log set aside has its name given back by the next, and then compressed', async () => {
    await logs.write('.app.log.1.0123abcd.fettle-aside', 8, 'content');
    const { actions, findings } = await enforce(logs.folder, { now: LATER });
    expect(actions).toEqual(['put-back .app.log.1.0123abcd.fettle-aside done']);
    expect(findings).toEqual([]);
    expect(await logs.names()).toEqual(['app.log.1']);
    expect((await enforce(logs.folder, { now: LATER })).actions).toEqual(['compress app.log.1 done']);
  });

  test('with the log set aside and its name taken since loses neither, and says so', async () => {
    await logs.write('.app.log.1.0123abcd.fettle-aside', 8, 'old');
    await logs.write('app.log.1', 0, 'new');
    const { actions, kinds } = await enforce(logs.folder, { now: LATER });
    expect(actions).toEqual([]);
    expect(kinds).toEqual(['leftover .app.log.1.0123abcd.fettle-aside']);
    expect(await logs.names()).toEqual(['.app.log.1.0123abcd.fettle-aside', 'app.log.1']);
  });

  test('is settled by looking: done, or not done, by what stands in the folder', async () => {
    await logs.write('app.log.1', 8, 'content of the log');
    await logs.write('app.log.2.gz', 40, gzipSync('old'));
    const looks: unknown[] = [];
    const note: Act = async (action) => {
      looks.push(action.statement, await action.look?.({} as Intent));
      return { status: 'planned' };
    };
    await enforce(logs.folder, { act: note });
    expect(looks).toEqual([
      `rm -- '${at('app.log.2.gz')}'`,
      { state: 'not-done' },
      `gzip -c < '${at('app.log.1')}' > '${at('app.log.1.gz')}' && rm -- '${at('app.log.1')}'`,
      { state: 'not-done' },
    ]);
  });

  test('after its work was done is settled as done, and not so where the copy is another', async () => {
    await logs.write('app.log.1', 8, 'content of the log');
    const looks: unknown[] = [];
    const lostOutcome: Act = async (action, perform) => {
      await perform();
      looks.push(await action.look?.({} as Intent));
      const { mtime } = await stat(at('app.log.1.gz'));
      await writeFile(at('app.log.1.gz'), gzipSync('content of a log').subarray(0, -3));
      await setAge(at('app.log.1.gz'), (NOW.getTime() - mtime.getTime()) / 86_400_000);
      looks.push(await action.look?.({} as Intent));
      return { status: 'done', reconciled: true, possiblyRepeated: false };
    };
    await enforce(logs.folder, { act: lostOutcome });
    expect(looks).toEqual([
      {
        state: 'done',
        after: {
          file: 'app.log.1.gz',
          gzipBytes: expect.any(Number),
          contentSha256: expect.stringMatching(/^[\da-f]{64}$/),
        },
      },
      { state: 'not-done' },
    ]);
  });

  test('does not make a log of another program, whose name only looks like one of ours, ours', async () => {
    await logs.write('.app.log.fettle-copy', 40);
    await logs.write('x.log.1', 0);
    await rename(await logs.write('y', 40), at('.app.log.zzzzzzzz.fettle-aside'));
    const { actions } = await enforce(logs.folder, { now: LATER });
    expect(actions).toEqual([]);
  });

  test('is not needed for a log to get its name back: one who opens it in the last moment does so too', async () => {
    await logs.write('app.log.1', 8, 'content');
    const root = await openRoot(logs.folder);
    try {
      const file = await readLog(root, [], 'app.log.1', 'rotated');
      if (file === undefined) throw new Error('the log is gone');
      const judge = await openOpennessJudge(root, AbortSignal.timeout(10_000));
      const late: Promise<FileHandle>[] = [];
      const confirm: typeof judge.confirm = async (...asked) => {
        const [aside = ''] = (await logs.names()).filter((name) => name.endsWith('.fettle-aside'));
        // Where the kernel has given a lease, this waits until the lease is given back.
        const opening = open(at(aside));
        late.push(opening);
        await Promise.race([opening, setTimeout(200)]);
        return judge.confirm(...asked);
      };
      expect(await putAway(root, file, { ...judge, confirm })).toBe('held');
      for (const opening of late) await (await opening).close();
    } finally {
      await root.handle.close();
    }
    expect(await logs.names()).toEqual(['app.log.1']);
    expect(await readFile(at('app.log.1'), 'utf8')).toBe('content');
  });
});
