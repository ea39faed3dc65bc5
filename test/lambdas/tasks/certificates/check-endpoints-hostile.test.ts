import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import { createAuthority, issue, lifetime, startTlsServer } from '../../../../lib/demo/servers/tls.ts';
import { task } from '../../../../lambdas/tasks/certificates/check-endpoints.ts';
import { judgeTrust } from '../../../../lambdas/tasks/certificates/_trust.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { checkServed, createPki, fullChain, type Pki } from './_endpoint.ts';

let pki: Pki;

beforeAll(async () => {
  pki = await createPki();
});

test('what acts on a terminal or a page stays text on one line', async () => {
  const commonName = 'ok\nCN=good\u001b[31m\u202e"<script>alert(1)</script>, O=x';
  const authority = await createAuthority({ name: commonName });
  const issued = await issue({ authority, names: ['other.test'], commonName });
  const certificates = [issued.certificate, authority.certificate];
  const { kinds, summaries } = await checkServed({ issued, certificates });
  expect(kinds).toEqual(['untrusted', 'wrong-name']);
  for (const summary of Object.values(summaries)) expect(summary).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('a name in the common name or between the alternatives does not pass for the name asked for', async () => {
  const issued = await issue({
    authority: pki.intermediate,
    names: ['evil.test, DNS:shop.test', 'shop.test.evil.test'],
    commonName: 'shop.test',
  });
  expect((await checkServed({ issued, ca: pki.root.certificate })).kinds).toEqual(['wrong-name']);
});

test('of 150 names three are shown and the rest is counted', async () => {
  const names = Array.from({ length: 150 }, (_, place) => `n${place}.test`);
  const issued = await issue({ authority: pki.intermediate, names });
  const { summaries } = await checkServed({ issued, ca: pki.root.certificate });
  expect(summaries['wrong-name']).toContain('is for DNS:n0.test, DNS:n1.test, DNS:n2.test and 147 more, not for');
  const twin = await checkServed({ issued, ca: pki.root.certificate, serverName: 'n149.test' });
  expect(twin.kinds).toEqual([]);
});

test('a certificate without an end lives as long as its issuers', async () => {
  const issued = await issue({
    authority: pki.intermediate,
    names: ['shop.test'],
    notAfter: new Date('9999-12-31T23:59:59Z'),
  });
  const { kinds, measurements } = await checkServed({ issued, ca: pki.root.certificate });
  // The intermediate and the root end before it.
  expect(kinds).toEqual(['chain-ends-first', 'chain-ends-first']);
  expect(measurements['certificate-days-left']).toBeGreaterThan(3_600);
});

test('authorities that issued each other lead nowhere, and the search ends', async () => {
  const a = await createAuthority({ name: 'A' });
  const b = await createAuthority({ name: 'B' });
  const aByB = { ...(await createAuthority({ name: 'A', parent: b })) };
  const bByA = { ...(await createAuthority({ name: 'B', parent: a })) };
  const leaf = await issue({ authority: a, names: ['shop.test'] });
  const served = [leaf, aByB, bByA, aByB, bByA].map(({ certificate }) => new X509Certificate(certificate));
  const [own, ...others] = served;
  if (!own) throw new Error('nothing is served');
  const trust = judgeTrust([own, ...others], { rootsBySubject: new Map() }, undefined);
  expect(trust).toMatchObject({ status: 'issuer-missing' });
});

test('a certificate in reversed or repeated company is still the one that is served first', async () => {
  const issued = await issue({ authority: pki.intermediate, names: ['shop.test'] });
  const certificates = [issued.certificate, pki.root.certificate, ...issued.chain, ...issued.chain];
  expect((await checkServed({ issued, certificates, ca: pki.root.certificate })).kinds).toEqual([]);
});

test('a certificate that was issued with the certificate of a server is refused', async () => {
  const stolen = await issue({ authority: pki.intermediate, names: ['shop.test'] });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const authority = {
    name: 'shop.test',
    certificate: stolen.certificate,
    chain: fullChain(stolen),
    keys: {
      privateKey: createPrivateKey(stolen.privateKey).toCryptoKey(algorithm, true, ['sign']),
      publicKey: createPublicKey(stolen.privateKey).toCryptoKey(algorithm, true, ['verify']),
    },
  };
  const issued = await issue({ authority, names: ['bank.test'] });
  const { summaries } = await checkServed({ issued, ca: pki.root.certificate, serverName: 'bank.test' });
  expect(Object.keys(summaries)).toEqual(['untrusted']);
  expect(summaries['untrusted']).toContain('leads to a trusted root and is refused: INVALID_PURPOSE');
});

test('500 endpoints are each judged, 32 at a time', async () => {
  const issued = await issue({
    authority: pki.intermediate,
    names: ['shop.test'],
    ...lifetime(90, { leftDays: 5, now: new Date() }),
  });
  const server = await startTlsServer({ certificates: fullChain(issued), privateKey: issued.privateKey });
  const settings = { url: `https://127.0.0.1:${server.port}`, serverName: 'shop.test', ca: pki.root.certificate };
  const targets = Object.fromEntries(Array.from({ length: 500 }, (_, place) => [`shop-${place}`, settings]));
  const { findings, measurements } = await resultOf({ task, targets });
  await server.close();
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['renewal-overdue']));
  expect(new Set(findings.map(({ target }) => target)).size).toBe(500);
  expect(measurements).toHaveLength(1_000);
});
