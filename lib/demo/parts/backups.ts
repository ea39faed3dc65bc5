import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeDemoBackups } from '../backups.ts';
import type { DemoPart, PartOptions } from '../part.ts';

/** A folder of real archives of pg_dump, the newest of them cut before its end. */
export async function writeBackups({ folder, now }: PartOptions): Promise<DemoPart> {
  const backups = join(folder, 'backups');
  // What ages is made anew at each start.
  await rm(backups, { recursive: true, force: true });
  await writeDemoBackups(backups, now, { planted: 'cut-dump' });
  return {
    addresses: { backups: `${pathToFileURL(backups).href}/` },
    places: { backups },
    hints: [`cd ${backups} && rm "$(ls | tail -1)"   # the newest backup is whole again`],
    findings: ['backups-verify cut-short database'],
    actions: [],
    plantedAnew: false,
    stop: () => Promise.resolve(),
  };
}
