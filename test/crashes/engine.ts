/**
 * A command of Fettle in a process that may die: runs a procedure as `fettle run` does, on orders from its parent.
 *
 * What is forked for a handler gets the hook that counts its points; where the order says so, the hook or this process
 * ends everything.
 */
import type { ChildProcess, ForkOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { PassThrough } from 'node:stream';
import { StateMachine } from 'aws-local-stepfunctions';
import { messageOf } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { openStore } from '../../lambdas/runtime/open-store.ts';
import { performRun, type RunRequest } from '../../lib/local/perform-run.ts';
import type { Stop } from './points.ts';

/** What the parent asks for. */
export interface Order {
  readonly platform: ResolvedPlatform;
  readonly storeFolder: string;
  readonly folder: string;
  readonly hook: string;
  readonly clock: string;
  /** A file that gets each point; `<folder>/<handler>.<call>` */
  readonly recordTo?: string;
  readonly stop?: Stop;
  /** How far the clocks of the handlers are ahead. */
  readonly aheadSeconds?: number;
}

/** What the parent is told. */
export type News = { readonly ready: true } | { readonly entered: string } | { readonly ended: string };

const require = createRequire(import.meta.url);
const childProcess = require('node:child_process') as { fork: Fork };
type Fork = (file: string, options: ForkOptions) => ChildProcess;
const fork = childProcess.fork;
let order: Order | undefined;
let calls = new Map<string, number>();

childProcess.fork = (file, options) => {
  if (!order || !file.endsWith('invocation.cjs')) return fork(file, options);
  const handler = options.env?.['AWS_LAMBDA_FUNCTION_NAME'] ?? '';
  const call = (calls.get(handler) ?? 0) + 1;
  calls.set(handler, call);
  const { stop } = order;
  const isMeant = stop !== undefined && 'handler' in stop && stop.handler === handler && stop.call === call;
  const plain = withPreloads(options, order, undefined);
  if (!isMeant && order.recordTo === undefined) return fork(file, plain);
  const hooked = withPreloads(options, order, {
    store: order.storeFolder,
    ...(order.recordTo !== undefined && { log: `${order.recordTo}/${handler}.${call}` }),
    ...(isMeant && { at: stop.at, phase: stop.phase, kills: victimsOf(stop.victim) }),
  });
  return isMeant && stop.victim === 'again' ? calledAgain(file, hooked, plain) : fork(file, hooked);
};
syncBuiltinESMExports();

function victimsOf(victim: string): (string | number)[] {
  if (victim === 'engine') return [process.pid];
  return victim === 'both' ? [process.pid, 'self'] : ['self'];
}

function withPreloads(options: ForkOptions, { hook, clock, aheadSeconds }: Order, crash: object | undefined) {
  const execArgv = [...(aheadSeconds === undefined ? [] : ['--require', clock])];
  if (crash) execArgv.push('--require', hook);
  const env = {
    ...options.env,
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    ...(aheadSeconds !== undefined && { FETTLE_CLOCK_SECONDS: String(aheadSeconds) }),
    ...(crash && { FETTLE_CRASH: JSON.stringify(crash) }),
  };
  return { ...options, execArgv, env };
}

/** A handler whose process dies and which the service then calls again with the same event, unseen by the engine. */
function calledAgain(file: string, first: ForkOptions, second: ForkOptions): ChildProcess {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let child = fork(file, first);
  let sent: Parameters<ChildProcess['send']>[0] = {};
  const facade = Object.assign(new EventEmitter(), {
    pid: child.pid,
    stdout,
    stderr,
    send: (message: typeof sent) => {
      sent = message;
      return child.send(message);
    },
    kill: (signal: NodeJS.Signals) => child.kill(signal),
  });
  const listen = (isFirst: boolean) => {
    child.stdout?.pipe(stdout, { end: false });
    child.stderr?.pipe(stderr, { end: false });
    child.on('message', (message) => facade.emit('message', message));
    child.on('exit', (code, killedBy) => {
      if (!isFirst || killedBy !== 'SIGKILL') return facade.emit('exit', code, killedBy);
      child = fork(file, second);
      listen(false);
      return child.send(sent);
    });
  };
  listen(true);
  return facade as unknown as ChildProcess;
}

type Machine = InstanceType<typeof StateMachine>;
interface Watched {
  readonly definition: { readonly States: Readonly<Record<string, { readonly Type: string }>> };
}
// A pause of a second is none here, and each state is seen.
const run = Reflect.get(StateMachine.prototype, 'run') as Machine['run'];
StateMachine.prototype.run = function (this: Machine, input, options) {
  const { States } = (this as unknown as Watched).definition;
  const waits = Object.entries(States).flatMap(([name, { Type }]) => (Type === 'Wait' ? [[name, 10] as const] : []));
  const overrides = { ...options?.overrides, waitTimeOverrides: Object.fromEntries(waits) };
  const execution = run.call(this, input, { ...options, overrides });
  void watch(execution.eventLogs);
  return execution;
};

async function watch(events: AsyncGenerator): Promise<void> {
  let entered = 0;
  for await (const event of events as AsyncGenerator<{ type: string; state?: { name: string } }>) {
    const phase = { StateEntered: 'entered', StateExited: 'exited' }[event.type];
    if (phase === 'entered') {
      entered += 1;
      say({ entered: event.state?.name ?? '' });
    }
    const stop = order?.stop;
    if (stop && 'state' in stop && stop.state === entered && stop.phase === phase) process.kill(process.pid, 'SIGKILL');
  }
}

async function obey(given: Order): Promise<string> {
  order = given;
  calls = new Map();
  const { platform, storeFolder, folder } = given;
  const storeLocation = `file://${storeFolder}`;
  const workspace = {
    platform,
    store: openStore(storeLocation),
    storeLocation,
    folder,
    logFolder: `${folder}/logs`,
    profile: { file: 'crashes.yaml' },
  } as unknown as RunRequest['workspace'];
  try {
    const { report } = await performRun({
      workspace,
      procedure: 'daily',
      input: { trigger: 'person', mode: 'execute' },
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onReaped: () => undefined,
    });
    return report.verdict;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function say(news: News): void {
  process.send?.(news);
}

process.on('message', (given: Order) => void obey(given).then((ended) => say({ ended })));
process.once('disconnect', () => process.exit(0));
say({ ready: true });
