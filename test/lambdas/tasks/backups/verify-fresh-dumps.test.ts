import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBackup } from '../../../../lambdas/tasks/backups/_read-backup.ts';
import { catalogue } from '../../../../lambdas/tasks/backups/_catalogue.ts';
import { directorySource } from '../../../../lambdas/tasks/backups/_directory.ts';
import { DUMPS, makeDumps, missingPgDump } from '../../../fixtures/backups/make.ts';

const missing = missingPgDump();
const withPgDump = missing === undefined ? test : test.skip;
if (missing !== undefined) process.stderr.write(`skipped: fresh dumps are not verified, because ${missing}\n`);
const whole = [...Object.keys(DUMPS).filter((name) => name !== 'schema.dump'), 'cluster.sql.gz'];
const { signal } = new AbortController();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fettle-fresh-'));
  if (missing === undefined) await makeDumps(folder);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

withPgDump('every format that pg_dump and pg_dumpall write now is read without a flaw (needs pg_dump 15)', async () => {
  const source = directorySource(folder, signal);
  const backups = catalogue(await source.list(), { match: '*', timezone: 'UTC' });
  expect(backups.map(({ name }) => name).sort()).toEqual((await readdir(folder)).sort());
  for (const backup of backups.filter(({ name }) => whole.includes(name))) {
    const { flaw, contents } = await readBackup(source, backup, signal);
    expect({ name: backup.name, flaw, hasRows: (contents?.dataBytes ?? 0) > 1_000 }).toEqual({
      name: backup.name,
      flaw: undefined,
      hasRows: true,
    });
  }
});

withPgDump('the objects are those that pg_restore lists (needs pg_dump 15)', async () => {
  const source = directorySource(folder, signal);
  const [backup] = catalogue(await source.list(), { match: 'custom.dump', timezone: 'UTC' });
  const list = execFileSync('pg_restore', ['--list', join(folder, 'custom.dump')], { encoding: 'utf8' });
  const listed = [...list.matchAll(/^\d+; \d+ \d+ (TABLE|INDEX|CONSTRAINT|FK CONSTRAINT|CHECK CONSTRAINT) (?!DATA)/gm)];
  const objects = backup && (await readBackup(source, backup, signal)).contents?.objects;
  expect(listed.length).toBeGreaterThan(8);
  expect(objects).toHaveLength(listed.length);
});
