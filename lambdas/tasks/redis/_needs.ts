import { randomUUID } from 'node:crypto';
import type { Need } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import { addressNeeds } from '../../runtime/address-needs.ts';
import { addressOf } from './_address.ts';
import { LoginRefused, type RedisSession, type SessionOptions, withRedis } from './_connection.ts';
import { type Info, missingFields, parseInfo, totalsOf } from './_info.ts';
import { pageOf } from './_key-sample.ts';
import { inCount } from './_quantity.ts';
import { missingRight } from './_rights.ts';
import { judgeState } from './_server-state.ts';

type Seen = Omit<Need, 'target'>;

export interface SampleNeeds {
  /** Zero where no key is to be looked at. */
  readonly sampleKeys: number;
  readonly sampleSizes: number;
}

/** What a read of one server needs of it, seen by asking a little of all that the read asks. */
export async function redisNeeds(
  target: Target<'redis'>,
  options: SessionOptions,
  sample: SampleNeeds,
): Promise<Seen[]> {
  const { needs, isCallable } = await addressNeeds(addressOf(target).host, options);
  if (!isCallable) return needs.filter(({ state }) => state !== 'met');
  try {
    return await withRedis(target, options, (session) => look(session, target.name, sample));
  } catch (thrown) {
    if (!(thrown instanceof LoginRefused)) throw thrown;
    return [{ need: 'log in', state: 'missing', detail: thrown.message }];
  }
}

async function look(session: RedisSession, target: string, sample: SampleNeeds): Promise<Seen[]> {
  const { label, tls, user, password } = session.address;
  const whom = user ?? 'the default user';
  const seen: Seen[] = [
    { need: 'be reached', state: 'met', detail: `${label} answers ${tls ? 'over TLS' : 'in clear text'}` },
    { need: 'log in', state: 'met', detail: `as ${whom}${password === undefined ? ', without a password' : ''}` },
  ];
  const answer = await session.send(['INFO']);
  if ('refused' in answer) return [...seen, refusal('read INFO', ['INFO', answer.refused], user, undefined)];
  const info = parseInfo(String(answer.reply));
  const missing = missingFields(info);
  const state = judgeState(target, info);
  if (!state.isJudgeable)
    return [...seen, { need: 'read INFO', state: 'met', detail: serverOf(info) }, notServing(info, state)];
  if (missing.length > 0) {
    return [...seen, { need: 'read INFO', state: 'missing', detail: `it came without ${missing.join(', ')}` }];
  }
  const { keys } = totalsOf(info);
  seen.push(
    { need: 'read INFO', state: 'met', detail: serverOf(info) },
    {
      need: 'serve its data',
      state: 'met',
      detail: `${inCount(keys)} keys${keys === 0 ? '' : ` in ${databasesOf(info)}`}`,
    },
  );
  return sample.sampleKeys === 0 ? seen : [...seen, ...(await lookAtKeys(session, info, sample))];
}

function databasesOf({ keyspace }: Info): string {
  const numbers = keyspace.map(({ database }) => database);
  if (numbers.length === 0) return 'database 0';
  return `database${numbers.length === 1 ? '' : 's'} ${numbers.slice(0, DATABASES).join(', ')}`;
}

function serverOf({ fields }: Info): string {
  const version = fields.get('redis_version');
  const server = fields.has('dragonfly_version')
    ? 'Dragonfly'
    : fields.get('server_name') === 'valkey'
      ? 'Valkey'
      : 'Redis';
  return `${server}${version === undefined ? '' : ` ${version}`}, ${fields.get('role') ?? fields.get('redis_mode') ?? 'its role is not said'}`;
}

/** A Sentinel never holds keys; what loads or is cut off from its primary may hold them later. */
function notServing(info: Info, { findings }: ReturnType<typeof judgeState>): Seen {
  const isSentinel = info.fields.get('redis_mode') === 'sentinel';
  const detail = findings.map(({ summary }) => summary).join('; ');
  return { need: 'serve its data', state: isSentinel ? 'missing' : 'unknown', detail };
}

/** So many keys of each database, of so many databases. */
const KEYS = 20;
const DATABASES = 16;

interface Asked {
  readonly refused: Map<string, string>;
  keys: number;
  closed: number;
}

async function lookAtKeys(session: RedisSession, info: Info, { sampleSizes }: SampleNeeds): Promise<Seen[]> {
  const commands = sampleSizes === 0 ? (['PTTL'] as const) : (['PTTL', 'MEMORY'] as const);
  const asked: Asked = { refused: new Map(), keys: 0, closed: 0 };
  const databases = info.keyspace.map(({ database }) => database).slice(0, DATABASES);
  for (const database of databases.length === 0 ? [0] : databases)
    await lookAtDatabase(session, database, commands, asked);
  const { user } = session.address;
  const need = (words: string, command: string, met: string): Seen => {
    const said = asked.refused.get(command);
    if (said !== undefined) return refusal(words, [command, said], user, info);
    return { need: words, state: 'met', detail: met };
  };
  const isBlind = commands.every((command) => asked.refused.has(command)) || asked.refused.has('SCAN');
  const names = asked.keys === 0 ? 'a name that no key has' : `${asked.keys} keys`;
  return [
    need('run SCAN', 'SCAN', `the keys of ${databasesOf(info)} are listed`),
    ...(databases.some((database) => database !== 0)
      ? [need('select every database', 'SELECT', databasesOf(info))]
      : []),
    need('read the expiry of keys', 'PTTL', `PTTL was answered for ${names}`),
    ...(sampleSizes === 0 ? [] : [need('read the size of keys', 'MEMORY', `MEMORY USAGE was answered for ${names}`)]),
    isBlind
      ? { need: 'read every key', state: 'unknown', detail: 'the commands that would show it are refused' }
      : keysSeen(asked, info, user),
  ];
}

function keysSeen({ keys, closed }: Asked, info: Info, user: string | undefined): Seen {
  const need = 'read every key';
  if (closed === 0) {
    return {
      need,
      state: 'met',
      detail: keys === 0 ? 'it holds none, and no name is refused' : `${keys} of ${keys} that were tried`,
    };
  }
  const detail =
    keys === 0 ? 'it holds none, and not every name is allowed' : `${closed} of ${keys} that were tried are refused`;
  return { ...refusal(need, ['PTTL', 'NOPERM key'], user, info), detail };
}

/** Asks of a few keys what the sample asks: their values are never read. */
async function lookAtDatabase(
  session: RedisSession,
  database: number,
  commands: readonly ('PTTL' | 'MEMORY')[],
  asked: Asked,
): Promise<void> {
  const selected = database === 0 ? undefined : await session.send(['SELECT', String(database)]);
  if (selected && 'refused' in selected) return void asked.refused.set('SELECT', selected.refused);
  const [listed] = await session.sendAll([['SCAN', '0', 'COUNT', String(KEYS)]]);
  const page = pageOf(listed);
  if ('refused' in page) asked.refused.set('SCAN', page.refused);
  const keys = 'refused' in page ? [] : page.keys.slice(0, KEYS);
  asked.keys += keys.length;
  // A server without keys still tells whether any name may be read.
  const names = keys.length > 0 ? keys : [Buffer.from(`fettle-doctor-${randomUUID()}`)];
  const closed = new Set<string>();
  for (const command of commands) {
    const answers = await session.sendAll(
      names.map((name) => (command === 'PTTL' ? ['PTTL', name] : ['MEMORY', 'USAGE', name])),
    );
    for (const [place, answer] of answers.entries()) {
      // A node of a cluster sends who asks for a foreign name elsewhere.
      if (!('refused' in answer) || /^(MOVED|ASK|CLUSTERDOWN)\b/.test(answer.refused)) continue;
      if (isOfKey(answer.refused)) closed.add(String(place));
      else asked.refused.set(command, answer.refused);
    }
  }
  asked.closed += closed.size;
}

/** A refusal of the key and not of the command: 6 and 7 say it in different words. */
function isOfKey(words: string): boolean {
  return /^NOPERM\b.*\b(access a key|access one of the keys)\b/i.test(words);
}

function refusal(
  need: string,
  [command, words]: readonly [string, string],
  user: string | undefined,
  info: Info | undefined,
): Seen {
  const right = missingRight(command, words);
  const grant = right.grant(user, info);
  return {
    need,
    state: 'missing',
    detail: `the server refused ${right.command}: ${right.words}`,
    ...(grant !== undefined && { grant }),
  };
}
