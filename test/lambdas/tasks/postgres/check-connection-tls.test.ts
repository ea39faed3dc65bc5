import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execute } from '../../../../lib/demo/servers/postgres.ts';
import {
  type Authority,
  createAuthority,
  issue,
  type IssuedCertificate,
  lifetime,
} from '../../../../lib/demo/servers/tls.ts';
import { task } from '../../../../lambdas/tasks/postgres/check-connection.ts';
import { needsOf } from '../../../harness/needs-of.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { startTestServer, type TestServer, valueOf } from './_database.ts';

let tests: TestServer;
let authority: Authority;
beforeAll(async () => {
  tests = await startTestServer();
  authority = await createAuthority({ name: 'Test authority' });
});
afterAll(() => tests.end());

function at(host: string): string {
  return `${tests.server.url().replace('127.0.0.1', host)}?sslmode=verify-full`;
}

async function check(host: string, ca?: string) {
  const target = { url: at(host), ...(ca !== undefined && { ca }) };
  return (await resultOf({ task, targets: { main: target }, input: { retryFor: '1s' } })).findings;
}

test('a server without TLS is a failure where the target asks for it, and is not spoken to in clear text', async () => {
  expect(await check('127.0.0.1')).toMatchObject([{ kind: 'tls-not-offered' }]);
});

test('a certificate of an unknown authority is a failure, and one of the given authority is a pass over TLS 1.3', async () => {
  await serveTls(await issue({ authority, names: ['localhost'] }));

  expect(await check('localhost')).toMatchObject([
    { kind: 'certificate-untrusted', summary: expect.stringContaining('unable to verify the first certificate') },
  ]);
  expect(await check('localhost', authority.certificate)).toMatchObject([
    { kind: 'logged-in', summary: 'PostgreSQL 15.18, primary, database postgres as postgres, TLSv1.3' },
  ]);
});

test('what is needed over TLS is seen to be missing without the authority, and met with it', async () => {
  const words = async (ca?: string) => {
    const targets = { main: { url: at('localhost'), ...(ca !== undefined && { ca }) } };
    return (await needsOf({ task, targets })).map(({ state, need, detail }) => `${state} ${need}: ${detail}`);
  };

  expect(await words()).toEqual([
    expect.stringMatching(/^met be reached: localhost:\d+ answers$/),
    expect.stringContaining('missing be trusted over TLS: '),
  ]);
  expect(await words(authority.certificate)).toEqual([
    expect.stringMatching(/^met be reached: localhost:\d+ answers over TLS 1\.3$/),
    'met be trusted over TLS: its certificate was verified',
    'met log in: PostgreSQL 15.18, primary, database postgres as postgres',
    'met answer queries: the catalogue was read',
    expect.stringContaining('met see all sessions: '),
  ]);
});

test('a certificate for another name is a failure', async () => {
  expect(await check('127.0.0.1', authority.certificate)).toMatchObject([{ kind: 'certificate-wrong-name' }]);
});

test('an expired certificate is a failure, although sessions of yesterday go on', async () => {
  const expired = lifetime(90, { leftDays: -1, now: new Date() });
  await serveTls(await issue({ authority, names: ['localhost'], ...expired }));

  expect(await check('localhost', authority.certificate)).toMatchObject([{ kind: 'certificate-expired' }]);
});

test('a server that speaks no protocol of today is a failure of the handshake', async () => {
  await serveTls(await issue({ authority, names: ['localhost'] }), `ssl_max_protocol_version = 'TLSv1.1'`);

  expect(await check('localhost', authority.certificate)).toMatchObject([{ kind: 'tls-failed' }]);
});

/** Gives the server a certificate while it runs, and settings that it needs. */
async function serveTls({ certificate, privateKey }: IssuedCertificate, ...settings: readonly string[]): Promise<void> {
  const url = tests.server.url();
  const folder = String(await valueOf(url, 'SHOW data_directory'));
  for (const [name, text] of Object.entries({ 'tls.crt': certificate, 'tls.key': privateKey })) {
    const hex = Buffer.from(text).toString('hex');
    // The server writes its own files, so they belong to whom it runs as.
    const object = `SELECT lo_from_bytea(99, decode('${hex}', 'hex'))`;
    await execute(url, object, `SELECT lo_export(99, '${join(folder, name)}')`, 'SELECT lo_unlink(99)');
    await chmod(join(folder, name), 0o600);
  }
  const all = [
    `ssl_min_protocol_version = 'TLSv1'`,
    `ssl_cert_file = 'tls.crt'`,
    `ssl_key_file = 'tls.key'`,
    'ssl = on',
    ...settings,
  ];
  await execute(url, ...all.map((setting) => `ALTER SYSTEM SET ${setting}`), 'SELECT pg_reload_conf()');
  // The server takes up new settings a moment later, and says nowhere that it has the new certificate.
  await sleep(300);
}
