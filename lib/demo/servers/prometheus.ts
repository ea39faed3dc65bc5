import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface PrometheusOptions {
  /** Holds the data of the server; what an earlier start left in it is removed. */
  readonly folder: string;
  /** Samples in the text format of OpenMetrics, each with its timestamp. */
  readonly openMetrics: string;
}

export interface PrometheusServer {
  readonly url: string;
  stop(): Promise<void>;
}

const run = promisify(execFile);
const PROGRAMS = { server: 'prometheus', tool: 'promtool' };
const READY_MILLISECONDS = 20_000;
const STOP_MILLISECONDS = 5_000;

/** Says which program this machine lacks to start a Prometheus; undefined where it has all. */
export async function missingPrometheus(): Promise<string | undefined> {
  for (const program of Object.values(PROGRAMS)) {
    try {
      await run(program, ['--version']);
    } catch (absent) {
      if ((absent as { code?: unknown }).code === 'ENOENT') return `${program} is not in the PATH`;
      throw absent;
    }
  }
  return undefined;
}

/** Starts a real Prometheus on the loopback, under a free port, that holds the samples and scrapes nothing. */
export async function startPrometheus({ folder, openMetrics }: PrometheusOptions): Promise<PrometheusServer> {
  const blocks = join(folder, 'blocks');
  const samples = join(folder, 'samples.txt');
  const configuration = join(folder, 'prometheus.yml');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(configuration, 'scrape_configs: []\n');
  await writeFile(samples, openMetrics);
  // One block for all of it: each block reads the whole file again.
  const oneBlock = ['--max-block-duration', '744h'];
  await run(PROGRAMS.tool, ['tsdb', 'create-blocks-from', ...oneBlock, 'openmetrics', samples, blocks, '--quiet']);
  const server = spawn(
    PROGRAMS.server,
    [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${blocks}`,
      '--storage.tsdb.retention.time=10y',
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  try {
    return { url: await readyUrl(server), stop: () => stop(server) };
  } catch (thrown) {
    await stop(server);
    throw thrown;
  }
}

/** The server chooses its port and writes it into its log. */
async function readyUrl(server: ChildProcess): Promise<string> {
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  let log = '';
  const fail = (why: string) => reject(new Error(`Prometheus ${why}: ${log.slice(-1_000)}`));
  const timer = setTimeout(() => fail(`was not ready within ${READY_MILLISECONDS} ms`), READY_MILLISECONDS);
  server.once('error', reject);
  server.once('exit', (code) => fail(`ended with ${code ?? 'a signal'}`));
  // Read to its end: a full pipe would hold the server up.
  server.stderr?.on('data', (chunk: Buffer) => {
    if (log.length < 100_000) log += chunk.toString('utf8');
    const address = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
    if (address !== undefined) resolve(`http://${address}`);
  });
  try {
    const url = await listening;
    for (let waited = 0; waited < READY_MILLISECONDS; waited += 50) {
      const answer = await fetch(`${url}/-/ready`);
      if (answer.ok) return url;
      await sleep(50);
    }
    throw new Error(`Prometheus at ${url} does not get ready: ${log.slice(-1_000)}`);
  } finally {
    clearTimeout(timer);
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_MILLISECONDS);
  await exited;
  clearTimeout(timer);
}
