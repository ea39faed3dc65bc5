import { afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  issue,
  lifetime,
  startSilentPort,
  startTlsServer,
  type IssuedCertificate,
} from '../../../../lib/demo/servers/tls.ts';
import { judgeEndpoint } from '../../../../lambdas/tasks/certificates/check-endpoints.ts';
import { parseEndpoint } from '../../../../lambdas/tasks/certificates/_endpoint.ts';
import { showCommand } from '../../../../lambdas/tasks/certificates/_show-command.ts';
import { surveyEndpoint, type Family } from '../../../../lambdas/tasks/certificates/_survey.ts';
import { createTrustStore } from '../../../../lambdas/tasks/certificates/_trust.ts';
import { check, createPki, fullChain, type Pki } from './_endpoint.ts';

const now = new Date();
const limits = { warnBelow: 25, failBelow: 12, failBelowDays: 3 };
let pki: Pki;
const open: { close: () => Promise<void> }[] = [];

beforeAll(async () => {
  pki = await createPki();
});

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function leaf(leftDays: number) {
  return issue({ authority: pki.intermediate, names: ['shop.test'], ...lifetime(90, { leftDays, now }) });
}

async function serve(
  issued: IssuedCertificate,
  options: { host?: string; port?: number; certificates?: readonly string[] } = {},
) {
  const server = await startTlsServer({ certificates: fullChain(issued), privateKey: issued.privateKey, ...options });
  open.push(server);
  return server;
}

/** Checks `shop.test` as if the DNS gave these addresses. */
async function checkAddresses(
  port: number,
  addresses: readonly string[],
  families: readonly Family[] = ['ipv4', 'ipv6'],
) {
  const endpoint = parseEndpoint(`https://shop.test:${port}`);
  const sights = await surveyEndpoint(endpoint, {
    trustStore: createTrustStore(pki.root.certificate),
    allowAddresses: ['127.0.0.0/8'],
    families,
    timeoutSeconds: 1,
    signal: AbortSignal.timeout(30_000),
    lookupAll: async () => addresses,
  });
  return judgeEndpoint('shop', endpoint, sights, { limits, now });
}

test('two addresses with one certificate are one, and are judged once', async () => {
  const issued = await leaf(10);
  const { port } = await serve(issued);
  await serve(issued, { host: '127.0.0.2', port });
  const { findings, measurements } = await checkAddresses(port, ['127.0.0.1', '127.0.0.2']);
  expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([['renewal-overdue', undefined]]);
  expect(measurements.map(({ name, value, subject }) => [name, value, subject])).toEqual([
    ['certificate-days-left', 10, undefined],
    ['certificate-lifetime-left', 11.1, undefined],
  ]);
});

test('an expired certificate at the second address is found although the first is healthy', async () => {
  const { port } = await serve(await leaf(60));
  await serve(await leaf(-1), { host: '127.0.0.2', port });
  const { findings, measurements } = await checkAddresses(port, ['127.0.0.1', '127.0.0.2']);
  expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([
    ['different-certificates', undefined],
    ['expired', '127.0.0.2'],
  ]);
  expect(findings[0]?.summary).toMatch(/serves 2 certificates, 1 is expected: 127\.0\.0\.1 has CN=shop\.test until/);
  expect(measurements.map(({ value, subject }) => [value, subject])).toEqual([
    [60, '127.0.0.1'],
    [66.7, '127.0.0.1'],
    [-1, '127.0.0.2'],
    [-1.1, '127.0.0.2'],
  ]);
});

test('one address that forgot the intermediate is named, without a word of different certificates', async () => {
  const issued = await leaf(60);
  const { port } = await serve(issued);
  await serve(issued, { host: '127.0.0.2', port, certificates: [issued.certificate] });
  const { findings } = await checkAddresses(port, ['127.0.0.1', '127.0.0.2']);
  expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([['incomplete-chain', '127.0.0.2']]);
});

test('a silent second address is unknown beside a healthy first one', async () => {
  const { port } = await serve(await leaf(60));
  open.push(await startSilentPort({ host: '127.0.0.2', port }));
  const { findings, measurements } = await checkAddresses(port, ['127.0.0.1', '127.0.0.2']);
  expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([['not-probed', '127.0.0.2']]);
  expect(findings[0]?.summary).toContain(`shop.test:${port} at 127.0.0.2 accepted the connection and did not finish`);
  expect(measurements).toHaveLength(2);
});

test('a second address that must not be called is not called and is unknown', async () => {
  const { port } = await serve(await leaf(60));
  const { findings } = await checkAddresses(port, ['127.0.0.1', '169.254.169.254', '10.0.0.1']);
  expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([
    ['not-probed', '169.254.169.254'],
    ['not-probed', '10.0.0.1'],
  ]);
});

test('the families of the profile limit what is looked at, and a name without any is unknown', async () => {
  const { port } = await serve(await leaf(60));
  expect((await checkAddresses(port, ['127.0.0.1', '::1'], ['ipv4'])).findings).toEqual([]);
  await expect(checkAddresses(port, ['::1'], ['ipv4'])).rejects.toThrow('shop.test has no ipv4 address');
});

test('of a name with very many addresses the rest is unknown, not passed over', async () => {
  const { port } = await serve(await leaf(60), { host: '127.0.0.1' });
  const addresses = Array.from({ length: 20 }, (_, place) => `127.0.1.${place}`);
  const { findings } = await checkAddresses(port, ['127.0.0.1', ...addresses]);
  const untried = findings.filter(({ summary }) => summary.includes('21 addresses, at most 16 are looked at'));
  expect(untried).toHaveLength(5);
  expect(findings).toHaveLength(20);
});

test('the real DNS answer for localhost is looked up and probed', async () => {
  const issued = await issue({
    authority: pki.intermediate,
    names: ['localhost'],
    ...lifetime(90, { leftDays: 60, now }),
  });
  const { port } = await serve(issued);
  const settings = { url: `https://localhost:${port}`, ca: pki.root.certificate };
  expect((await check(settings, { now, input: { families: ['ipv4'] } })).kinds).toEqual([]);
});

test('the command of a finding asks the very address that it is about, by the name that clients use', async () => {
  const { port } = await serve(await leaf(60));
  await serve(await leaf(-1), { host: '127.0.0.2', port });
  const { findings } = await checkAddresses(port, ['127.0.0.1', '127.0.0.2']);
  const expired = findings.find(({ kind }) => kind === 'expired');
  expect(expired?.command).toBe(
    `echo | openssl s_client -connect 127.0.0.2:${port} -servername 'shop.test' -showcerts`,
  );
  expect(showCommand({ port: 443, serverName: '::1' }, '::1')).toBe(
    "echo | openssl s_client -connect '[::1]:443' -noservername -showcerts",
  );
});
