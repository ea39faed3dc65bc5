import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HOSTILE } from './_texts.ts';
import type { Scene } from './_run.ts';

/** A name of a file: anything but a slash and NUL, and at most 255 bytes. */
function fileName(text: string): string {
  return text.replaceAll('/', '∕').slice(0, 60);
}

/** A folder of logs with hostile names and lines, some of them old, some turned over. */
export async function hostileLogs(folder: string): Promise<Scene> {
  const logs = join(folder, 'logs');
  await mkdir(logs);
  const stamp = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000).toISOString();
  const sshd = (text: string, ago: number) => `${stamp(ago)} web-1 sshd[812]: ${text}`;
  const oneLine = HOSTILE.map((text) => text.replaceAll('\n', ' '));
  const lines = oneLine.flatMap((text, place) => [
    ...Array.from({ length: 12 }, (_, at) => {
      const ago = 3_000 - place * 50 - at;
      return sshd(`Failed password for invalid user ${text} from 203.0.113.${place + 1} port ${at} ssh2`, ago);
    }),
    sshd(`Accepted password for ${text} from 203.0.113.${place + 1} port 9 ssh2`, 2_980 - place * 50),
    `${stamp(2_970 - place * 50)} ${text} sshd[1]: Failed password for root from ${text} port 1 ssh2`,
  ]);
  await writeFile(join(logs, 'auth.log'), `${lines.join('\n')}\n`);
  const old = new Date(Date.now() - 10 * 86_400_000);
  for (const text of HOSTILE) {
    const name = fileName(text);
    // Beside its own compressed form, which says something else: nobody knows which is the right one.
    await writeFile(join(logs, `${name}.log.1`), text);
    await writeFile(join(logs, `${name}.log.1.gz`), 'no gzip');
    for (const end of ['log.1', 'log.1.gz']) await utimes(join(logs, `${name}.${end}`), old, old);
  }
  return {
    targets: { 'log files': { url: `${pathToFileURL(logs).href}/` } },
    inputs: {
      'logs-check-failed-logins': { failuresAbove: 1, perAddressAbove: 5 },
      'logs-enforce-retention': { maxPercent: '100%' },
    },
  };
}

/** A folder of backups with hostile names and contents. */
export async function hostileBackups(folder: string): Promise<Scene> {
  const backups = join(folder, 'backups');
  await mkdir(backups);
  for (const [place, text] of HOSTILE.entries()) {
    const quoted = `"${text.replaceAll('"', '""').replaceAll('\n', ' ')}"`;
    const script = ['--', '-- PostgreSQL database dump', '--', `COPY public.${quoted} (id) FROM stdin;`, '1', ''].join(
      '\n',
    );
    await writeFile(join(backups, `${fileName(text)}_202611${String(place + 1).padStart(2, '0')}.sql`), script);
  }
  const one = join(folder, `one ${fileName(HOSTILE[0] ?? '')}`);
  await mkdir(one);
  await writeFile(join(one, `${fileName(HOSTILE[15] ?? '')}.dump`), HOSTILE.join('\n'));
  return {
    targets: { many: { url: `${pathToFileURL(backups).href}/` }, one: { url: `${pathToFileURL(one).href}/` } },
  };
}
