import { join } from 'node:path';
import type { DemoPart, PartOptions } from '../part.ts';
import { plant, PLANTED } from '../postgres-data.ts';
import { startPostgres } from '../servers/postgres.ts';

/** A real PostgreSQL whose data and mending stay from demo to demo. */
export async function startDatabase({ folder, fresh }: PartOptions): Promise<DemoPart> {
  const data = join(folder, 'postgres');
  const server = await startPostgres({ folder: data });
  try {
    const url = await server.createDatabase('eventchain');
    const plantedAnew = await plant(url, { fresh });
    return {
      addresses: { postgres: url },
      places: { postgres: url },
      hints: [`kill $(head -1 ${join(data, 'postmaster.pid')})   # the database is gone`],
      findings: PLANTED.autovacuumOff.map((table) => `postgres-vacuum autovacuum-off main ${table}`),
      actions: [
        ...PLANTED.vacuum.map((table) => `vacuum main ${table}`),
        ...PLANTED.analyze.map((table) => `analyze main ${table}`),
      ],
      plantedAnew,
      stop: () => server.stop(),
    };
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
}
