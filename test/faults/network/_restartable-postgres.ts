import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '../../../lib/demo/servers/postgres.ts';
import { copyCluster } from '../../harness/postgres-template.ts';

/** `in good order`: sessions are told and end. `as by a crash`: nobody gets to end anything, and the server recovers. */
export type Restart = 'in good order' | 'as by a crash';

export interface RestartablePostgres {
  readonly port: number;
  /** A new, empty database. */
  database(): Promise<string>;
  /** Ends the server; its data stay. */
  stop(how: Restart): Promise<void>;
  /** Starts it again under its address. */
  start(): Promise<void>;
  end(): Promise<void>;
}

/** A real PostgreSQL that a test may take away under the sessions that are open. */
export async function startRestartablePostgres(): Promise<RestartablePostgres> {
  const parent = await mkdtemp(join(tmpdir(), 'fettle-postgres-'));
  // As root the server runs as another user, who must be able to reach its folder.
  await chmod(parent, 0o755);
  const folder = join(parent, 'data');
  await copyCluster(folder);
  // What was committed survives a crash of the server, as it does everywhere.
  const options = { folder, durable: false, settings: ['synchronous_commit=on'] };
  let server: PostgresServer | undefined = await startPostgres(options);
  const { port } = server;
  let count = 0;

  async function stop(how: Restart): Promise<void> {
    const [pid] = (await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n');
    const stopped = server?.stop();
    if (how === 'as by a crash') process.kill(Number(pid), 'SIGQUIT');
    await stopped;
    server = undefined;
  }

  return {
    port,
    database: async () => (await server?.createDatabase(`restarted ${(count += 1)}`)) ?? '',
    stop,
    start: async () => {
      server = await startPostgres({ ...options, port });
    },
    end: async () => {
      await server?.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}
