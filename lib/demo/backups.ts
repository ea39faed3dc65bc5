import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is wrong with the newest backup of the demo. */
export type PlantedBackup = 'cut-dump' | 'renamed' | 'stale' | 'nothing';

const HOURS_APART = 6;
const BACKUPS = 8;
const HOUR_MS = 3_600_000;
// The newest is older than the two minutes in which a file might still be being written.
const NEWEST_AGE_MS = 40 * 60_000;
const DUMP_TAKES_MS = 20_000;

/** Where the head of an archive of PostgreSQL 15 has its time: seven integers of five bytes, seconds first. */
const TIME_AT = 16;
const INTEGER_BYTES = 5;

/** The dump as if it had been begun at this time on a machine whose clock is UTC. */
export function begunAt(dump: Uint8Array, at: Date): Buffer {
  const copy = Buffer.from(dump);
  const [seconds, minutes, hours] = [at.getUTCSeconds(), at.getUTCMinutes(), at.getUTCHours()];
  const fields = [seconds, minutes, hours, at.getUTCDate(), at.getUTCMonth(), at.getUTCFullYear() - 1900, 0];
  for (const [place, field] of fields.entries()) copy.writeInt32LE(field, TIME_AT + place * INTEGER_BYTES + 1);
  return copy;
}

/** The name that a backup script gives with `date -u +%Y%m%d_%H%M%S`. */
export function backupName(at: Date): string {
  return `shop_${at.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '_')}.dump`;
}

/**
 * Lays out two days of real dumps in a folder, one every six hours, the newest of them as `planted` says.
 *
 * @returns the name of the newest
 */
export async function writeDemoBackups(
  folder: string,
  now: Date,
  { planted = 'nothing' }: { readonly planted?: PlantedBackup } = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const dump = await readFile(new URL('./assets/shop.dump', import.meta.url));
  const newestAt = now.getTime() - NEWEST_AGE_MS - (planted === 'stale' ? 48 * HOUR_MS : 0);
  let newest = '';
  for (let place = BACKUPS - 1; place >= 0; place -= 1) {
    const at = new Date(newestAt - place * HOURS_APART * HOUR_MS);
    const isNewest = place === 0;
    const begun = isNewest && planted === 'renamed' ? new Date(at.getTime() - 24 * HOUR_MS) : at;
    const whole = begunAt(dump, begun);
    newest = backupName(at);
    const path = join(folder, newest);
    await writeFile(
      path,
      isNewest && planted === 'cut-dump' ? whole.subarray(0, Math.floor(whole.length * 0.8)) : whole,
    );
    const written = new Date(begun.getTime() + DUMP_TAKES_MS);
    await utimes(path, written, written);
  }
  return newest;
}
