import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface Stranger {
  readonly port: number;
  /** The commands that were sent, in capitals. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

/** A server that does what a test wants with each connection. */
export async function startStranger(onConnection: (socket: Socket) => void): Promise<Stranger> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.setNoDelay(true);
    // Whoever hangs up in the middle is what these servers are for.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    commands: [],
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** A server that speaks the protocol and answers as it is told; what it has no answer to is unknown to it. */
export async function startProxy(answerTo: (command: string, socket: Socket) => string | undefined): Promise<Stranger> {
  const commands: string[] = [];
  const stranger = await startStranger((socket) => {
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString('latin1');
      for (let parsed = nextCommand(rest); parsed; parsed = nextCommand(rest)) {
        rest = parsed.rest;
        commands.push(parsed.command);
        const answer = answerTo(parsed.command, socket);
        if (answer !== undefined) socket.write(answer);
      }
    });
  });
  return { ...stranger, commands };
}

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

function nextCommand(text: string): { command: string; rest: string } | undefined {
  const inline = /^([A-Z]+)\r\n/.exec(text);
  if (inline) return { command: inline[1] ?? '', rest: text.slice(inline[0].length) };
  const count = Number(/^\*(\d+)\r\n/.exec(text)?.[1] ?? 0);
  if (count === 0) return undefined;
  let at = text.indexOf('\r\n') + 2;
  const words: string[] = [];
  for (let place = 0; place < count; place += 1) {
    const head = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (!head) return undefined;
    const from = at + head[0].length;
    const length = Number(head[1]);
    if (text.length < from + length + 2) return undefined;
    words.push(text.slice(from, from + length));
    at = from + length + 2;
  }
  return { command: (words[0] ?? '').toUpperCase(), rest: text.slice(at) };
}
