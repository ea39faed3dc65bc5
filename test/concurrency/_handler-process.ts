import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const INVOCATION = fileURLToPath(new URL('../../lib/local/invocation.cjs', import.meta.url));
const PRELOAD = fileURLToPath(new URL('./preload.cjs', import.meta.url));

export interface HandlerOptions {
  /** The folder of the bundle. */
  readonly bundle: string | undefined;
  readonly event: unknown;
  readonly environment: Readonly<Record<string, string>>;
  /** See `preload.cjs`. */
  readonly clockFile?: string;
  readonly stopAfter?: string;
  /** The user to be, instead of root. */
  readonly uid?: number;
}

/** A handler in a process of its own, as the engine starts it, that the test may suspend. */
export interface HandlerProcess {
  readonly child: ChildProcess;
  /** What the handler returned; rejects with what it threw, or where it ended without a word. */
  readonly answer: Promise<unknown>;
  suspend(): Promise<void>;
  /** Waits until the process has been suspended, by whomever. */
  suspended(): Promise<void>;
  resume(): void;
}

export function startHandler({
  bundle = '',
  event,
  environment,
  clockFile,
  stopAfter,
  uid,
}: HandlerOptions): HandlerProcess {
  const child = fork(INVOCATION, {
    execArgv: ['--require', PRELOAD],
    ...(uid !== undefined && { uid, gid: uid }),
    env: {
      ...environment,
      ...(clockFile !== undefined && { TEST_CLOCK_FILE: clockFile }),
      ...(stopAfter !== undefined && { TEST_STOP_AFTER: stopAfter }),
    },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.send({ bundle: join(bundle, 'index.js'), event, requestId: 'test' });
  const suspended = () => until(`process ${child.pid} is suspended`, () => stateOf(child) === 'T');
  return {
    child,
    answer: answerOf(child),
    suspended,
    async suspend() {
      child.kill('SIGSTOP');
      await suspended();
    },
    resume: () => void child.kill('SIGCONT'),
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const [said] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (typeof said !== 'object' || said === null)
    throw new Error(`the handler ended with ${String(said)} and no answer`);
  if ('error' in said) throw new Error(JSON.stringify(said.error));
  return (said as { result: unknown }).result;
}

/** The letter of the process's state: `T` while it is suspended. */
function stateOf({ pid }: ChildProcess): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}

/** Waits for something to come true; fails after a minute. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 20) {
    if (await isTrue()) return;
    await sleep(20);
  }
  throw new Error(`in a minute it has not come true that ${what}`);
}
