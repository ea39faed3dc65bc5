import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetKind } from '../../core/target-kinds.ts';
import type { DemoPart, MissingPart, PartOptions } from './part.ts';
import { writeLogFiles } from './log-files.ts';
import { writeBackups } from './parts/backups.ts';
import { startCaches } from './parts/cache.ts';
import { startCluster } from './parts/cluster.ts';
import { startDatabase } from './parts/database.ts';
import { startEndpoints } from './parts/endpoints.ts';
import { writeLogins } from './parts/logins.ts';
import { startMetrics } from './parts/metrics.ts';
import { writeVulnerabilities } from './parts/vulnerabilities.ts';

export interface DemoServers {
  readonly parts: readonly DemoPart[];
  /** The kinds of target that this machine has no server for. */
  readonly missing: readonly TargetKind[];
  stop(): Promise<void>;
}

const PARTS: readonly ((options: PartOptions) => Promise<DemoPart | MissingPart>)[] = [
  startDatabase,
  startCaches,
  startMetrics,
  startEndpoints,
  startCluster,
  writeBackups,
  writeLogFiles,
  writeLogins,
  writeVulnerabilities,
];

/** Starts the servers of the demo's platform with their planted problems and writes their addresses. */
export async function startServers(options: PartOptions): Promise<DemoServers> {
  const addresses = join(options.folder, 'addresses');
  await mkdir(addresses, { recursive: true, mode: 0o755 });
  const parts: DemoPart[] = [];
  const missing: TargetKind[] = [];
  const stop = async () => {
    await Promise.allSettled(parts.toReversed().map((part) => part.stop()));
  };
  try {
    for (const start of PARTS) {
      const part = await start(options);
      if ('missing' in part) missing.push(part.missing);
      else parts.push(part);
    }
    for (const part of parts) await writeAddresses(addresses, part.addresses);
    return { parts, missing, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** The files hold a password: they are for this user alone. */
async function writeAddresses(folder: string, addresses: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, address] of Object.entries(addresses)) {
    const file = join(folder, name);
    await writeFile(file, `${address}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
  }
}
