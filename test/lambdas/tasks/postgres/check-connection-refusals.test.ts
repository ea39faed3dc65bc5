import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import { startPlainTextPort, startResettingPort, startSilentPort } from '../../../../lib/demo/servers/tls.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-connection.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { openSession, startTestServer, type TestServer, valueOf } from './_database.ts';

let tests: TestServer;
beforeAll(async () => {
  tests = await startTestServer();
});
afterAll(() => tests.end());

const PASSWORD = 'correct-horse-battery';
const INPUT = { retryFor: '1s', connectTimeout: '1s' };

/** The one thing that is said of a target that lets nobody in. */
async function refusalOf(url: string, input = {}) {
  const { findings, measurements } = await resultOf({
    task,
    targets: { main: { url } },
    input: { ...INPUT, ...input },
  });
  expect(measurements).toEqual([]);
  expect(findings).toHaveLength(1);
  expect(findings[0]?.summary).not.toContain(PASSWORD);
  return { ...findings[0], severity: task.findings[findings[0]?.kind ?? '']?.severity };
}

function at(port: number, query = ''): string {
  return `postgres://u:${PASSWORD}@127.0.0.1:${port}/d${query}`;
}

describe('a login that the server refuses is a failure with a name of its own', () => {
  test('a wrong password, and none', async () => {
    const wrong = await refusalOf(tests.server.url('postgres', { name: 'postgres', password: PASSWORD }));
    expect(wrong).toMatchObject({ kind: 'password-refused', severity: 'fail' });
    expect(wrong.summary).toMatch(/^127\.0\.0\.1:\d+: password authentication failed for user "postgres" \(28P01\)$/);

    expect(await refusalOf(`postgres://postgres@127.0.0.1:${tests.server.port}/postgres`)).toMatchObject({
      kind: 'password-refused',
      summary: expect.stringContaining('the server asks for a password and the url has none'),
    });
  });

  test('a database that does not exist', async () => {
    expect(await refusalOf(tests.server.url('nowhere'))).toMatchObject({ kind: 'no-database', severity: 'fail' });
  });

  test('a role that may not log in, a database that is closed, and one to which the role has no right', async () => {
    const superuser = tests.server.url();
    await execute(superuser, `CREATE ROLE app NOLOGIN PASSWORD 'p'`, 'CREATE DATABASE own', 'CREATE DATABASE closed');
    const app = { name: 'app', password: 'p' };

    const noLogin = await refusalOf(tests.server.url('own', app));
    expect(noLogin).toMatchObject({ kind: 'login-refused', severity: 'fail' });
    expect(noLogin.summary).toContain('role "app" is not permitted to log in (28000)');

    await execute(superuser, 'ALTER ROLE app LOGIN', 'REVOKE CONNECT ON DATABASE own FROM PUBLIC');
    expect(await refusalOf(tests.server.url('own', app))).toMatchObject({
      kind: 'login-refused',
      summary: expect.stringContaining('permission denied for database "own" (42501)'),
    });

    await execute(superuser, 'ALTER DATABASE closed ALLOW_CONNECTIONS false');
    expect(await refusalOf(tests.server.url('closed'))).toMatchObject({
      kind: 'login-refused',
      summary: expect.stringContaining('is not currently accepting connections (55000)'),
    });
  });
});

describe('a port behind which no server answers a login', () => {
  test('is a failure where the host says that nobody listens', async () => {
    expect(await refusalOf(at(1))).toMatchObject({
      kind: 'refused',
      severity: 'fail',
      summary: expect.stringMatching(/^127\.0\.0\.1:1: .*ECONNREFUSED 127\.0\.0\.1:1$/),
    });
  });

  test('is a failure where it hangs up', async () => {
    const resetting = await startResettingPort();
    expect(await refusalOf(at(resetting.port))).toMatchObject({ kind: 'hung-up', severity: 'fail' });
    await resetting.close();
  });

  test('is a failure where something else answers, with TLS and without', async () => {
    const ssh = await startPlainTextPort();
    for (const query of ['', '?sslmode=require']) {
      expect(await refusalOf(at(ssh.port, query))).toMatchObject({
        kind: 'not-postgres',
        severity: 'fail',
        summary: `127.0.0.1:${ssh.port}: the other side began with "SSH-2.0-OpenSSH_9.6"`,
      });
    }
    await ssh.close();
  });

  test('is a failure where it takes connections and says nothing, with TLS and without', async () => {
    const silent = await startSilentPort();
    for (const query of ['', '?sslmode=require']) {
      expect(await refusalOf(at(silent.port, query))).toMatchObject({ kind: 'silent', severity: 'fail' });
    }
    await silent.close();
  });

  test('is unknown where the name has no address', async () => {
    expect(await refusalOf(`postgres://u:${PASSWORD}@db.invalid/d`)).toMatchObject({
      kind: 'not-reachable',
      severity: 'unknown',
      summary: expect.stringContaining('db.invalid'),
    });
  });

  test('is unknown where the url is none, without repeating it', async () => {
    expect(await refusalOf(`not a url with ${PASSWORD}`)).toMatchObject({ kind: 'not-readable' });
  });
});

describe('a server that is there and does not answer', () => {
  test('is a failure where its process is stopped, although its port is open', async () => {
    const pid = await postmaster();
    process.kill(pid, 'SIGSTOP');
    const finding = await refusalOf(tests.server.url()).finally(() => process.kill(pid, 'SIGCONT'));

    expect(finding).toMatchObject({ kind: 'silent', severity: 'fail' });
    expect(finding.summary).toContain('not a byte was answered');
  });

  test('is a warning where a later attempt works, as in a restart', async () => {
    const line = await startFlakyLine(tests.server.port);
    const url = tests.server.url().replace(`:${tests.server.port}/`, `:${line.port}/`);

    const { findings } = await resultOf({ task, targets: { main: { url } }, input: { retryFor: '5s' } });
    await line.close();

    expect(findings).toMatchObject([
      { kind: 'logged-in' },
      { kind: 'came-back', summary: expect.stringMatching(/^logins were refused for \d s: .*/) },
    ]);
  });

  // Ends the server, so it comes last.
  test('is a failure where it is shutting down', async () => {
    const session = await openSession(tests.server.url());
    process.kill(await postmaster(), 'SIGTERM');

    const finding = await refusalOf(tests.server.url());
    await session.end();

    expect(finding).toMatchObject({ kind: 'not-accepting', severity: 'fail' });
    expect(finding.summary).toContain('the database system is shutting down (57P03)');
  });
});

async function postmaster(): Promise<number> {
  const folder = String(await valueOf(tests.server.url(), 'SHOW data_directory'));
  return Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** A line to the server that drops the first connection. */
async function startFlakyLine(port: number): Promise<{ readonly port: number; close(): Promise<unknown> }> {
  let connections = 0;
  const listener = net.createServer((client) => {
    client.on('error', () => client.destroy());
    if ((connections += 1) === 1) {
      client.resetAndDestroy();
      return;
    }
    const upstream = net.connect(port, '127.0.0.1');
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as net.AddressInfo).port,
    close: () => new Promise((resolve) => listener.close(resolve)),
  };
}
