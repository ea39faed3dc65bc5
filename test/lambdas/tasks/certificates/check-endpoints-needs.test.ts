import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Json } from '../../../../core/json.ts';
import { task } from '../../../../lambdas/tasks/certificates/check-endpoints.ts';
import {
  createAuthority,
  issue,
  startPlainTextPort,
  startSilentPort,
  startTlsServer,
  type Listening,
} from '../../../../lib/demo/servers/tls.ts';
import { needsOf } from '../../../harness/needs-of.ts';

let served: Listening;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  // Nobody trusts it and it is for another name: both are for the task to find.
  const issued = await issue({ authority: await createAuthority({ name: 'Acme Root' }), names: ['shop.test'] });
  served = await startTlsServer({ certificates: [issued.certificate], privateKey: issued.privateKey });
});
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
afterAll(() => served.close());

async function port(start: Promise<Listening>): Promise<number> {
  const server = await start;
  open.push(server);
  return server.port;
}

const ask = (settings: Readonly<Record<string, Json>>) =>
  needsOf({ task, targets: { shop: settings }, input: { probeTimeoutSeconds: 1 } });
const ALLOWED = {
  target: 'shop',
  need: 'be allowed by allowAddresses',
  state: 'met',
  detail: '127.0.0.1 may be called',
};
const unknown = (detail: unknown) => ({ target: 'shop', need: 'be reached', state: 'unknown', detail });

test('a port that answers in plain text is reached and has no TLS', async () => {
  const number = await port(startPlainTextPort({ greeting: 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n' }));

  expect(await ask({ url: `https://127.0.0.1:${number}` })).toEqual([
    ALLOWED,
    { target: 'shop', need: 'be reached', state: 'met', detail: `127.0.0.1:${number} answers at 127.0.0.1` },
    {
      target: 'shop',
      need: 'answer TLS',
      state: 'missing',
      detail: `127.0.0.1:${number} answered in plain text, not in TLS`,
    },
  ]);
});

test('a handshake is all that it takes, whatever the certificate is worth', async () => {
  expect(await ask({ url: `https://127.0.0.1:${served.port}` })).toMatchObject([
    ALLOWED,
    { need: 'be reached', state: 'met' },
    { need: 'answer TLS', state: 'met', detail: 'TLSv1.3, a certificate of CN=shop.test' },
  ]);
});

test('an address without TLS needs none', async () => {
  expect(await ask({ url: 'http://127.0.0.1' })).toMatchObject([
    { need: 'answer TLS', state: 'met', detail: expect.stringContaining('begins with http://') },
  ]);
});

test('what is silent or gone is unknown with the reason', async () => {
  const silent = await port(startSilentPort());
  const gone = await startSilentPort();
  await gone.close();

  expect(await ask({ url: `https://127.0.0.1:${silent}` })).toEqual([
    ALLOWED,
    unknown(expect.stringContaining('did not finish the TLS handshake within 1 s')),
  ]);
  expect(await ask({ url: `https://127.0.0.1:${gone.port}` })).toEqual([
    ALLOWED,
    unknown(`127.0.0.1:${gone.port} refused the connection`),
  ]);
});

test('what the profile does not allow is missing with the line that allows it, and a name nobody knows is unknown', async () => {
  expect(await ask({ url: 'https://10.0.0.1' })).toMatchObject([
    { need: 'be allowed by allowAddresses', state: 'missing', grant: expect.stringContaining('10.0.0.1/32') },
  ]);
  expect(await ask({ url: 'https://shop.invalid' })).toMatchObject([
    { need: 'be found by its name', state: 'unknown', detail: expect.stringContaining('shop.invalid') },
  ]);
});

test('an authority that cannot be read is unknown with the reason', async () => {
  expect(await ask({ url: `https://127.0.0.1:${served.port}`, ca: 'no certificate' })).toEqual([
    unknown('ca has no PEM certificate in it'),
  ]);
});
