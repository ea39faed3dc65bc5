import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '../../../core/errors.ts';
import { pathOf } from '../../../lib/demo/programs.ts';
import { errorCode } from '../error-code.ts';

/** A Python in which the emulator is installed, or why there is none. */
export type CloudEnvironment = { readonly python: string } | { readonly missing: string };

const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url));
/** Its version, and whether it can make environments: Debian ships that apart. */
const ASK = `import importlib.util as u, sys; print('%d.%d' % sys.version_info[:2], u.find_spec('ensurepip') is not None)`;
const INSTALLING_MILLISECONDS = 300_000;
const run = promisify(execFile);

/**
 * The virtual environment of the test cloud, made once in the cache folder of the user; every package is pinned by its
 * hash. Throws where packages cannot be fetched or are not the ones that were pinned.
 */
export async function cloudEnvironment(): Promise<CloudEnvironment> {
  const host = await pathOf('python3');
  if (host === undefined) return { missing: 'python3 is not installed, so there is no test cloud' };
  const { stdout } = await run(host, ['-c', ASK]);
  const [version = '', ensurepip] = stdout.trim().split(' ');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 3 || minor < 10) return { missing: `Python ${version} is too old for the test cloud, which needs 3.10` };
  if (ensurepip !== 'True') return { missing: 'python3 cannot make virtual environments; Debian: python3-venv' };
  const hash = createHash('sha256')
    .update(version)
    .update(await readFile(REQUIREMENTS));
  const folder = join(cacheFolder(), `cloud-${hash.digest('hex').slice(0, 16)}`);
  const python = join(folder, 'bin', 'python');
  if (!(await isThere(python))) await install(host, folder);
  return { python };
}

function cacheFolder(): string {
  // An empty one counts as none.
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'fettle');
}

/** Made aside and moved into place: an installation that was cut off, or a second one at the same time, leaves none by half. */
async function install(host: string, folder: string): Promise<void> {
  const draft = `${folder}.${process.pid}.${randomUUID()}`;
  const options = { timeout: INSTALLING_MILLISECONDS, maxBuffer: 64 * 1_024 * 1_024 };
  await mkdir(cacheFolder(), { recursive: true });
  try {
    await run(host, ['-m', 'venv', draft], options);
    const packages = ['--require-hashes', '--only-binary', ':all:', '--requirement', REQUIREMENTS];
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
    await run(join(draft, 'bin', 'python'), ['-m', 'pip', 'install', ...quiet, ...packages], options);
    await rename(draft, folder);
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true });
    // Another process was faster.
    if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(thrown) ?? '')) return;
    throw new Error(`the test cloud could not be installed: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (absent) {
    if (errorCode(absent) === 'ENOENT') return false;
    throw absent;
  }
}
