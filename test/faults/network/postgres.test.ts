import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import net, { type AddressInfo } from 'node:net';
import type { Json } from '../../../core/json.ts';
import type { Task } from '../../../core/task.ts';
import { task as analyze } from '../../../lambdas/tasks/postgres/analyze.ts';
import { task as checkConnection } from '../../../lambdas/tasks/postgres/check-connection.ts';
import { task as checkSlowQueries } from '../../../lambdas/tasks/postgres/check-slow-queries.ts';
import { task as checkWraparound } from '../../../lambdas/tasks/postgres/check-wraparound.ts';
import { task as reindex } from '../../../lambdas/tasks/postgres/reindex.ts';
import { task as vacuum } from '../../../lambdas/tasks/postgres/vacuum.ts';
import { execute } from '../../../lib/demo/servers/postgres.ts';
import { startTestServer, type TestServer } from '../../lambdas/tasks/postgres/_database.ts';
import { BAD_LINES, see, seeOver, type Row, type Seen } from './_matrix.ts';

const TASKS: readonly (readonly [string, Task, Readonly<Record<string, Json>>])[] = [
  ['postgres-analyze', analyze, {}],
  ['postgres-vacuum', vacuum, {}],
  ['postgres-reindex', reindex, {}],
  ['postgres-check-wraparound', checkWraparound, {}],
  ['postgres-check-slow-queries', checkSlowQueries, {}],
  [
    'postgres-check-connection',
    checkConnection,
    { retryFor: '1s', connectMillisecondsAbove: 60_000, roundTripMillisecondsAbove: 60_000 },
  ],
];

/** The first question of every session is who we are. */
const ASKED = /current_database\(\)/;
const IN_LOGIN = 60;
const IN_ANSWER = 60;
const HUNG_UP = /(Connection terminated|ECONNRESET|EPIPE|closed without a word)/;
const READ_FAILED = /(cannot be read|a read did not): (Error: )?(read ECONNRESET|Connection terminated|write EPIPE)/;
const READ_SILENT = /(cannot be read|a read did not): Query read timeout/;

const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /ECONNREFUSED/ },
  { title: 'lets no connection through', isDeaf: true, words: /timeout expired|no answer to the attempt to connect/ },
  { title: 'is reset at once', fault: { kind: 'reset' }, words: HUNG_UP },
  { title: 'is closed at once', fault: { kind: 'end' }, words: HUNG_UP },
  { title: 'is reset in the middle of the login', fault: { kind: 'reset', afterBytes: IN_LOGIN }, words: HUNG_UP },
  { title: 'is closed in the middle of the login', fault: { kind: 'end', afterBytes: IN_LOGIN }, words: HUNG_UP },
  { title: 'swallows everything', fault: { kind: 'stall' }, words: /timeout expired|not a byte was answered/ },
  {
    title: 'loses its other end in the middle of the login',
    fault: { kind: 'half-open', afterBytes: IN_LOGIN },
    words: /timeout expired|the login was not answered/,
  },
  {
    title: 'is reset in the middle of an answer',
    fault: { kind: 'reset', onceAsked: ASKED, afterBytes: IN_ANSWER },
    words: READ_FAILED,
  },
  {
    title: 'is closed in the middle of an answer',
    fault: { kind: 'end', onceAsked: ASKED, afterBytes: IN_ANSWER },
    words: READ_FAILED,
  },
  {
    title: 'swallows the end of an answer',
    fault: { kind: 'stall', onceAsked: ASKED, afterBytes: IN_ANSWER },
    words: READ_SILENT,
  },
  {
    title: 'loses its other end in the middle of an answer',
    fault: { kind: 'half-open', onceAsked: ASKED, afterBytes: IN_ANSWER },
    words: READ_SILENT,
  },
];

let tests: TestServer;
let url = '';
let seen: ReadonlyMap<Task, ReadonlyMap<string, Seen>>;

beforeAll(async () => {
  tests = await startTestServer(['max_connections=300']);
  url = await tests.database();
  await execute(url, 'CREATE EXTENSION pg_stat_statements', 'CREATE TABLE orders (id int PRIMARY KEY)', 'ANALYZE');
  const all = TASKS.map(async ([, task, input]) => {
    const look = (port: number) => check(task, port, input);
    return [task, await seeOver([...ROWS, ...BAD_LINES], tests.server.port, look)] as const;
  });
  seen = new Map(await Promise.all(all));
});
afterAll(() => tests.end());

function check(task: Task, port: number, input: Readonly<Record<string, Json>>): Promise<Seen> {
  const targets = { lost: { url: url.replace(`:${tests.server.port}/`, `:${port}/`) }, well: { url } };
  return see({ task, targets, input });
}

describe.each(TASKS)('%s passes nothing, and judges the target beside it, where the line', (_name, task) => {
  test.each(ROWS)('$title', ({ title, words, isDeaf }) => {
    const { verdicts, said, measured } = seen.get(task)?.get(title) ?? {};

    // A check of the connection itself does know something where anybody is there.
    expect(verdicts?.['lost']).toBe(task === checkConnection && isDeaf !== true ? 'fail' : 'unknown');
    expect(verdicts?.['well']).not.toBe('fail');
    expect(said?.['lost']).toMatch(words);
    expect(said?.['lost']).not.toContain(decodeURIComponent(new URL(url).password));
    expect(measured).toEqual(['well']);
  });

  test.each(BAD_LINES)('is broken in no way, and judges as ever where it $title', ({ title }) => {
    const { verdicts, measured } = seen.get(task)?.get(title) ?? {};

    expect(verdicts?.['lost']).toBe(verdicts?.['well']);
    expect(measured).toEqual(['lost', 'well']);
  });
});

test('to a server that says that it has no TLS nothing is said in clear text: no name, no password, no statement', async () => {
  const heard: Buffer[] = [];
  const listener = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      heard.push(chunk);
      socket.write('N');
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;

  for (const [, task, input] of TASKS) {
    const targets = { lost: { url: `postgres://keeper:a-password@127.0.0.1:${port}/shop?sslmode=require` } };
    const { verdicts } = await see({ task, targets, input });
    expect(['unknown', 'fail']).toContain(verdicts['lost']);
  }
  await new Promise((resolve) => listener.close(resolve));

  // Each says nothing but the eight bytes that ask for TLS.
  const request = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
  expect(heard).toHaveLength(TASKS.length);
  for (const one of heard) expect(one).toEqual(request);
});
