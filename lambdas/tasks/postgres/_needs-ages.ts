import type { Seen } from './_needs-grants.ts';
import type { Session } from './_session.ts';
import { readCluster, readDatabases } from './_wraparound-ages.ts';

/** What a check of freeze ages needs: the counters of the server and the ages of all of its databases. */
export async function ageNeeds(session: Session): Promise<Seen[]> {
  await readCluster(session);
  const databases = await readDatabases(session);
  const detail = `those of ${databases.length} databases were read`;
  return [{ need: 'read the freeze ages', state: 'met', detail }];
}
