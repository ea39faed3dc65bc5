import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pathOf } from '../programs.ts';

export interface RedisOptions {
  /** Holds the data, the certificates and the process id; it is made where there is none. */
  readonly folder: string;
  /** A free one by default. */
  readonly port?: number;
  /** Made up by default; an empty text starts a server that asks nobody. */
  readonly password?: string;
  /** Further lines of the configuration file, `user …` for an ACL among them. */
  readonly settings?: readonly string[];
  /** PEM; with it the server speaks TLS only. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
  /** The server whose data it copies. */
  readonly replicaOf?: Pick<RedisServer, 'port' | 'password'>;
  readonly isSentinel?: boolean;
  /** `listening` does not wait until the data is loaded. */
  readonly until?: 'ready' | 'listening';
}

export interface RedisServer {
  readonly port: number;
  readonly password: string;
  /** The log of the server since its start. */
  readonly log: () => string;
  /** The address of the default user, or of another one of the ACL. */
  url(user?: { readonly name: string; readonly password: string }): string;
  /** Sends a signal: SIGSTOP makes a server that hangs, SIGKILL one that is gone. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const PROGRAM = 'redis-server';
const START_SECONDS = 20;
const run = promisify(execFile);

/** The path of the system's `redis-server`; undefined where the machine has none. */
export function redisProgram(): Promise<string | undefined> {
  return pathOf(PROGRAM);
}

/** Starts a real Redis on the loopback; a server that a killed process left in the folder is ended first. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const { folder, until = 'ready', tls } = options;
  const program = await redisProgram();
  if (program === undefined) {
    throw new Error(`${PROGRAM} is not installed: install the package redis-server, or put it into PATH`);
  }
  await mkdir(folder, { recursive: true });
  await endPredecessor(folder);
  const port = options.port ?? (await freePort());
  const password = options.password ?? randomBytes(18).toString('base64url');
  const configuration = await configure({ ...options, password, port });
  // Over stdin: neither the list of processes nor a file shows the password. A Sentinel insists on a file of its own.
  const file = options.isSentinel ? await sentinelFile(folder, configuration) : '-';
  const child = spawn(program, [file, ...(options.isSentinel ? ['--sentinel'] : [])], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += String(chunk)));
  child.stdin.on('error', (error) => (log += `its configuration was not read: ${error.message}\n`));
  child.stdin.end(configuration);
  await ready(child, () => log, options.isSentinel ? /Sentinel ID is/ : READY[until]);
  await writeFile(pidFile(folder), `${child.pid ?? ''} ${port}`);
  const credentials = ({ name, password: secret }: { name: string; password: string }) =>
    `${encodeURIComponent(name)}:${encodeURIComponent(secret)}@`;
  return {
    port,
    password,
    log: () => log,
    url: (user = { name: '', password }) =>
      `${tls ? 'rediss' : 'redis'}://${user.password ? credentials(user) : ''}127.0.0.1:${port}`,
    signal: (name) => {
      child.kill(name);
    },
    stop: () => stop(child, folder),
  };
}

const READY = {
  ready: /Ready to accept connections/,
  listening: /Server initialized|Ready to accept connections/,
} as const;

type Configured = RedisOptions & { readonly port: number; readonly password: string };

async function configure(options: Configured): Promise<string> {
  const { folder, port, password, settings = [], tls, replicaOf, isSentinel = false } = options;
  if (tls) {
    await writeFile(join(folder, 'server.pem'), tls.certificate);
    await writeFile(join(folder, 'server.key'), tls.privateKey, { mode: 0o600 });
  }
  const lines = [
    'bind 127.0.0.1',
    `dir ${quoted(folder)}`,
    ...(tls
      ? [
          ...['port 0', `tls-port ${port}`, 'tls-auth-clients no'],
          `tls-cert-file ${quoted(join(folder, 'server.pem'))}`,
          `tls-key-file ${quoted(join(folder, 'server.key'))}`,
          `tls-ca-cert-file ${quoted(join(folder, 'server.pem'))}`,
        ]
      : [`port ${port}`]),
    ...(password && !isSentinel ? [`requirepass ${quoted(password)}`] : []),
    // Nothing is saved unless a setting says so; what is planted is planted anew.
    ...(isSentinel ? [] : ['save ""', 'appendonly no', 'enable-debug-command local']),
    ...(replicaOf
      ? [
          `replicaof 127.0.0.1 ${replicaOf.port}`,
          ...(replicaOf.password ? [`masterauth ${quoted(replicaOf.password)}`] : []),
        ]
      : []),
    ...settings,
  ];
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, (character) => `\\${character}`)}"`;
}

async function sentinelFile(folder: string, configuration: string): Promise<string> {
  const file = join(folder, 'sentinel.conf');
  await writeFile(file, configuration, { mode: 0o600 });
  return file;
}

async function ready(child: ChildProcess, log: () => string, pattern: RegExp): Promise<void> {
  for (let waited = 0; waited < START_SECONDS * 1_000; waited += 20) {
    if (pattern.test(log())) return;
    if (child.exitCode !== null || child.signalCode !== null) break;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`${PROGRAM} did not start: ${log().slice(-1_000)}`);
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = Promise.withResolvers<void>();
    child.once('exit', () => exited.resolve());
    // A server that was stopped by SIGSTOP takes no other signal; there is nothing that it would have to save.
    child.kill('SIGKILL');
    await exited.promise;
  }
  await rm(pidFile(folder), { force: true });
}

function pidFile(folder: string): string {
  return join(folder, 'fettle.pid');
}

/** Ends a server that outlived the process that started it. A process id comes again, so its arguments must fit. */
async function endPredecessor(folder: string): Promise<void> {
  const text = await readFile(pidFile(folder), 'utf8').catch((absent: NodeJS.ErrnoException) => {
    if (absent.code === 'ENOENT') return '';
    throw absent;
  });
  const [pid, port] = text.split(' ').map(Number);
  if (pid === undefined || !Number.isInteger(pid) || pid <= 1) return;
  for (let tried = 0; tried < 50 && (await isServer(pid, port ?? 0)); tried += 1) {
    process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
  await rm(pidFile(folder), { force: true });
}

async function isServer(pid: number, port: number): Promise<boolean> {
  try {
    const { stdout } = await run('ps', ['-o', 'args=', '-p', String(pid)]);
    return stdout.includes(PROGRAM) && stdout.includes(`127.0.0.1:${port}`);
  } catch (absent) {
    if ((absent as { code?: unknown }).code === 1) return false;
    throw absent;
  }
}

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the machine has no free port');
  return address.port;
}
