import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../../core/errors.ts';
import { errorCode } from '../error-code.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

export interface CloudOptions {
  /** The Python of `cloudEnvironment()`. */
  readonly python: string;
  /** What its logs are called. */
  readonly name: string;
  /** The emulator as it is published, without our overlay. */
  readonly stock?: boolean;
  /** Signatures and policies are enforced, as on AWS. */
  readonly auth?: boolean;
}

/** An emulated account on the loopback. */
export interface Cloud {
  readonly name: string;
  readonly endpoint: string;
  /** A folder of its own, gone after `stop()`. */
  readonly folder: string;
  readonly logFolder: string;
  /** Of the server and everything that it starts. */
  readonly processGroup: number;
  /** Everything that a client process needs, and nothing of the person's own AWS settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** What every AWS client in this process is made with. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  stop(): Promise<void>;
}

export const OVERLAY = fileURLToPath(new URL('./overlay', import.meta.url));
const READY_MILLISECONDS = 60_000;
const STOPPING_MILLISECONDS = 5_000;
const ATTEMPTS = 3;
// The account number as the key is the root user of that account.
const CREDENTIALS = { accessKeyId: ACCOUNT, secretAccessKey: 'test' };

/** Where logs go; kept, so that whoever sees a red test can look at them. */
export function logFolder(): string {
  return resolve(process.env['FETTLE_E2E_LOGS'] || join('.fettle', 'e2e'));
}

/** Starts the emulator on a free port of the loopback and waits until it is ready. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-cloud-'));
  await mkdir(join(folder, 'home'));
  await mkdir(logFolder(), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(await freePort(), folder, options);
    } catch (thrown) {
      // Between asking for a port and listening on it another process may have taken it.
      const isTaken = messageOf(thrown).includes('already in use');
      if (isTaken && attempt < ATTEMPTS) continue;
      await rm(folder, { recursive: true, force: true });
      throw thrown;
    }
  }
}

async function startOn(port: number, folder: string, options: CloudOptions): Promise<Cloud> {
  const { python, name, stock = false, auth = false } = options;
  const log = join(logFolder(), `${name}.log`);
  const file = openSync(log, 'w');
  const server = spawn(python, [OVERLAY, ...(stock ? ['--stock'] : [])], {
    // A process group of its own, so that the workers of its functions can be ended with it.
    detached: true,
    stdio: ['pipe', file, file],
    cwd: folder,
    env: { ...plainEnvironment(folder), ...serverSettings(port, { auth }) },
  });
  closeSync(file);
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await untilReady(endpoint, server, log);
  } catch (thrown) {
    await end(server);
    throw thrown;
  }
  return {
    name,
    endpoint,
    folder,
    logFolder: logFolder(),
    processGroup: server.pid ?? 0,
    environment: { ...plainEnvironment(folder), ...clientSettings(endpoint) },
    client: { endpoint, region: REGION, credentials: CREDENTIALS },
    stop: async () => {
      await end(server);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The functions inherit the environment of the server, so it has nothing that AWS would not give them. */
function plainEnvironment(folder: string): Record<string, string> {
  return {
    // Node.js 24 first: functions run on it.
    PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    HOME: join(folder, 'home'),
    TMPDIR: folder,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
  };
}

function serverSettings(port: number, { auth }: { readonly auth: boolean }): Record<string, string> {
  return {
    GATEWAY_PORT: String(port),
    // Without it the emulator listens on every address of the machine.
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_ACCOUNT_ID: ACCOUNT,
    MINISTACK_REGION: REGION,
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    LAMBDA_EXECUTOR: 'local',
    DOCKER_HOST: 'unix:///nonexistent.sock',
    AUTH: String(auth),
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

function clientSettings(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
}

async function untilReady(endpoint: string, server: ChildProcess, log: string): Promise<void> {
  const failed = Promise.withResolvers<never>();
  server.once('error', failed.reject);
  const until = Date.now() + READY_MILLISECONDS;
  while (Date.now() < until) {
    if (server.exitCode !== null) {
      throw new Error(`the emulator ended before it was ready: ${(await readFile(log, 'utf8')).slice(-2_000)}`);
    }
    if (await Promise.race([isReady(endpoint), failed.promise])) return;
    await sleep(100);
  }
  throw new Error(`the emulator was not ready within ${READY_MILLISECONDS / 1_000} s; its log is ${log}`);
}

async function isReady(endpoint: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`${endpoint}/_ministack/ready`, { signal: AbortSignal.timeout(2_000) });
    return ok;
  } catch (thrown) {
    // `fetch failed` is a TypeError; and a DOMException has the number of its name as its code.
    const name = typeof thrown === 'object' && thrown !== null && 'name' in thrown ? thrown.name : undefined;
    if (name === 'TypeError' || name === 'TimeoutError') return false;
    throw thrown;
  }
}

/** Asks it to end, then ends it and every process that it started. */
async function end(server: ChildProcess): Promise<void> {
  const { pid } = server;
  if (pid === undefined) return;
  if (server.exitCode === null && server.signalCode === null) {
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    await Promise.race([exited, sleep(STOPPING_MILLISECONDS, undefined, { ref: false })]);
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (thrown) {
    // Nobody of the group is left.
    if (errorCode(thrown) !== 'ESRCH') throw thrown;
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}
