import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const CHILD = fileURLToPath(new URL('./invocation.cjs', import.meta.url));

export interface Invocation {
  /** The folder of the bundle. */
  readonly bundle: string;
  readonly event: unknown;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Where `file:` references start. */
  readonly folder: string;
  /** Kills the process when it aborts. */
  readonly signal: AbortSignal;
  /** Gets the lines that the handler logs. */
  readonly onLog: (text: string) => void;
}

/** A handler that did not answer; its name is the one that Lambda gives in the same case. */
export class InvocationFailed extends Error {
  override readonly name: 'Sandbox.Timedout' | 'Runtime.ExitError' | 'Runtime.HandlerError';

  constructor(name: InvocationFailed['name'], message: string) {
    super(message);
    this.name = name;
  }
}

/** What the process says once; anything else is no answer of ours. */
const Answer = z.union([
  z.strictObject({ result: z.unknown() }),
  z.strictObject({ error: z.object({ name: z.string(), message: z.string() }) }),
]);

/** Runs a handler from its bundle in a process of its own, which is killed at its time limit. */
export async function invoke(invocation: Invocation): Promise<unknown> {
  const { bundle, event, timeoutSeconds, environment, folder, signal, onLog } = invocation;
  signal.throwIfAborted();
  const child = fork(CHILD, {
    cwd: folder,
    env: { ...environment },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const answer = Promise.withResolvers<unknown>();
  const kill = () => child.kill('SIGKILL');
  const timer = setTimeout(() => {
    answer.reject(new InvocationFailed('Sandbox.Timedout', `it was killed after ${timeoutSeconds} s`));
    kill();
  }, timeoutSeconds * 1_000);
  signal.addEventListener('abort', kill, { once: true });
  child.stdout?.setEncoding('utf8').on('data', onLog);
  child.stderr?.setEncoding('utf8').on('data', onLog);
  child.on('error', (cause) => {
    const failed = child.pid === undefined ? 'its process could not be started' : 'its process could not be reached';
    answer.reject(new InvocationFailed('Runtime.ExitError', `${failed}: ${cause.message}`));
  });
  child.once('message', (message) => {
    const { data } = Answer.safeParse(message);
    if (data === undefined) {
      answer.reject(new InvocationFailed('Runtime.HandlerError', 'its answer is none that a handler gives'));
      kill();
    } else if ('error' in data) {
      answer.reject(new InvocationFailed('Runtime.HandlerError', `${data.error.name}: ${data.error.message}`));
    } else answer.resolve(data.result);
  });
  child.once('exit', (code, killedBy) => {
    answer.reject(
      new InvocationFailed('Runtime.ExitError', `it exited with ${killedBy ?? String(code)} and no answer`),
    );
  });
  try {
    // A process that could not be started has no channel; its error is on the way.
    if (child.pid !== undefined) child.send({ bundle: join(bundle, 'index.js'), event, requestId: randomUUID() });
    return await answer.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}
