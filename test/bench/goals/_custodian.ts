import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '../../../core/errors.ts';
import { pathOf } from '../../../lib/demo/programs.ts';
import { isInstalled, temporaryFolder } from '../programs.ts';
import type { AwsEnvironment } from './_python.ts';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/fettle/', import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('./_custodian-requirements.txt', import.meta.url));
const INSTALLING_MILLISECONDS = 300_000;

interface MetricFilter {
  readonly name: string;
  readonly statistics: 'Average' | 'Maximum';
  readonly above: number;
}

/** A policy that takes what is above any of its thresholds, each over the whole of 30 days: one value of each metric. */
interface Policy {
  readonly name: string;
  readonly resource: string;
  readonly above: readonly MetricFilter[];
}

const POLICIES: readonly Policy[] = [
  {
    name: 'services-too-small',
    resource: 'aws.ecs-service',
    above: [
      { name: 'CPUUtilization', statistics: 'Average', above: 70 },
      { name: 'MemoryUtilization', statistics: 'Average', above: 80 },
    ],
  },
  {
    name: 'databases-too-small',
    resource: 'aws.rds',
    above: [
      { name: 'CPUUtilization', statistics: 'Average', above: 70 },
      { name: 'DatabaseConnections', statistics: 'Maximum', above: 80 },
      { name: 'ReadLatency', statistics: 'Average', above: 0.2 },
    ],
  },
];

/** Cloud Custodian with its policies. */
export interface Custodian {
  /** The names of what it took when it was tried. */
  readonly taken: readonly string[];
  /** Runs both policies once more. */
  take(): Promise<readonly string[]>;
}

/** Cloud Custodian from a folder of its own, tried once; or why it cannot be had, or does not get on with what answers. */
export async function custodianFor(aws: AwsEnvironment): Promise<Custodian | { readonly missing: string }> {
  const host = await pathOf('python3');
  if (host === undefined) return { missing: 'python3 is not installed' };
  try {
    const program = await installed(host);
    const taken = await take(program, aws);
    // It does not say so where it could not read a metric.
    if (taken.length === 0) return { missing: 'it took nothing, as it does where it cannot read the metrics' };
    return { taken, take: () => take(program, aws) };
  } catch (thrown) {
    return { missing: messageOf(thrown) };
  }
}

/** The path of the program. */
async function installed(host: string): Promise<string> {
  const { stdout: version } = await run(host, ['--version']);
  const hash = createHash('sha256')
    .update(version)
    .update(await readFile(REQUIREMENTS));
  const folder = join(CACHE, `custodian-${hash.digest('hex').slice(0, 16)}`);
  const program = join(folder, 'bin', 'custodian');
  if (!(await isInstalled(program))) await install(host, folder);
  return program;
}

/** Made anew where one was cut off: without its program a folder is none. */
async function install(host: string, folder: string): Promise<void> {
  const options = { timeout: INSTALLING_MILLISECONDS, maxBuffer: 64 * 2 ** 20 };
  await rm(folder, { recursive: true, force: true });
  await mkdir(CACHE, { recursive: true });
  await run(host, ['-m', 'venv', folder], options);
  const packages = ['--require-hashes', '--only-binary', ':all:', '--requirement', REQUIREMENTS];
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', ...quiet, ...packages], options);
}

async function take(program: string, aws: AwsEnvironment): Promise<string[]> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'policies.json');
  await writeFile(file, JSON.stringify({ policies: POLICIES.map(written) }));
  const options = ['--region', aws['AWS_REGION'] ?? '', '--cache-period', '0', '--output-dir', folder.path];
  await run(program, ['run', ...options, file], { env: { ...process.env, ...aws }, maxBuffer: 64 * 2 ** 20 });
  const taken = POLICIES.map(async ({ name }) => {
    const found = await readFile(join(folder.path, name, 'resources.json'), 'utf8');
    return JSON.parse(found) as { serviceName?: string; DBInstanceIdentifier?: string }[];
  });
  return (await Promise.all(taken))
    .flat()
    .map(({ serviceName, DBInstanceIdentifier }) => serviceName ?? DBInstanceIdentifier ?? '');
}

function written({ name, resource, above }: Policy): object {
  const filters = above.map(({ name: metric, statistics, above: value }) => {
    return { type: 'metrics', name: metric, statistics, days: 30, op: 'greater-than', value };
  });
  // Of a list of filters the second one would only look at what the first one took.
  return { name, resource, filters: [{ or: filters }] };
}
