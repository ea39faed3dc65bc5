import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { DemoPart, PartOptions } from './part.ts';

const DAY_MS = 86_400_000;
/** What the target of the demo's platform is called. */
const TARGET = 'application';
/** Above the megabytes from which a log that is held open is a warning; a hole in the file, so no space. */
const HELD_BYTES = 140_000_000;

/** A folder of logs in which some are due, one is due and held open by a process, and the rest is as it should be. */
export async function writeLogFiles({ folder, now }: PartOptions): Promise<DemoPart> {
  const logs = join(folder, 'logs');
  // What ages is made anew at each start.
  await rm(logs, { recursive: true, force: true });
  const write = async (name: string, days: number, content: string | Buffer) => {
    const path = join(logs, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: 0o640 });
    await setAge(path, now, days);
    return path;
  };
  await write('shop/app.log', 0, accessLog(now, 0, 400));
  await write('shop/app.log.1', 3, accessLog(now, 3, 3_000));
  await write('shop/app.log.2', 9, accessLog(now, 9, 20_000));
  await write('shop/app.log.3.gz', 20, gzipSync(accessLog(now, 20, 3_000)));
  await write('shop/app.log.4.gz', 45, gzipSync(accessLog(now, 45, 3_000)));
  await write('shop/audit.log.1', 90, accessLog(now, 90, 100));
  const held = await write('worker/jobs.log.1', 12, '');
  const holder = await holdOpen(held);
  await truncate(held, HELD_BYTES);
  await setAge(held, now, 12);
  const isJudged = process.platform === 'linux';
  return {
    addresses: { logs: `${pathToFileURL(logs).href}/` },
    places: { logs },
    hints: [
      `kill ${holder.pid}   # nobody has worker/jobs.log.1 open any more: the next run compresses it`,
      `touch -d '8 days ago' ${logs}/shop/app.log.1   # one more log is due`,
    ],
    findings: isJudged
      ? [`logs-enforce-retention held-open ${TARGET} worker/jobs.log.1`]
      : [`logs-enforce-retention not-readable ${TARGET}`],
    actions: isJudged ? [`compress ${TARGET} shop/app.log.2`, `delete ${TARGET} shop/app.log.4.gz`] : [],
    plantedAnew: true,
    stop: async () => {
      holder.kill();
      if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit');
    },
  };
}

/** A process that has a file open and does nothing, as a program does that was never told of the rotation. */
async function holdOpen(path: string): Promise<ChildProcess> {
  const handle = await open(path, 'a');
  const holder = spawn('sleep', ['86400'], { stdio: [handle.fd, 'ignore', 'ignore'] });
  await once(holder, 'spawn');
  await handle.close();
  return holder;
}

async function setAge(path: string, now: Date, days: number): Promise<void> {
  const at = new Date(now.getTime() - days * DAY_MS);
  await utimes(path, at, at);
}

/** Lines as a web server writes them, ending so many days ago. */
function accessLog(now: Date, daysAgo: number, lines: number): string {
  const end = now.getTime() - daysAgo * DAY_MS;
  const line = (place: number) => {
    const at = new Date(end - (lines - place) * 1_000).toISOString();
    const status = place % 97 === 0 ? 404 : 200;
    return `${at} 192.0.2.${place % 200} GET /events/${place % 31} ${status} ${(place * 37) % 900} ms\n`;
  };
  return Array.from({ length: lines }, (_, place) => line(place)).join('');
}
