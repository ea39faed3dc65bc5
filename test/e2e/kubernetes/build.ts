import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pathOf } from '../../../lib/demo/programs.ts';
import { whileLocked } from './build-lock.ts';
import { hasCode } from '../error-code.ts';

export interface BuildOptions {
  /** The folder of the Go module; this one by default. */
  readonly sources?: string;
  /** Where builds are kept; the user's cache by default. */
  readonly cache?: string;
  readonly say?: (text: string) => void;
}

/** The binary of all programs, or why this machine cannot have it. */
export type ControlPlane = { readonly path: string } | { readonly missing: string };

const VERSION = 'v1.36.3';
const VERSION_PACKAGE = 'k8s.io/component-base/version';
const FLAGS = [
  '-trimpath',
  '-buildvcs=false',
  `-ldflags=-s -w -X ${VERSION_PACKAGE}.gitVersion=${VERSION} -X ${VERSION_PACKAGE}.gitMajor=1 -X ${VERSION_PACKAGE}.gitMinor=36`,
];
// An hour on one slow core; it takes 8 minutes on two.
const BUILD_MILLISECONDS = 3_600_000;
const ASK_MILLISECONDS = 20_000;
const LAST_LINES = 20;

/**
 * Builds the control plane once into the user's cache and gives the path of the binary.
 *
 * Throws where the build fails; its output is kept beside the binary's folder.
 */
export async function builtControlPlane(options: BuildOptions = {}): Promise<ControlPlane> {
  const { sources = fileURLToPath(new URL('.', import.meta.url)), say = sayToPerson } = options;
  const cache = options.cache ?? join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'fettle');
  const folder = join(cache, `kubernetes-${await hashOf(sources)}`);
  const path = join(folder, 'control-plane');
  if (await exists(path)) return { path };
  const go = await usableGo(sources);
  if ('missing' in go) return go;
  await mkdir(cache, { recursive: true });
  const onWait = () => say(`another process builds the Kubernetes control plane; waiting for it`);
  return whileLocked(
    `${folder}.lock`,
    async () => {
      if (await exists(path)) return { path };
      say(`building the Kubernetes control plane, once, about 8 minutes on two cores; output in ${folder}.log`);
      await build({ go: go.path, sources, folder, log: `${folder}.log` });
      return { path };
    },
    { onWait },
  );
}

interface Build {
  readonly go: string;
  readonly sources: string;
  readonly folder: string;
  readonly log: string;
}

async function build({ go, sources, folder, log }: Build): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  // Of a build that was killed.
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished);
  const output = await open(log, 'w');
  try {
    const compiler = spawn(go, ['build', ...FLAGS, '-o', join(unfinished, 'control-plane'), '.'], {
      cwd: sources,
      stdio: ['ignore', output.fd, output.fd],
      timeout: BUILD_MILLISECONDS,
      env: { ...process.env, ...GO_ENVIRONMENT, CGO_ENABLED: '0' },
    });
    const [code, signal] = (await once(compiler, 'exit')) as [number | null, NodeJS.Signals | null];
    if (code !== 0) {
      const lines = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-LAST_LINES).join('\n');
      throw new Error(
        `the control plane cannot be built (${signal ?? `exit ${code}`}); all of ${log} ends with:\n${lines}`,
      );
    }
    await rename(unfinished, folder);
  } finally {
    await output.close();
    await rm(unfinished, { recursive: true, force: true });
  }
  await rm(log, { force: true });
}

// The machine's own Go, not one that it would fetch for a module that asks for more.
const GO_ENVIRONMENT = { GOTOOLCHAIN: 'local', GOWORK: 'off' };

async function usableGo(sources: string): Promise<ControlPlane> {
  const path = await pathOf('go');
  const [, wanted = ''] = /^go (\S+)$/m.exec(await readFile(join(sources, 'go.mod'), 'utf8')) ?? [];
  if (path === undefined) return { missing: `Go is not in PATH; ${wanted} or newer builds it` };
  const { stdout } = await promisify(execFile)(path, ['env', 'GOVERSION'], {
    // Outside of the module: an older one refuses to answer within it.
    cwd: tmpdir(),
    timeout: ASK_MILLISECONDS,
    env: { ...process.env, ...GO_ENVIRONMENT },
  });
  const [, found] = /^go(\d[\d.]*)/.exec(stdout) ?? [];
  // A Go that somebody built has no number and is newer than any that has one.
  if (found === undefined || !isOlder(found, wanted)) return { path };
  return { missing: `Go ${found} is too old; ${wanted} or newer builds it` };
}

function isOlder(found: string, wanted: string): boolean {
  const [these, those] = [found, wanted].map((version) => version.split('.').map(Number));
  for (const [place, number] of (those ?? []).entries()) {
    const other = these?.[place] ?? 0;
    if (other !== number) return other < number;
  }
  return false;
}

async function hashOf(sources: string): Promise<string> {
  const hash = createHash('sha256').update([process.platform, process.arch, ...FLAGS].join('\n'));
  const names = (await readdir(sources)).filter((name) => name.endsWith('.go') || /^go\.(mod|sum)$/.test(name));
  for (const name of names.sort()) hash.update(`\n${name}\n`).update(await readFile(join(sources, name)));
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (absent) {
    if (hasCode(absent, 'ENOENT')) return false;
    throw absent;
  }
}

function sayToPerson(text: string): void {
  process.stderr.write(`${text}\n`);
}
