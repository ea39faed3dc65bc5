import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RunReport } from '../../core/report.ts';
import type { Cloud } from './cloud/server.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const RUN_MILLISECONDS = 300_000;

/** `fettle start …` as a person types it, followed to its end: the report that it prints. */
export async function fettleStart({ environment }: Cloud, ...words: readonly string[]): Promise<RunReport> {
  const given = ['bin/fettle.mjs', 'start', ...words, '--json'];
  const options = { env: environment, cwd: REPOSITORY, timeout: RUN_MILLISECONDS, maxBuffer: 64 * 1_024 * 1_024 };
  const { promise, resolve } = Promise.withResolvers<{ stdout: string; stderr: string }>();
  // Its exit code says what was found: 1 where anything is broken.
  execFile(process.execPath, given, options, (_error, stdout, stderr) => {
    resolve({ stdout, stderr });
  });
  const { stdout, stderr } = await promise;
  const parsed = RunReport.safeParse(stdout === '' ? undefined : JSON.parse(stdout));
  if (!parsed.success) throw new Error(`fettle start ${words.join(' ')} printed no report: ${stdout}${stderr}`);
  return parsed.data;
}
