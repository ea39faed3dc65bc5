import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { RunReport } from '../../core/report.ts';
import type { StartInput } from '../../core/run.ts';
import type { Cloud } from './cloud/server.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./embedded-run.ts', import.meta.url));
const RUN_MILLISECONDS = 300_000;
const run = promisify(execFile);

const Deployed = z.looseObject({ environments: z.strictObject({ prod: z.looseObject({ targets: z.unknown() }) }) });

/** The same platform without an account: the same procedures on the same targets, at home on one machine. */
export async function homeProfile(deployed: string, folder: string): Promise<string> {
  const { environments, ...profile } = Deployed.parse(parse(await readFile(deployed, 'utf8')));
  const file = join(folder, `home-${basename(deployed)}`);
  await writeFile(file, stringify({ ...profile, targets: environments.prod.targets }));
  return file;
}

export interface EmbeddedRun {
  /** Of `homeProfile()`. */
  readonly profile: string;
  readonly procedure: string;
  readonly input: z.input<typeof StartInput>;
  /** A folder. */
  readonly store: string;
}

/** Runs a procedure by the embedded engine, with the targets that are in the cloud. */
export async function runEmbedded(cloud: Cloud, { profile, procedure, input, store }: EmbeddedRun): Promise<RunReport> {
  const words = [SCRIPT, profile, procedure, JSON.stringify(input), store];
  const options = { env: cloud.environment, cwd: REPOSITORY, timeout: RUN_MILLISECONDS, maxBuffer: 64 * 1_024 * 1_024 };
  const { stdout } = await run(process.execPath, words, options);
  return RunReport.parse(JSON.parse(stdout));
}
