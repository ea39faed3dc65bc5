import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, issue, lifetime, startTlsServer } from '../../../../lib/demo/servers/tls.ts';
import { createTrustStore, judgeTrust } from '../../../../lambdas/tasks/certificates/_trust.ts';
import { check, checkServed, createPki, fullChain, until, type Pki } from './_endpoint.ts';

const now = new Date();
const valid = lifetime(90, { leftDays: 60, now });
let pki: Pki;
let ca: string;

beforeAll(async () => {
  pki = await createPki();
  ca = pki.root.certificate;
});

function leaf(options: Partial<Parameters<typeof issue>[0]> = {}) {
  return issue({ authority: pki.intermediate, names: ['shop.test'], ...valid, ...options });
}

test('a certificate with its chain, in its time and for its name, has no finding and two measurements', async () => {
  const { kinds, measurements } = await checkServed({ issued: await leaf(), ca, now });
  expect(kinds).toEqual([]);
  expect(measurements).toEqual({ 'certificate-days-left': 60, 'certificate-lifetime-left': 66.7 });
});

describe('the time left is judged as a share of the lifetime', () => {
  test.each([
    { lifetimeDays: 47, leftDays: 20, kinds: [] },
    { lifetimeDays: 47, leftDays: 11, kinds: ['renewal-due'] },
    { lifetimeDays: 90, leftDays: 23, kinds: [] },
    { lifetimeDays: 90, leftDays: 22.5, kinds: ['renewal-due'] },
    { lifetimeDays: 90, leftDays: 10, kinds: ['renewal-overdue'] },
    { lifetimeDays: 398, leftDays: 30, kinds: ['renewal-overdue'] },
    { lifetimeDays: 398, leftDays: 99, kinds: ['renewal-due'] },
    { lifetimeDays: 16, leftDays: 2.5, kinds: ['renewal-overdue'] },
    { lifetimeDays: 6, leftDays: 2.5, kinds: [] },
    { lifetimeDays: 90, leftDays: 0.01, kinds: ['renewal-overdue'] },
  ])('$leftDays of $lifetimeDays days: $kinds', async ({ lifetimeDays, leftDays, kinds }) => {
    const issued = await leaf(lifetime(lifetimeDays, { leftDays, now }));
    expect((await checkServed({ issued, ca, now })).kinds).toEqual(kinds);
  });

  test('the summary has the share, the days and the limit', async () => {
    const issued = await leaf(lifetime(398, { leftDays: 30, now }));
    const { summaries } = await checkServed({ issued, ca, now });
    expect(summaries['renewal-overdue']).toMatch(
      /^127\.0\.0\.1:\d+ has 7\.5 % of its 398 days \(30 days\) left, fails at 12 %$/,
    );
  });

  test('the profile sets the limits', async () => {
    const issued = await leaf(lifetime(90, { leftDays: 40, now }));
    expect((await checkServed({ issued, ca, now, input: { warnBelow: '50%' } })).kinds).toEqual(['renewal-due']);
  });
});

test('an expired certificate has expired, and nothing is said of its renewal', async () => {
  const issued = await leaf(lifetime(90, { leftDays: -1, now }));
  const { kinds, measurements } = await checkServed({ issued, ca, now });
  expect(kinds).toEqual(['expired']);
  expect(measurements['certificate-days-left']).toBe(-1);
});

test('a certificate of tomorrow is not yet valid', async () => {
  const issued = await leaf(lifetime(90, { leftDays: 91, now }));
  expect((await checkServed({ issued, ca, now })).kinds).toEqual(['not-yet-valid']);
});

test('an expired certificate of an unknown authority for another name says all three', async () => {
  const authority = await createAuthority({ name: 'Stranger' });
  const issued = await issue({ authority, names: ['other.test'], ...lifetime(90, { leftDays: -1, now }) });
  const certificates = [issued.certificate, authority.certificate];
  expect((await checkServed({ issued, certificates, ca, now })).kinds).toEqual(['expired', 'untrusted', 'wrong-name']);
});

describe('the chain', () => {
  test('a self-signed certificate is untrusted', async () => {
    const issued = await issue({ names: ['shop.test'], ...valid });
    const { kinds, summaries } = await checkServed({ issued, ca, now });
    expect(kinds).toEqual(['untrusted']);
    expect(summaries['untrusted']).toContain('is self-signed');
  });

  test('a self-signed certificate that the profile trusts has no finding', async () => {
    const issued = await issue({ names: ['shop.test'], ...valid });
    expect((await checkServed({ issued, ca: issued.certificate, now })).kinds).toEqual([]);
  });

  test('a private authority is untrusted without its ca', async () => {
    const issued = await leaf();
    const { kinds, summaries } = await checkServed({ issued, now });
    expect(kinds).toEqual(['untrusted']);
    expect(summaries['untrusted']).toContain('ends at CN=Acme Root, which is neither served nor trusted');
  });

  test('a missing intermediate makes the chain incomplete, even where the bundle of the profile has it', async () => {
    const issued = await leaf();
    const certificates = [issued.certificate];
    const bundle = `${pki.intermediate.certificate}\n${ca}`;
    expect((await checkServed({ issued, certificates, ca, now })).kinds).toEqual(['incomplete-chain']);
    expect((await checkServed({ issued, certificates, ca: bundle, now })).kinds).toEqual(['incomplete-chain']);
    expect((await checkServed({ issued, ca: bundle, now })).kinds).toEqual([]);
  });

  test('an intermediate of another authority does not complete it', async () => {
    const [issued, other] = await Promise.all([leaf(), createPki()]);
    const certificates = [issued.certificate, other.intermediate.certificate];
    const { kinds } = await checkServed({ issued, certificates, ca, now });
    expect(kinds).toEqual(['incomplete-chain']);
  });

  test('an expired intermediate fails although the certificate itself is in its time', async () => {
    const authority = await createAuthority({
      name: 'Old Issuing',
      parent: pki.root,
      ...lifetime(365, { leftDays: -2, now }),
    });
    const { kinds, summaries, measurements } = await checkServed({ issued: await leaf({ authority }), ca, now });
    expect(kinds).toEqual(['chain-expired']);
    expect(summaries['chain-expired']).toContain('CN=Old Issuing of its chain expired');
    expect(measurements['certificate-days-left']).toBe(-2);
  });

  test('an intermediate that ends first warns, and the earlier end counts', async () => {
    const authority = await createAuthority({
      name: 'Ending Issuing',
      parent: pki.root,
      ...lifetime(365, { leftDays: 5, now }),
    });
    const { kinds, measurements } = await checkServed({ issued: await leaf({ authority }), ca, now });
    expect(kinds).toEqual(['chain-ends-first', 'renewal-due']);
    expect(measurements['certificate-days-left']).toBe(5);
  });

  test('the public roots are trusted, and a ca is trusted besides them', () => {
    const [pem = ''] = rootCertificates;
    const root = new X509Certificate(pem);
    expect(judgeTrust([root], createTrustStore(), undefined).status).toBe('trusted');
    expect(judgeTrust([root], createTrustStore(ca), undefined).status).toBe('trusted');
    expect(judgeTrust([root], { rootsBySubject: new Map() }, undefined).status).toBe('self-signed');
  });

  test('a root that has expired in the bundle of the profile fails', async () => {
    const root = await createAuthority({ name: 'Old Root', ...lifetime(3_650, { leftDays: -1, now }) });
    const issued = await leaf({ authority: root });
    expect((await checkServed({ issued, ca: root.certificate, now })).kinds).toEqual(['chain-expired']);
  });
});

describe('the name', () => {
  test.each([
    { names: ['other.test'], serverName: 'shop.test', kinds: ['wrong-name'] },
    { names: ['*.shop.test'], serverName: 'api.shop.test', kinds: [] },
    { names: ['*.shop.test'], serverName: 'shop.test', kinds: ['wrong-name'] },
    { names: ['*.shop.test'], serverName: 'a.b.shop.test', kinds: ['wrong-name'] },
    { names: ['xn--mnchen-3ya.test'], serverName: 'münchen.test', kinds: [] },
    { names: ['shop.test'], serverName: 'shop.test.', kinds: [] },
    { names: ['10.0.0.1'], serverName: '127.0.0.1', kinds: ['wrong-name'] },
    { names: ['127.0.0.1'], serverName: '127.0.0.1', kinds: [] },
  ])('a certificate for $names under $serverName: $kinds', async ({ names, serverName, kinds }) => {
    expect((await checkServed({ issued: await leaf({ names }), ca, serverName, now })).kinds).toEqual(kinds);
  });

  test('a common name alone is no name', async () => {
    const issued = await leaf({ names: [], commonName: 'shop.test' });
    const { summaries } = await checkServed({ issued, ca, now });
    expect(summaries['wrong-name']).toContain('has no DNS name in its subject alternative name, not for shop.test');
  });

  test('without serverName the host of the address is asked for and expected, and no IP address is sent', async () => {
    const issued = await leaf({ names: ['localhost', '127.0.0.1'] });
    const server = await startTlsServer({ certificates: fullChain(issued), privateKey: issued.privateKey });
    const input = { families: ['ipv4'] };
    const byName = await check({ url: `tls://localhost:${server.port}`, ca }, { now, input });
    const byAddress = await check({ url: `https://127.0.0.1:${server.port}/health`, ca }, { now, input });
    await until(() => server.serverNames.length === 2);
    await server.close();
    expect([byName.kinds, byAddress.kinds]).toEqual([[], []]);
    expect(server.serverNames).toEqual(['localhost', '']);
  });
});

describe('the strength', () => {
  test('an RSA key of 1024 bits is weak and one of 2048 is not', async () => {
    const weak = await checkServed({ issued: await leaf({ key: 'rsa-1024' }), ca, now });
    expect(weak.kinds).toEqual(['weak-key']);
    expect(weak.summaries['weak-key']).toContain('RSA key of 1024 bits, at least 2048');
    expect((await checkServed({ issued: await leaf({ key: 'rsa-2048' }), ca, now })).kinds).toEqual([]);
  });

  test('a SHA-1 signature is weak on a certificate and means nothing on a root', async () => {
    const root = await createAuthority({ name: 'Legacy Root', key: 'rsa-2048-sha1' });
    const signedByIt = await checkServed({ issued: await leaf({ authority: root }), ca: root.certificate, now });
    expect(signedByIt.kinds).toEqual(['weak-signature']);
    expect(signedByIt.summaries['weak-signature']).toContain('CN=shop.test is signed with SHA-1');
  });

  test('a server that has nothing newer than TLS 1.1 warns', async () => {
    const issued = await leaf({ key: 'rsa-2048' });
    const server = await startTlsServer({
      certificates: fullChain(issued),
      privateKey: issued.privateKey,
      maxVersion: 'TLSv1.1',
    });
    const url = `https://127.0.0.1:${server.port}`;
    const { kinds } = await check({ url, serverName: 'shop.test', ca }, { now });
    await server.close();
    expect(kinds).toEqual(['old-protocol']);
  });
});

test('a plain HTTP endpoint says that there was no certificate to check', async () => {
  const { kinds, summaries } = await check({ url: 'http://shop.test/health' });
  expect(kinds).toEqual(['no-tls']);
  expect(summaries['no-tls']).toContain('shop.test:80 speaks plain HTTP');
});
