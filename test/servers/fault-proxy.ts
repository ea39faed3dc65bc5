import { once } from 'node:events';
import { spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a connection goes wrong, and when. */
export interface Fault {
  /**
   * `reset`: the connection is reset. `end`: it is closed in good manners, in the middle of whatever it was saying.
   * `stall`: nothing passes any more, in neither direction, and neither side is told: a black hole, behind which the
   * server goes on with what it does. `half-open`: the server's side is gone and the client is not told.
   */
  readonly kind: 'reset' | 'end' | 'stall' | 'half-open';
  /** From when the server has got this from the client; before anything passes by default. */
  readonly onceAsked?: RegExp;
  /** After so many further bytes of the server have reached the client; at once by default. */
  readonly afterBytes?: number;
  /** So many connections meet it; all by default. */
  readonly times?: number;
}

/** How a line that is bad, but not broken, passes bytes on. */
export interface Pace {
  /** What each piece takes, in either direction. */
  readonly latencyMs?: number;
  /** What every third piece takes beside it. */
  readonly jitterMs?: number;
  /** No piece that the server sends is larger. */
  readonly sliceBytes?: number;
  /** Between the pieces that the server sends. */
  readonly gapMs?: number;
}

/** A line to a server on the loopback that can be broken, and mended, while it is used. */
export interface FaultProxy {
  readonly port: number;
  /** What meets connections from now on, those that are open included. */
  fault: Fault | undefined;
  pace: Pace;
  /** How many connections were accepted, and how many were broken by a fault. */
  readonly counts: { readonly accepted: number; readonly faults: number };
  /** Listens no more: who connects is refused. Connections that are open stay. */
  refuse(): void;
  /** Lets everybody through again. */
  mend(): Promise<void>;
  /** Resets every connection that is open now. */
  cut(): void;
  close(): void;
}

/** Starts a line to a port of this machine, whole at first. */
export async function startFaultProxy(upstreamPort: number): Promise<FaultProxy> {
  const lines = new Set<Line>();
  const counts = { accepted: 0, faults: 0 };
  const met = new Map<Fault, number>();

  /** The fault of now, where this many connections have not met it yet. */
  function strikes(asked: string): Fault | undefined {
    const { fault } = proxy;
    if (!fault || fault.onceAsked?.test(asked) === false) return undefined;
    const times = met.get(fault) ?? 0;
    if (times >= (fault.times ?? Infinity)) return undefined;
    met.set(fault, times + 1);
    return fault;
  }

  async function listen(at: number): Promise<net.Server> {
    const server = net.createServer((client) => {
      counts.accepted += 1;
      const struck = () => (counts.faults += 1);
      lines.add(new Line(client, { upstreamPort, strikes, struck, paceNow: () => proxy.pace }));
    });
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  let listener = await listen(0);
  const { port } = listener.address() as net.AddressInfo;
  const proxy: FaultProxy = {
    port,
    fault: undefined,
    pace: {},
    counts,
    refuse: () => void listener.close(),
    mend: async () => {
      proxy.fault = undefined;
      proxy.pace = {};
      if (!listener.listening) listener = await listen(port);
    },
    cut: () => lines.forEach((line) => line.reset()),
    close: () => {
      listener.close();
      lines.forEach((line) => line.destroy());
    },
  };
  return proxy;
}

/** What is remembered of what a client said, to find a text in it that came in several pieces. */
const REMEMBERED = 65_536;

interface Setting {
  readonly upstreamPort: number;
  readonly strikes: (asked: string) => Fault | undefined;
  readonly struck: () => void;
  readonly paceNow: () => Pace;
}

class Line {
  readonly #client: net.Socket;
  readonly #server: net.Socket;
  readonly #setting: Setting;
  #asked = '';
  #pieces = 0;
  #fault: Fault | undefined;
  /** What may still reach the client; bounded from when a fault has begun. */
  #leftBytes = Infinity;
  /** The line was broken: nothing passes, and neither side hears of the other. */
  #isOver = false;

  constructor(client: net.Socket, setting: Setting) {
    this.#client = client.setNoDelay(true);
    this.#setting = setting;
    client.on('error', () => client.destroy());
    this.#server = new net.Socket().setNoDelay(true);
    this.#pass(this.#server, client);
    this.#pass(client, this.#server);
    if (!this.#meetsFault()) this.#server.connect(setting.upstreamPort, '127.0.0.1');
  }

  reset(): void {
    this.#isOver = true;
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }

  destroy(): void {
    this.#isOver = true;
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Passes pieces on in their order and at the line's pace, and the end of one side to the other. */
  #pass(from: net.Socket, to: net.Socket): void {
    let turn = Promise.resolve();
    const next = (work: () => Promise<void> | void) => {
      turn = turn.then(() => (this.#isOver ? undefined : work()));
    };
    from.on('data', (chunk: Buffer) => next(() => (from === this.#client ? this.#ask(chunk) : this.#answer(chunk))));
    from.on('end', () => next(() => void to.end()));
    from.on('error', () => next(() => void to.resetAndDestroy()));
    from.on('close', () => next(() => to.destroySoon()));
  }

  async #ask(chunk: Buffer): Promise<void> {
    await this.#wait();
    // The callback comes with or without an error; what was only queued would be lost with the connection.
    await new Promise((written) => this.#server.write(chunk, written));
    this.#asked = (this.#asked + chunk.toString('latin1')).slice(-REMEMBERED);
    this.#meetsFault();
  }

  async #answer(chunk: Buffer): Promise<void> {
    await this.#wait();
    const { sliceBytes = chunk.length, gapMs = 0 } = this.#setting.paceNow();
    for (let at = 0; at < chunk.length && !this.#isOver; at += sliceBytes) {
      this.#meetsFault();
      const slice = chunk.subarray(at, Math.min(at + sliceBytes, chunk.length));
      const passed = slice.subarray(0, this.#leftBytes);
      this.#leftBytes -= passed.length;
      if (passed.length > 0) this.#client.write(passed);
      if (passed.length < slice.length) this.#strike();
      else if (gapMs > 0) await sleep(gapMs);
    }
  }

  async #wait(): Promise<void> {
    const { latencyMs = 0, jitterMs = 0 } = this.#setting.paceNow();
    this.#pieces += 1;
    const waitMs = latencyMs + (this.#pieces % 3 === 0 ? jitterMs : 0);
    if (waitMs > 0) await sleep(waitMs);
  }

  /** Whether the fault has come to this line now. */
  #meetsFault(): boolean {
    if (this.#fault || this.#client.destroyed) return false;
    this.#fault = this.#setting.strikes(this.#asked);
    if (!this.#fault) return false;
    const { afterBytes } = this.#fault;
    this.#leftBytes = afterBytes ?? 0;
    if (afterBytes === undefined) this.#strike();
    return this.#isOver;
  }

  #strike(): void {
    this.#setting.struck();
    this.#isOver = true;
    if (this.#fault?.kind === 'reset') return this.reset();
    if (this.#fault?.kind !== 'stall') this.#server.destroy();
    if (this.#fault?.kind === 'end') return void this.#client.end();
    this.#client.pause();
    this.#server.pause();
  }
}

/** Starts a port that accepts no connection and refuses none: the packets to it are lost. */
export async function startDeafPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  // A listener that never accepts, with room for one connection: the kernel takes no more for it.
  const script = `
    const net = require('node:net');
    const server = net.createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      process.stdout.write(String(server.address().port) + '\\n', () => process.kill(process.pid, 'SIGSTOP'));
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(first.toString());
  const fillers = Array.from({ length: 8 }, () => {
    const socket = net.connect(port, '127.0.0.1');
    return socket.on('error', () => socket.destroy());
  });
  // What the kernel had room for is connected by now; the others are what everybody gets from here on.
  await sleep(100);
  return {
    port,
    close: async () => {
      for (const filler of fillers) filler.destroy();
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
