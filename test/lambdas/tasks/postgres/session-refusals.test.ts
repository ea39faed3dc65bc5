import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { createAuthority, issue, startResettingPort, startSilentPort } from '../../../../lib/demo/servers/tls.ts';
import { applicationName } from '../../../../lambdas/tasks/postgres/_session.ts';
import { task } from '../../../../lambdas/tasks/postgres/vacuum.ts';
import {
  type Line,
  startLine,
  startTestServer,
  tableWithDeadRows,
  type TestServer,
  toEnd,
  valueOf,
} from './_database.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

const PASSWORD = 'correct-horse-battery';

/** What is said of a target that must not be touched. */
async function refusalOf(url: string, ca?: string): Promise<string> {
  const target = { url, ...(ca !== undefined && { ca }) };
  const { result, actions } = await toEnd({ task, targets: { main: target }, input: { minRows: 1_000 } });

  expect(actions).toEqual([]);
  expect(result.measurements).toEqual([]);
  expect(result.findings).toMatchObject([{ kind: 'not-readable', target: 'main' }]);
  const summary = result.findings[0]?.summary ?? '';
  expect(summary).not.toContain(PASSWORD);
  return summary;
}

describe('a server that cannot be read is unknown, with the reason and without the password', () => {
  test.each([
    ['nobody listens', `postgres://u:${PASSWORD}@127.0.0.1:1/d`, 'connect ECONNREFUSED 127.0.0.1:1'],
    [
      'the address is none',
      `not a url with ${PASSWORD}`,
      'postgres main: its url is not of the form postgres://user:password@host:port/database',
    ],
    ['the address is of another protocol', `https://u:${PASSWORD}@h/d`, 'postgres main: its url is not of the form'],
    ['the address has no host', `postgres:///d?password=${PASSWORD}`, 'postgres main: its url names no host'],
    [
      'the password is badly encoded',
      `postgres://u:${PASSWORD}%zz@h/d`,
      'postgres main: its url has a % that is not followed by',
    ],
    [
      'verification is switched off',
      `postgres://u:${PASSWORD}@h/d?sslmode=no-verify`,
      'postgres main: sslmode=no-verify is not supported',
    ],
  ])('where %s', async (_title, url, summary) => {
    expect(await refusalOf(url)).toContain(summary);
  });

  test('where the password is wrong, and where the database does not exist', async () => {
    const wrong = tests.server.url('postgres', { name: 'postgres', password: PASSWORD });

    expect(await refusalOf(wrong)).toContain('password authentication failed for user "postgres"');
    expect(await refusalOf(tests.server.url('nowhere'))).toContain('database "nowhere" does not exist');
  });

  test('where the server says nothing, and where it hangs up', async () => {
    const silent = await startSilentPort();
    const resetting = await startResettingPort();

    expect(await refusalOf(`postgres://u:${PASSWORD}@127.0.0.1:${silent.port}/d`)).toContain('timeout expired');
    expect(await refusalOf(`postgres://u:${PASSWORD}@127.0.0.1:${resetting.port}/d`)).toContain('cannot be reached');
    await Promise.all([silent.close(), resetting.close()]);
  });

  test('and hides nothing of the healthy target beside it', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'orders', 10_000, 4_000);
    const targets = { lost: { url: 'postgres://u@127.0.0.1:1/d' }, main: { url } };

    const { result, actions } = await toEnd({ task, targets, input: { minRows: 1_000 } });

    expect(actions).toMatchObject([{ target: 'main', status: 'done' }]);
    expect(result.findings).toMatchObject([{ kind: 'not-readable', target: 'lost' }]);
  });
});

describe('a server that must not be changed is refused', () => {
  test('where it is read-only', async () => {
    const url = await tests.database();
    await tableWithDeadRows(url, 'orders', 10_000, 4_000);
    await execute(
      url,
      `ALTER DATABASE "${decodeURIComponent(new URL(url).pathname.slice(1))}" SET default_transaction_read_only = on`,
    );

    expect(await refusalOf(url)).toContain('postgres main is read-only (default_transaction_read_only is on)');
    expect(await valueOf(url, 'SELECT vacuum_count::int FROM pg_stat_user_tables')).toBe(1);
  });

  test('where it is a connection pooler', async () => {
    const pooler = await startPooler(tests.server.port);

    const summary = await refusalOf(tests.server.url().replace(`:${tests.server.port}/`, `:${pooler.port}/`));
    await pooler.close();

    expect(summary).toContain('is a connection pooler');
  });
});

describe('over TLS', () => {
  let ca = '';
  const secure = (host: string, mode: string) => `${tests.server.url().replace('127.0.0.1', host)}?sslmode=${mode}`;

  test('a server without it is not spoken to in clear text', async () => {
    expect(await refusalOf(secure('127.0.0.1', 'require'))).toContain('The server does not support SSL connections');
  });

  test('a certificate that nobody vouches for is refused, one of the given authority is accepted', async () => {
    const authority = await createAuthority({ name: 'Test authority' });
    ca = authority.certificate;
    await serveTls(await issue({ authority, names: ['localhost'] }));

    for (const mode of ['require', 'verify-ca', 'verify-full']) {
      expect(await refusalOf(secure('localhost', mode))).toContain('unable to verify the first certificate');
    }
    const { result } = await toEnd({ task, targets: { main: { url: secure('localhost', 'verify-full'), ca } } });
    expect(result.findings).toMatchObject([{ kind: 'no-tables' }]);
  });

  test('a certificate for another name is refused unless only the chain was asked for', async () => {
    for (const mode of ['require', 'verify-full']) {
      expect(await refusalOf(secure('127.0.0.1', mode), ca)).toContain("IP: 127.0.0.1 is not in the cert's list");
    }
    const { result } = await toEnd({ task, targets: { main: { url: secure('127.0.0.1', 'verify-ca'), ca } } });
    expect(result.findings).toMatchObject([{ kind: 'no-tables' }]);
  });
});

test.each([
  ['fettle:daily-20261121T020000Z:postgres-vacuum', 'fettle:daily-20261121T020000Z:postgres-vacuum'],
  [`fettle:${'long'.repeat(20)}:postgres-vacuum`, 'fettle:longlonglonglonglonglonglonglon~longlong:postgres-vacuum'],
  ['fettle:käse:postgres-vacuum', 'fettle:k?se:postgres-vacuum'],
])('the session of %s is called %s, which PostgreSQL does not cut', (sessionName, name) => {
  expect(applicationName(sessionName)).toBe(name);
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
});

/** Gives the server a certificate while it runs. */
async function serveTls({ certificate, privateKey }: { certificate: string; privateKey: string }): Promise<void> {
  const url = tests.server.url();
  const folder = String(await valueOf(url, 'SHOW data_directory'));
  for (const [name, text] of Object.entries({ 'tls.crt': certificate, 'tls.key': privateKey })) {
    const hex = Buffer.from(text).toString('hex');
    // The server writes its own files, so they belong to whom it runs as.
    const object = `SELECT lo_from_bytea(99, decode('${hex}', 'hex'))`;
    await execute(url, object, `SELECT lo_export(99, '${join(folder, name)}')`, 'SELECT lo_unlink(99)');
    await chmod(join(folder, name), 0o600);
  }
  await execute(url, `ALTER SYSTEM SET ssl_cert_file = 'tls.crt'`, `ALTER SYSTEM SET ssl_key_file = 'tls.key'`);
  await execute(url, 'ALTER SYSTEM SET ssl = on', 'SELECT pg_reload_conf()');
  while ((await valueOf(url, 'SHOW ssl')) !== 'on') continue;
}

/** As a pooler does, it names the session by a process id of its own. */
async function startPooler(port: number): Promise<Line> {
  const BACKEND_KEY_DATA = Buffer.from([0x4b, 0, 0, 0, 12]);
  return startLine(port, (chunk) => {
    const at = chunk.indexOf(BACKEND_KEY_DATA);
    if (at >= 0) chunk.writeInt32BE(424_242, at + BACKEND_KEY_DATA.length);
  });
}
