import { X509Certificate } from 'node:crypto';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createAuthority,
  issue,
  startPlainTextPort,
  startResettingPort,
  startSilentPort,
  startTlsServer,
  type Listening,
} from '../../../../lib/demo/servers/tls.ts';
import { task } from '../../../../lambdas/tasks/certificates/check-endpoints.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { check, createPki, fullChain, type Pki } from './_endpoint.ts';

const quick = { input: { probeTimeoutSeconds: 1 } };
let pki: Pki;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  pki = await createPki();
});

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function opened<Server extends { close: () => Promise<void> }>(server: Server): Server {
  open.push(server);
  return server;
}

test('an unknown certificate is of the severity unknown', () => {
  expect(task.findings['not-probed']?.severity).toBe('unknown');
});

describe('a port without a TLS handshake leaves the certificate unknown, with the reason', () => {
  test.each<{ title: string; start: () => Promise<Listening>; reason: string }>([
    {
      title: 'a silent port',
      start: () => startSilentPort(),
      reason: 'accepted the connection and did not finish the TLS handshake within 1 s',
    },
    {
      title: 'a port that resets',
      start: () => startResettingPort(),
      reason: 'ended the connection during the TLS handshake',
    },
    { title: 'an SSH port', start: () => startPlainTextPort(), reason: 'answered in plain text, not in TLS' },
    {
      title: 'an HTTP port',
      start: () => startPlainTextPort({ greeting: 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n' }),
      reason: 'answered in plain text, not in TLS',
    },
    {
      title: 'a port that sends a TLS alert at once',
      start: () => startPlainTextPort({ greeting: '\u0015\u0003\u0003\u0000\u0002\u0002\u0028' }),
      reason: 'did not make a TLS handshake: ',
    },
    { title: 'a port that was closed', start: startAndClose, reason: 'refused the connection' },
  ])('$title', async ({ start, reason }) => {
    const { port } = opened(await start());
    const { kinds, summaries, measurements } = await check({ url: `https://127.0.0.1:${port}` }, quick);
    expect(kinds).toEqual(['not-probed']);
    expect(summaries['not-probed']).toContain(`127.0.0.1:${port} ${reason}`);
    expect(measurements).toEqual({});
  });

  test('a server that dribbles its handshake is given up at the time-out', async () => {
    const issued = await issue({ names: ['shop.test'] });
    const whole = opened(await startTlsServer({ certificates: fullChain(issued), privateKey: issued.privateKey }));
    const server = opened(await startTlsProxy(whole.port, (chunk) => chunk.subarray(0, 3)));
    const { summaries } = await check({ url: `https://127.0.0.1:${server.port}` }, quick);
    expect(summaries['not-probed']).toContain('did not finish the TLS handshake within 1 s');
  });
});

test('a name that does not resolve is not readable', async () => {
  const { kinds, summaries } = await check({ url: 'https://no-such-host.invalid' }, quick);
  expect(kinds).toEqual(['not-readable']);
  expect(summaries['not-readable']).toContain('the address of no-such-host.invalid was not found');
});

test.each([
  ['https://169.254.169.254', 'which is never called'],
  ['https://10.1.2.3', 'is a private address that allowAddresses does not cover'],
  ['tls://2852039166', 'which is never called'],
  ['tls://0xa.1', '10.0.0.1'],
])('%s is not called', async (url, reason) => {
  const { kinds, summaries } = await check({ url }, quick);
  expect(kinds).toEqual(['not-probed']);
  expect(`${summaries['not-probed']}`).toContain(reason);
});

test('a reference that resolved to no address is not readable, and its value is not repeated', async () => {
  const { kinds, summaries } = await check({ url: 'hunter2 is no address' });
  expect(kinds).toEqual(['not-readable']);
  expect(summaries['not-readable']).not.toContain('hunter2');
});

test('a ca without certificates is not readable, although the endpoint itself would answer', async () => {
  const issued = await issue({ names: ['shop.test'] });
  const { port } = opened(await startTlsServer({ certificates: fullChain(issued), privateKey: issued.privateKey }));
  const { summaries } = await check({ url: `https://127.0.0.1:${port}`, ca: 'not PEM' });
  expect(summaries).toEqual({ 'not-readable': 'ca has no PEM certificate in it' });
});

test('the deadline of the task ends a probe that is still waiting', async () => {
  const { port } = opened(await startSilentPort());
  const { summaries } = await check({ url: `https://127.0.0.1:${port}` }, { timeoutSeconds: 0.3 });
  expect(summaries['not-probed']).toContain('before the task reached its deadline');
});

test('a silent endpoint hides nothing of its neighbour', async () => {
  const issued = await issue({ authority: pki.intermediate, names: ['shop.test'] });
  const silent = opened(await startSilentPort());
  const server = opened(await startTlsServer({ certificates: fullChain(issued), privateKey: issued.privateKey }));
  const { findings, measurements } = await resultOf({
    task,
    targets: {
      silent: { url: `tls://127.0.0.1:${silent.port}` },
      shop: { url: `tls://127.0.0.1:${server.port}`, serverName: 'shop.test', ca: pki.root.certificate },
    },
    ...quick,
  });
  expect(findings.map(({ kind, target }) => [kind, target])).toEqual([['not-probed', 'silent']]);
  expect(measurements.map(({ target }) => target)).toEqual(['shop', 'shop']);
});

test.each(['rsa-2048', 'ec-p256'] as const)(
  'a certificate of another %s key than the server has is a mismatch',
  async (key) => {
    const authority = await createAuthority({ name: 'RSA Issuing', key: 'rsa-2048' });
    const own = await issue({ authority, names: ['shop.test'], key });
    let other = await issue({ authority, names: ['shop.test'], key });
    // The one is put in the place of the other on the way, so they must be of one length; serial numbers are not.
    while (derOf(other).length !== derOf(own).length) other = await issue({ authority, names: ['shop.test'], key });
    const server = opened(
      await startTlsServer({ certificates: [own.certificate], privateKey: own.privateKey, maxVersion: 'TLSv1.2' }),
    );
    const proxy = opened(await startTlsProxy(server.port, (chunk) => replaced(chunk, derOf(own), derOf(other))));
    const healthy = { url: `https://127.0.0.1:${server.port}`, serverName: 'shop.test', ca: authority.certificate };
    const mismatched = { ...healthy, url: `https://127.0.0.1:${proxy.port}` };
    expect((await check(healthy)).kinds).toEqual([]);
    expect((await check(mismatched)).kinds).toEqual(['key-mismatch']);
  },
);

async function startAndClose(): Promise<Listening> {
  const listening = await startSilentPort();
  await listening.close();
  return { ...listening, close: async () => {} };
}

function derOf({ certificate }: { readonly certificate: string }): Buffer {
  return new X509Certificate(certificate).raw;
}

function replaced(chunk: Buffer, from: Buffer, to: Buffer): Buffer {
  const at = chunk.indexOf(from);
  return at < 0 ? chunk : Buffer.concat([chunk.subarray(0, at), to, chunk.subarray(at + from.length)]);
}

/** Hands on what both sides say, with the server's words changed. */
async function startTlsProxy(port: number, change: (chunk: Buffer) => Buffer): Promise<Listening> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => client.write(change(chunk)));
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, close };
}
