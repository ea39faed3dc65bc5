import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Seen {
  readonly keys: number;
  readonly withoutExpiry: number;
}

/** What a person would write: SCAN COUNT 1000, then PTTL of each key in one piece, on a bare connection. */
export async function lookWithLoop(port: number): Promise<Seen> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const answers = linesOf(socket);
  const seen = { keys: 0, withoutExpiry: 0 };
  try {
    let cursor = '0';
    do {
      socket.write(`SCAN ${cursor} COUNT 1000\r\n`);
      // An array of two: the cursor, and the array of the keys, each after its length.
      const head = await answers(4);
      cursor = head[2] ?? '0';
      const count = Number(head[3]?.slice(1));
      const keys = (await answers(2 * count)).filter((_, place) => place % 2 === 1);
      if (count > 0) socket.write(keys.map((key) => `PTTL ${key}\r\n`).join(''));
      const expiries = await answers(count);
      seen.keys += count;
      seen.withoutExpiry += expiries.filter((expiry) => expiry === ':-1').length;
    } while (cursor !== '0');
  } finally {
    socket.destroy();
  }
  return seen;
}

/** Gives the next so many lines of an answer, whose keys have no line breaks. */
function linesOf(socket: Socket): (count: number) => Promise<readonly string[]> {
  const lines: string[] = [];
  let rest = '';
  socket.on('data', (piece: Buffer) => {
    const parts = (rest + piece.toString('latin1')).split('\r\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return async (count) => {
    while (lines.length < count) await once(socket, 'data');
    return lines.splice(0, count);
  };
}
