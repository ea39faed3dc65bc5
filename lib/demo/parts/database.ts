import { join } from 'node:path';
import type { DemoPart, PartOptions } from '../part.ts';
import { plant, PLANTED } from '../postgres-data.ts';
import { INDEX_ACTIONS, INDEX_FINDINGS, plantIndexes } from '../postgres-indexes.ts';
import {
  blockMigration,
  forgetPrepared,
  forgottenFindings,
  holdConnections,
  migrationFindings,
  QUERY_FINDINGS,
  runQueries,
} from '../postgres-queries.ts';
import { execute, startPostgres } from '../servers/postgres.ts';

const DATABASE = 'eventchain';
/** A second database of the same server, and a target of the same name. */
const REPORTING = 'reporting';

/** A real PostgreSQL whose data and mending stay from demo to demo; sessions and queries are made anew each time. */
export async function startDatabase({ folder, fresh }: PartOptions): Promise<DemoPart> {
  const data = join(folder, 'postgres');
  const server = await startPostgres({ folder: data });
  const stops = [() => server.stop()];
  const stop = async () => {
    for (const end of stops.toReversed()) await end();
  };
  try {
    const url = await server.createDatabase(DATABASE);
    const planted = await plant(url, { fresh });
    // One part is planted or mended as a whole.
    await plantIndexes(url, { fresh: fresh || planted });
    const sessions = await holdConnections(server, DATABASE);
    stops.push(() => sessions.release());
    const reporting = await server.createDatabase(REPORTING);
    await execute(reporting, 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await forgetPrepared(reporting);
    const migration = await blockMigration(reporting);
    stops.push(() => migration.release());
    await runQueries(url);
    return {
      addresses: { postgres: url, reporting },
      places: { postgres: url, reporting },
      hints: [`kill $(head -1 ${join(data, 'postmaster.pid')})   # the database is gone`],
      findings: [
        ...PLANTED.autovacuumOff.map((table) => `postgres-vacuum autovacuum-off main ${table}`),
        ...INDEX_FINDINGS,
        ...QUERY_FINDINGS,
        ...migrationFindings(REPORTING),
        ...forgottenFindings(REPORTING),
        `postgres-check-connection own-limit-reached ${REPORTING} role reporting`,
      ],
      actions: [
        ...PLANTED.vacuum.map((table) => `vacuum main ${table}`),
        ...PLANTED.analyze.map((table) => `analyze main ${table}`),
        ...INDEX_ACTIONS,
      ],
      plantedAnew: planted,
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
