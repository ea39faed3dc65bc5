import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What is wrong with the log of logins of the demo. */
export type PlantedAuthLog = 'break-in' | 'stopped' | 'nothing';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOST = 'web-1';
const ATTACKER = '203.0.113.9';
const GUESSES = 120;
const GUESS_EVERY_MS = 3_000;
const ATTACK_AGE_MS = 5 * HOUR_MS;
// Beyond the window: whoever counts the whole file counts these as well.
const OLD_ATTACK_AGE_MS = 2.5 * DAY_MS;
const STOPPED_FOR_MS = 3 * DAY_MS;

interface Line {
  readonly at: number;
  readonly said: string;
}

/** What a check of this log must find, as `<task> <kind> <target>` and the subject. */
export function authLogFindings(planted: PlantedAuthLog, target: string): readonly string[] {
  const kinds: Readonly<Record<PlantedAuthLog, readonly string[]>> = {
    'break-in': [
      `success-after-failures ${target} ${ATTACKER}`,
      `failed-logins ${target}`,
      `burst ${target}`,
      `persistent-address ${target} ${ATTACKER}`,
    ],
    stopped: [`log-stopped ${target} auth.log`],
    nothing: [],
  };
  return kinds[planted].map((words) => `logs-check-failed-logins ${words}`);
}

/**
 * Writes four days of a log of logins into a folder, a file for each day, the older ones turned over and compressed: hourly
 * jobs, people who mistype, an old attack that nobody is to count any more, and what is planted.
 */
export async function writeDemoAuthLog(
  folder: string,
  now: Date,
  { planted = 'nothing' }: { readonly planted?: PlantedAuthLog } = {},
): Promise<void> {
  const end = now.getTime() - (planted === 'stopped' ? STOPPED_FOR_MS : 0);
  const attack = planted === 'break-in' ? breakIn(end - ATTACK_AGE_MS) : [];
  const lines = [...hourlyJobs(end), ...people(end), ...guesses(end - OLD_ATTACK_AGE_MS), ...attack];
  lines.sort((a, b) => a.at - b.at);
  await mkdir(folder, { recursive: true });
  for (const [day, name] of ['auth.log', 'auth.log.1', 'auth.log.2.gz', 'auth.log.3.gz'].entries()) {
    const until = end - day * DAY_MS;
    const ofDay = lines.filter(({ at }) => at >= until - DAY_MS && at < until);
    const text = ofDay.map(
      ({ at, said }) => `${new Date(at).toISOString().replace('Z', '000+00:00')} ${HOST} ${said}\n`,
    );
    const path = join(folder, name);
    await writeFile(path, name.endsWith('.gz') ? gzipSync(text.join('')) : text.join(''));
    const written = new Date(ofDay.at(-1)?.at ?? until);
    await utimes(path, written, written);
  }
}

function hourlyJobs(end: number): Line[] {
  return Array.from({ length: 96 }, (_, hour) => ({
    at: end - hour * HOUR_MS - 17 * 60_000,
    said: `CRON[${4_000 + hour}]: pam_unix(cron:session): session opened for user root(uid=0) by root(uid=0)`,
  }));
}

/** Each working day somebody mistypes twice, from the office, and then gets in. */
function people(end: number): Line[] {
  return [0, 1, 2, 3].flatMap((day) => {
    const at = end - day * DAY_MS - 8 * HOUR_MS;
    const sshd = `sshd[${20_000 + day}]`;
    return [
      { at, said: `${sshd}: Failed password for alice from 198.51.100.24 port 51000 ssh2` },
      { at: at + 9_000, said: `${sshd}: Failed password for alice from 198.51.100.24 port 51000 ssh2` },
      { at: at + 20_000, said: `${sshd}: Accepted password for alice from 198.51.100.24 port 51000 ssh2` },
    ];
  });
}

function guesses(from: number): Line[] {
  const names = ['root', 'invalid user admin', 'deploy', 'invalid user oracle'];
  return Array.from({ length: GUESSES }, (_, i) => ({
    at: from + i * GUESS_EVERY_MS,
    said: `sshd[${30_000 + i}]: Failed password for ${names[i % names.length]} from ${ATTACKER} port ${40_000 + i} ssh2`,
  }));
}

function breakIn(from: number): Line[] {
  const said = `sshd[39999]: Accepted password for deploy from ${ATTACKER} port 40999 ssh2`;
  return [...guesses(from), { at: from + GUESSES * GUESS_EVERY_MS, said }];
}
