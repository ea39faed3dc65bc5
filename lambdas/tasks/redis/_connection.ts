import { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { callableAddresses } from '../../runtime/address-guard.ts';
import { addressOf, type RedisAddress } from './_address.ts';
import { greet } from './_greeting.ts';

/** The server is there and does not let us in as whom the url says. */
export class LoginRefused extends Unavailable {}

export type Reply = string | number | null | Buffer | readonly Reply[];

/** What a server answers to one command; an error reply is an answer too. */
export type Answer = { readonly reply: Reply } | { readonly refused: string };

export type Command = readonly [string, ...(string | Buffer)[]];

export interface RedisSession {
  readonly address: RedisAddress;
  /** Sends one command. Throws `Unavailable` where no answer came in time. */
  send(command: Command): Promise<Answer>;
  /** Sends all at once and waits for the last; strings of the answers are bytes, for names of keys may be anything. */
  sendAll(commands: readonly Command[]): Promise<Answer[]>;
}

export interface SessionOptions {
  /** What names our connection in CLIENT LIST. */
  readonly sessionName: string;
  readonly allowAddresses: readonly string[];
  /** For the look-up, for the connection, and for the answer to each command. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * Connects to a Redis, hands the session to `use`, and hangs up.
 *
 * One attempt, no reconnection: a command is never sent twice. Nothing that the session sends counts as a use of a
 * key where the server knows CLIENT NO-TOUCH. Throws `Unavailable` with what the server said or did not say.
 */
export async function withRedis<Result>(
  target: Target<'redis'>,
  options: SessionOptions,
  use: (session: RedisSession) => Promise<Result>,
): Promise<Result> {
  const address = addressOf(target);
  const { ip, greeting } = await firstAnswering(address, options);
  if (greeting.startsWith('-')) refuseStrangers(address, greeting.slice(1));
  const client = clientOf(address, ip, options.timeoutSeconds);
  const failure = new AbortController();
  client.on('error', (error: unknown) => failure.abort(failureOf(address, error)));
  const overdue = 'was still being read when the task reached its deadline';
  const onDeadline = () => failure.abort(new Unavailable(`${address.label} ${overdue}`));
  options.signal.addEventListener('abort', onDeadline, { once: true });
  const bounded = bound(failure, options.timeoutSeconds, address);
  try {
    await connect(client, address, bounded);
    const session = sessionOn(client, address, bounded);
    // Both are a courtesy: a server that does not know or allow them is read all the same.
    await session.send(['CLIENT', 'SETNAME', options.sessionName.replace(/[^\x21-\x7e]/g, '-')]);
    await session.send(['CLIENT', 'NO-TOUCH', 'ON']);
    return await use(session);
  } finally {
    options.signal.removeEventListener('abort', onDeadline);
    client.destroy();
  }
}

type Client = ReturnType<typeof clientOf>;
type Bounded = <Value>(what: string, work: () => Promise<Value>) => Promise<Value>;

async function firstAnswering(address: RedisAddress, options: SessionOptions) {
  const ips = await callableAddresses(address.host, options);
  const reasons: string[] = [];
  for (const ip of ips) {
    try {
      return { ip, greeting: await greet(address, { ...options, ip }) };
    } catch (thrown) {
      if (!(thrown instanceof Unavailable)) throw thrown;
      reasons.push(ips.length === 1 ? thrown.message : `${thrown.message} (${ip})`);
    }
  }
  throw new Unavailable(reasons.join('; '));
}

function clientOf({ port, user, password, tls }: RedisAddress, ip: string, timeoutSeconds: number) {
  const milliseconds = timeoutSeconds * 1_000;
  const common = { host: ip, port, connectTimeout: milliseconds, reconnectStrategy: false } as const;
  return createClient({
    // The older protocol is the one that every server and proxy speaks, and it needs no HELLO.
    RESP: 2,
    socket: tls ? { ...common, ...tls, tls: true } : common,
    ...(password !== undefined && { password, ...(user !== undefined && { username: user }) }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // The client's own limit ends when a command is written; ours holds until its answer is here.
    commandOptions: { timeout: 0 },
  });
}

async function connect(client: Client, address: RedisAddress, bounded: Bounded): Promise<void> {
  try {
    await bounded('a connection', () => client.connect());
  } catch (thrown) {
    if (thrown instanceof Unavailable) throw thrown;
    throw failureOf(address, thrown);
  }
}

// What has the same bytes as text.
const ASCII = /^[\x20-\x7e]*$/;
const AS_TEXT = { typeMapping: {} };
const AS_BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

function sessionOn(client: Client, address: RedisAddress, bounded: Bounded): RedisSession {
  const toReply = (reply: unknown): Answer => ({ reply: reply as Reply });
  const toRefusal = (thrown: unknown): Answer => {
    if (thrown instanceof ErrorReply) return { refused: thrown.message };
    throw thrown instanceof Unavailable ? thrown : failureOf(address, thrown);
  };
  const ask = (command: Command, bytes: boolean): Promise<Answer> =>
    client.sendCommand(command.map(written), bytes ? AS_BYTES : AS_TEXT).then(toReply, toRefusal);
  return {
    address,
    send: (command) => bounded(command[0], () => ask(command, false)),
    sendAll: (commands) =>
      bounded(commands[0]?.[0] ?? 'nothing', () => Promise.all(commands.map((command) => ask(command, true)))),
  };
}

/** The client writes a command of texts in one piece, and one with bytes in three: for thousands that is most of the work. */
function written(part: string | Buffer): string | Buffer {
  if (typeof part === 'string') return part;
  const text = part.toString('latin1');
  return ASCII.test(text) ? text : part;
}

/** Ends whatever is waited for at the time limit, at the deadline, or when the connection fails. */
function bound(failure: AbortController, timeoutSeconds: number, { label }: RedisAddress): Bounded {
  return async (what, work) => {
    failure.signal.throwIfAborted();
    const ended = Promise.withResolvers<never>();
    const onFailure = () => ended.reject(failure.signal.reason as Error);
    const overdue = () =>
      failure.abort(new Unavailable(`${label} did not answer ${what} within ${timeoutSeconds} s; it may hang`));
    const timer = setTimeout(overdue, timeoutSeconds * 1_000);
    failure.signal.addEventListener('abort', onFailure, { once: true });
    try {
      return await Promise.race([ended.promise, work()]);
    } finally {
      clearTimeout(timer);
      failure.signal.removeEventListener('abort', onFailure);
    }
  };
}

/** Some refuse everyone before the first command. What stands in the answer is the server's own word. */
function refuseStrangers({ label, password }: RedisAddress, words: string): void {
  if (words.startsWith('NOAUTH') && password === undefined) {
    throw new LoginRefused(`${label} asks for a password and its url has none`);
  }
  if (words.startsWith('DENIED')) {
    throw new Unavailable(
      `${label} is in protected mode: it has no password and takes connections of its own host only`,
    );
  }
  if (/max number of clients/i.test(words)) {
    throw new Unavailable(`${label} has reached its maxclients and takes no further connection`);
  }
}

const WRONG_PASSWORD = 'refused the user or the password of its url';
const SUPERFLUOUS_PASSWORD =
  'has no password for its default user, but its url has one: anyone may use it, or it is another server';
const LOGIN_REASONS = [WRONG_PASSWORD, SUPERFLUOUS_PASSWORD];

function failureOf({ label }: RedisAddress, thrown: unknown): Unavailable {
  const reason = reasonOf(thrown);
  return new (LOGIN_REASONS.includes(reason) ? LoginRefused : Unavailable)(`${label} ${reason}`);
}

function reasonOf(thrown: unknown): string {
  const text = messageOf(thrown);
  if (/^WRONGPASS|invalid password/i.test(text)) return WRONG_PASSWORD;
  if (/called without any password configured/.test(text)) return SUPERFLUOUS_PASSWORD;
  if (/Unknown RESP type|Cannot read propert/.test(text)) return 'sent what is no answer of a Redis';
  if (/Socket closed unexpectedly|ECONNRESET|EPIPE/.test(text)) return 'ended the connection while it was being read';
  return `failed: ${text}`;
}
