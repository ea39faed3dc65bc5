import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from '@jest/globals';
import { problemText, type ProfileProblem } from '../../../lib/profiles/problem.ts';
import { readProfile, type Profile } from '../../../lib/profiles/read.ts';
import { FAKE_CATALOGUE } from './catalogue.ts';

export const NOW = new Date('2026-11-21T00:00:00Z');

const DEFAULT = `procedures:
  daily:
    tasks:
      - postgres-vacuum
      - parallel: [certificates-check-endpoints, kubernetes-check-pods]
      - backups-verify: { maxAge: 26h }
`;

const folders: string[] = [];
let folderOfMine: string | undefined;

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

/** A folder of platforms with this profile in it, and a default procedure of the tasks of the tests. */
export async function writePlatforms(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fettle-profiles-'));
  folders.push(folder);
  for (const [name, content] of Object.entries({ 'default.yaml': DEFAULT, ...files })) {
    await writeFile(path.join(folder, name), content);
  }
  return folder;
}

/** Reads a text as the profile `mine`. */
export async function readText(content: string | Uint8Array): Promise<Awaited<ReturnType<typeof readProfile>>> {
  folderOfMine ??= await writePlatforms({});
  await writeFile(path.join(folderOfMine, 'mine.yaml'), content);
  const read = await readProfile('mine', { catalogue: FAKE_CATALOGUE, now: NOW, platformsFolder: folderOfMine });
  if ('profile' in read) return read;
  return { problems: read.problems.map((problem) => ({ ...problem, file: path.basename(problem.file) })) };
}

export async function problemsIn(content: string | Uint8Array): Promise<readonly ProfileProblem[]> {
  const read = await readText(content);
  return 'problems' in read ? read.problems : [];
}

/** What a person reads of a text, one line for each problem. */
export async function linesOn(content: string | Uint8Array): Promise<readonly string[]> {
  return (await problemsIn(content)).map(problemText);
}

export async function profileOf(content: string): Promise<Profile> {
  const read = await readText(content);
  if ('profile' in read) return read.profile;
  throw new Error(read.problems.map(problemText).join('\n'));
}
