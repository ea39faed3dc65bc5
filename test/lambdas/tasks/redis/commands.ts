import { createClient } from '@redis/client';
import { setTimeout as sleep } from 'node:timers/promises';

/** Sends commands to a server, each on its own; a refusal is an answer too. */
export async function commands(url: string, ...all: readonly (readonly string[])[]): Promise<unknown[]> {
  const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
  // The error reaches the call that waits; here it would end the process.
  client.on('error', (error: Error) => error);
  await client.connect();
  const answers: unknown[] = [];
  for (const command of all) {
    answers.push(
      await client.sendCommand([...command]).then(
        (reply) => reply as unknown,
        (refused: unknown) => refused,
      ),
    );
  }
  client.destroy();
  return answers;
}

/** Waits until something is so, and says so where it is not within ten seconds. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    if (await isSo()) return;
    await sleep(20);
  }
  throw new Error('what the test waited for did not come within 10 s');
}
