import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Bundles } from '../../lib/bundle.ts';
import { REPOSITORY } from '../harness/cruise.ts';
import type { News, Order } from './engine.ts';

/** How one command ended, and what was seen of it. */
export interface CommandEnd {
  /** What it answered; undefined where its process died. */
  readonly answer: string | undefined;
  readonly states: readonly string[];
}

/** A process that performs commands, one after another, and may die of one. */
export interface Engine {
  perform(order: Order): Promise<CommandEnd>;
  kill(): Promise<void>;
}

/** Makes the program of the engine once, so that starting one costs little; handlers are those given. */
export async function engineProgram(bundles: Bundles): Promise<{ start(): Promise<Engine>; remove(): Promise<void> }> {
  const folder = join(REPOSITORY, 'node_modules', '.cache', 'fettle', `crashes-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'engine.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('engine.ts', import.meta.url))],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    packages: 'external',
    plugins: [inPlace, given(bundles)],
    logLevel: 'error',
  });
  const env = { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(folder, 'compiled') };
  return {
    start: () => startEngine(file, env),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Each source goes on to know where it stands. */
const inPlace: Plugin = {
  name: 'in-place',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }));
  },
};

/** The handlers as they were bundled at the start, whatever becomes of the sources meanwhile. */
function given(bundles: Bundles): Plugin {
  const real = JSON.stringify(join(REPOSITORY, 'lib', 'bundle.ts'));
  const contents = `export { withProfile } from ${real};
    export const bundleHandlers = async () => new Map(${JSON.stringify([...bundles])});`;
  return {
    name: 'given-bundles',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^\.\.\/bundle\.ts$/ }, () => ({ path: 'bundles', namespace: 'given' }));
      onLoad({ filter: /.*/, namespace: 'given' }, () => ({ contents, resolveDir: REPOSITORY, loader: 'ts' }));
    },
  };
}

async function startEngine(file: string, env: NodeJS.ProcessEnv): Promise<Engine> {
  const child = fork(file, { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [news] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [News | number];
  if (typeof news === 'number' || !('ready' in news)) throw new Error('the engine did not start');
  return {
    perform: (order) => perform(child, order),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** No command of a scene takes that long, however busy the machine is. */
const LONGEST_SECONDS = 120;

async function perform(child: ChildProcess, order: Order): Promise<CommandEnd> {
  const states: string[] = [];
  const end = Promise.withResolvers<string | undefined>();
  const onMessage = (news: News) => {
    if ('entered' in news) states.push(news.entered);
    if ('ended' in news) end.resolve(news.ended);
  };
  const onExit = () => end.resolve(undefined);
  child.on('message', onMessage).once('exit', onExit);
  const timer = setTimeout(() => {
    end.reject(new Error(`a command had not ended after ${LONGEST_SECONDS} s`));
    child.kill('SIGKILL');
  }, LONGEST_SECONDS * 1_000);
  child.send(order);
  const answer = await end.promise.finally(() => clearTimeout(timer));
  child.off('message', onMessage).off('exit', onExit);
  return { answer, states };
}
