import { expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { folderGrant, isRefusal, ownUser, refusedPath } from '../../../lambdas/runtime/folder-grant.ts';
import { needCalled } from '../../harness/needs-of.ts';
import { isRoot, startPlainUser } from '../../harness/plain-user.ts';

const asRoot = isRoot ? test : test.skip;
if (!isRoot) process.stderr.write('skipped: no folder is closed to another user, because only root can\n');

asRoot('a folder on the way that may not be passed is opened too, and no more than passed', async () => {
  const top = await mkdtemp(join(tmpdir(), 'fettle-grant-'));
  const folder = join(top, "kim's logs");
  await mkdir(folder);
  await writeFile(join(folder, 'auth.log'), '');
  await chmod(top, 0o700);
  const user = startPlainUser();
  const needs = await user.ask({
    file: 'lambdas/tasks/logs/check-failed-logins.ts',
    targets: { auth: { url: pathToFileURL(folder).href } },
  });
  await user.stop();
  await rm(top, { recursive: true });

  expect(needCalled(needs, 'be listed').grant).toBe(
    `setfacl -m u:nobody:x ${top}\nsetfacl -R -m u:nobody:rX,d:u:nobody:rX '${folder.replace("'", String.raw`'\''`)}'`,
  );
});

asRoot('what is refused to root, no right mends', async () => {
  expect(await folderGrant({ folder: '/tmp', path: '/tmp', right: 'write' })).toBeUndefined();
});

test('the user is the one of this process', () => {
  expect(ownUser()).toBe(userInfo().username);
});

test('a refusal and its path are found also where they are the cause', () => {
  const refused = Object.assign(new Error('permission denied'), { code: 'EACCES', path: '/var/log' });
  const wrapped = new Error('cannot be listed', { cause: refused });

  expect([isRefusal(wrapped), refusedPath(wrapped)]).toEqual([true, '/var/log']);
  expect([isRefusal(new Error('gone')), refusedPath(new Error('gone'))]).toEqual([false, undefined]);
});
