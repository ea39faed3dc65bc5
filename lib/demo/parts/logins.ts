import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { authLogFindings, writeDemoAuthLog } from '../auth-log.ts';
import type { DemoPart, PartOptions } from '../part.ts';

/** The logs of logins of a host on which somebody guessed a password until it was right. */
export async function writeLogins({ folder, now }: PartOptions): Promise<DemoPart> {
  const logs = join(folder, 'logins');
  // What ages is made anew at each start.
  await rm(logs, { recursive: true, force: true });
  await writeDemoAuthLog(logs, now, { planted: 'break-in' });
  return {
    addresses: { logins: `${pathToFileURL(logs).href}/` },
    places: { logins: logs },
    hints: [`truncate -s 0 ${join(logs, 'auth.log')}   # the log of logins has stopped`],
    findings: authLogFindings('break-in', 'logins'),
    actions: [],
    plantedAnew: false,
    stop: () => Promise.resolve(),
  };
}
