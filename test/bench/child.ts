import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server of a benchmark in a process of its own, so that it shares no event loop with what is measured. */
export interface ServerProcess extends AsyncDisposable {
  /** What it sent when it was ready. */
  readonly ready: unknown;
  /** Sends it a word and waits for its answer. */
  ask(word: string): Promise<unknown>;
}

/** Starts a script of `goals/` that sends a message once it is ready and ends with its connection to this process. */
export async function startProcess(script: string, ...args: readonly string[]): Promise<ServerProcess> {
  const file = fileURLToPath(new URL(`./goals/${script}`, import.meta.url));
  const child = fork(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    ready: await nextMessage(child),
    ask: (word) => {
      child.send(word);
      return nextMessage(child);
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error('the server of the benchmark ended');
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: ended.signal }), exit])) as [unknown];
    return message;
  } finally {
    ended.abort();
    await Promise.allSettled([exit]);
  }
}
