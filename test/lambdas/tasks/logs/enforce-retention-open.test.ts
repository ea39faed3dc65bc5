import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, chown, copyFile, link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Act } from '../../../../core/action.ts';
import { enforce, makeLogs, setAge, type Logs } from './_log-folder.ts';

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const isRoot = process.geteuid?.() === 0;
const asRoot = isRoot ? test : test.skip;
if (!isRoot) process.stderr.write('skipped: files that other users hold open, for these tests need root\n');

onLinux('a log that somebody has open', () => {
  let logs: Logs;
  beforeEach(async () => {
    logs = await makeLogs();
  });
  afterEach(() => logs.remove());

  test.each([
    ['for reading', 'r'],
    ['for appending', 'a'],
    ['for reading and writing', 'r+'],
  ])('%s is neither compressed nor deleted, and one beside it that nobody has open is', async (_how, flags) => {
    await logs.write('held.log.1', 8);
    await logs.write('held.log.2.gz', 40, gzipSync('held'));
    await logs.write('free.log.1', 8);
    await logs.hold('held.log.1', flags);
    await logs.hold('held.log.2.gz', flags);
    const { actions, kinds, findings } = await enforce(logs.folder);
    expect(actions).toEqual(['compress free.log.1 done']);
    expect(kinds).toEqual(['in-use']);
    expect(findings[0]?.summary).toBe('2 logs due and held open by processes');
    expect(await logs.names()).toEqual(['free.log.1.gz', 'held.log.1', 'held.log.2.gz']);
  });

  test('is a warning with the program that holds it, where it is large', async () => {
    await logs.write('big.log.1', 9, 'x'.repeat(2_000_000));
    const holder = await logs.hold('big.log.1');
    const { findings, actions } = await enforce(logs.folder, { input: { largeAbove: 1 } });
    expect(actions).toEqual([]);
    expect(findings).toEqual([
      {
        kind: 'held-open',
        target: 'app',
        subject: 'big.log.1',
        summary: `big.log.1: 2.0 MB held open by sleep (process ${holder.pid}), last written 9 days ago`,
        value: 2_000_000,
        limit: 1_000_000,
        unit: 'bytes',
        command: `ps -o pid,user,lstart,args -p ${holder.pid}`,
      },
    ]);
  });

  test('under another name that is gone by now is left, for the file is the same', async () => {
    const path = await logs.write('app.log.1', 8);
    await link(path, join(logs.folder, 'other'));
    await logs.hold('other');
    await unlink(join(logs.folder, 'other'));
    const { actions, kinds } = await enforce(logs.folder);
    expect(actions).toEqual([]);
    expect(kinds).toEqual(['in-use']);
  });

  test('as memory only, its descriptor closed, is left', async () => {
    // A program that runs is mapped, and no descriptor of it is open.
    const path = join(logs.folder, 'app.log.1');
    await copyFile('/bin/sleep', path);
    await chmod(path, 0o755);
    const running = spawn(path, ['600']);
    await once(running, 'spawn');
    await setAge(path, 8);
    const { actions, kinds } = await enforce(logs.folder);
    running.kill('SIGKILL');
    await once(running, 'exit');
    expect(actions).toEqual([]);
    expect(kinds).toEqual(['in-use']);
    expect((await enforce(logs.folder)).actions).toEqual(['compress app.log.1 done']);
  });

  test('only since it was chosen is left as it was, and nothing remains beside it', async () => {
    await logs.write('app.log.1', 8);
    await logs.write('app.log.2.gz', 40, gzipSync('old'));
    const before = await logs.names();
    const { actions, kinds } = await enforceAfter(async (subject) => void (await logs.hold(subject)));
    expect(actions).toEqual(['delete app.log.2.gz skipped', 'compress app.log.1 skipped']);
    expect(kinds).toEqual(['in-use']);
    expect(await logs.names()).toEqual(before);
  });

  test('and closed again after writing to it has changed and stays', async () => {
    await logs.write('app.log.1', 8);
    const { actions, kinds } = await enforceAfter((subject) => appendFile(join(logs.folder, subject), 'one more\n'));
    expect(actions).toEqual(['compress app.log.1 skipped']);
    expect(kinds).toEqual(['left-alone']);
    expect(await logs.names()).toEqual(['app.log.1']);
  });

  test('and deleted, large, is found by the process that holds its space, and can be saved', async () => {
    await logs.write('app.log', 0, 'fresh\n');
    const path = await logs.write('big.log', 9, 'y'.repeat(2_000_000));
    await logs.hold('big.log');
    await unlink(path);
    const { findings } = await enforce(logs.folder, { input: { largeAbove: 1 } });
    expect(findings).toMatchObject([{ kind: 'nameless-file', subject: path, limit: 1_000_000 }]);
    const saved = spawn('sh', ['-c', findings[0]?.command ?? 'false'], { stdio: 'ignore' });
    expect(await once(saved, 'exit')).toEqual([0, null]);
    expect((await readFile(`${path}.saved`)).length).toBe(2_000_000);
    expect((await enforce(logs.folder)).findings).toEqual([]);
  });

  test('is left also where no interpreter can ask the kernel, and whether others are is not guessed', async () => {
    await logs.write('held.log.1', 8);
    await logs.write('free.log.1', 8);
    await logs.hold('held.log.1');
    const { PATH } = process.env;
    process.env['PATH'] = '/nowhere';
    const { actions, kinds } = await enforce(logs.folder).finally(() => Object.assign(process.env, { PATH }));
    // The processes alone prove it only where every one of them may be looked into.
    expect([
      [['compress free.log.1 done'], ['in-use']],
      [[], ['in-use', 'openness-unknown']],
    ]).toContainEqual([actions, kinds]);
    expect(await logs.names()).toContain('held.log.1');
  });

  asRoot('by a process of another user is left, and one of another user that nobody has open is not', async () => {
    for (const name of ['held.log.1', 'free.log.1']) await chown(await logs.write(name, 8), 65_534, 65_534);
    await chmod(logs.folder, 0o755);
    const handle = await open(join(logs.folder, 'held.log.1'));
    const holder = spawn('sleep', ['600'], { stdio: [handle.fd, 'ignore', 'ignore'], uid: 65_534 });
    await once(holder, 'spawn');
    await handle.close();
    const { actions } = await enforce(logs.folder);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(actions).toEqual(['compress free.log.1 done']);
    expect(await logs.names()).toEqual(['free.log.1.gz', 'held.log.1']);
  });

  asRoot('or not, of another user, is unknown to one who may not look, and nothing is done', async () => {
    await logs.write('theirs.log.1', 8);
    await chmod(logs.folder, 0o777);
    const { kinds, actions, findings } = await asNobody(() => enforce(logs.folder));
    expect(actions).toEqual([]);
    expect(kinds).toEqual(['openness-unknown']);
    expect(findings[0]?.summary).toMatch(/^1 log due and perhaps open, 0 expected: \d+ processes may not/);
    expect(await logs.names()).toEqual(['theirs.log.1']);
  });

  asRoot('is known to its owner by the lease alone, though no process may be looked into', async () => {
    await chmod(logs.folder, 0o777);
    for (const name of ['held.log.1', 'free.log.1']) await chown(await logs.write(name, 8), 65_534, 65_534);
    await logs.hold('held.log.1');
    const { actions, kinds } = await asNobody(() => enforce(logs.folder));
    expect(actions).toEqual(['compress free.log.1 done']);
    expect(kinds).toEqual(['in-use']);
    expect(gunzipSync(await readFile(join(logs.folder, 'free.log.1.gz'))).toString()).toContain('free.log.1');
  });

  /** A run in which something happens to each file between its choice and its action. */
  function enforceAfter(happens: (subject: string) => Promise<void>) {
    const actions: string[] = [];
    const act: Act = async ({ verb, subject }, perform) => {
      await happens(subject);
      const done = await perform();
      actions.push(`${verb} ${subject} ${done.state}`);
      return done.state === 'skipped'
        ? { status: 'skipped', detail: done.detail }
        : { status: 'done', reconciled: false, possiblyRepeated: false };
    };
    return enforce(logs.folder, { act }).then((result) => ({ ...result, actions }));
  }
});

async function asNobody<Result>(work: () => Promise<Result>): Promise<Result> {
  process.setegid?.(65_534);
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
