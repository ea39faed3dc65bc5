import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../executions.ts';

/** A service that counts what is asked of it, and answers some paths only when it is told to. */
export interface HeldService {
  readonly address: string;
  /** How often each path was asked since the last `forget`. */
  readonly asked: Readonly<Record<string, number>>;
  /** From now on whoever asks for this path waits. */
  hold(path: string): void;
  /** Waits until somebody waits for the path: the exact middle of a task. */
  untilHeld(path: string): Promise<void>;
  /** Answers all who wait, those behind a connection that is gone included, and holds nobody any more. */
  letGo(): void;
  forget(): void;
  close(): void;
}

const HELD_WITHIN_SECONDS = 60;

/** Starts the service on a free port of the loopback. */
export async function startHeldService(): Promise<HeldService> {
  const held = new Map<string, ServerResponse[]>();
  let asked: Record<string, number> = {};
  const server = createServer(({ url = '' }, response) => {
    asked[url] = (asked[url] ?? 0) + 1;
    const waiting = held.get(url);
    if (waiting) waiting.push(response);
    else answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked;
    },
    hold: (path) => void held.set(path, []),
    untilHeld: async (path) => {
      await until(`nobody asked for ${path}`, HELD_WITHIN_SECONDS, async () => held.get(path)?.[0]);
    },
    letGo: () => {
      for (const response of [...held.values()].flat()) answer(response);
      held.clear();
    },
    forget: () => {
      asked = {};
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(response: ServerResponse): void {
  response.setHeader('content-type', 'text/html');
  response.end('<html><body>The shop is open and sells things.</body></html>');
}
