import { X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Unavailable } from '../../core/errors.ts';
import { parseEndpoint } from '../../lambdas/tasks/certificates/_endpoint.ts';
import { nameProblem, readCertificate, shown } from '../../lambdas/tasks/certificates/_certificate.ts';
import { judgeServed, timeLeft } from '../../lambdas/tasks/certificates/_judgement.ts';
import { showCommand } from '../../lambdas/tasks/certificates/_show-command.ts';
import { createTrustStore, judgeTrust } from '../../lambdas/tasks/certificates/_trust.ts';
import { createAuthority, issue } from '../../lib/demo/servers/tls.ts';
import { anyText, holds } from './property.ts';

const CERTIFICATE = { pem: '', der: Buffer.alloc(0), ca: '' };
beforeAll(async () => {
  const authority = await createAuthority({ name: 'Fuzz CA' });
  const { certificate } = await issue({ authority, names: ['shop.example'] });
  Object.assign(CERTIFICATE, {
    pem: certificate,
    der: Buffer.from(new X509Certificate(certificate).raw),
    ca: authority.certificate,
  });
});

const NOW = new Date();
const LIMITS = { warnBelow: 33, failBelow: 10, failBelowDays: 3 };

/** What a damaged certificate becomes: one that OpenSSL still reads, or nothing. */
function damaged(changes: readonly { readonly at: number; readonly byte: number }[]): X509Certificate | undefined {
  const der = Buffer.from(CERTIFICATE.der);
  for (const { at, byte } of changes) der[at % der.length] = byte;
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

test('a certificate that was damaged anywhere is never trusted, and what is said of it is plain', () => {
  const { rootsBySubject } = createTrustStore(CERTIFICATE.ca);
  const change = fc.record({ at: fc.nat(5_000), byte: fc.nat(255) });
  holds(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const x509 = damaged(changes);
      if (!x509) return;
      const isSame = x509.fingerprint256 === new X509Certificate(CERTIFICATE.der).fingerprint256;
      const said = saidOf(x509, rootsBySubject);
      if (said instanceof Error) return;
      expect(said.trust.status === 'trusted').toBe(isSame);
      expect(said.certificate.notAfter.getTime()).not.toBeNaN();
      expect(said.certificate.name).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      for (const { summary } of judgeServed(
        {
          ...said,
          issuers: [],
          serverName: 'shop.example',
          nameProblem: nameProblem(x509, 'shop.example'),
          protocol: 'TLSv1.3',
        },
        LIMITS,
        NOW,
      )) {
        expect(summary).not.toMatch(/[\p{Cc}\p{Cf}]|undefined|NaN/u);
      }
      expect(Number.isFinite(timeLeft({ certificate: said.certificate, issuers: [] }, NOW).days)).toBe(true);
    }),
    400,
  );
});

function saidOf(x509: X509Certificate, rootsBySubject: Parameters<typeof judgeTrust>[1]['rootsBySubject']) {
  try {
    return { certificate: readCertificate(x509), trust: judgeTrust([x509], { rootsBySubject }, undefined) };
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new TypeError(String(thrown));
  }
}

test('the address of an endpoint is read as host, port and name, or refused without repeating it', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
  );
  holds(
    fc.property(
      host,
      fc.integer({ min: 1, max: 65_535 }),
      fc.constantFrom('https', 'tls', 'http'),
      (name, port, scheme) => {
        const endpoint = parseEndpoint(`${scheme}://${name}:${port}/path`);
        expect(endpoint).toMatchObject({ port, scheme: scheme === 'http' ? 'http' : 'tls' });
        expect(endpoint.label).toBe(`${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${port}`);
        const words = execFileSync(
          '/bin/sh',
          ['-c', `openssl() { printf '%s\\0' "$@"; }\n${showCommand(endpoint, endpoint.host)}`],
          { encoding: 'utf8', timeout: 10_000 },
        ).split('\0');
        expect(words.slice(0, 3)).toEqual(['s_client', '-connect', endpoint.label]);
      },
    ),
    25,
  );
  holds(
    fc.property(anyText, anyText, (text, serverName) => {
      for (const attempt of [
        () => parseEndpoint(`${text}canary`),
        () => parseEndpoint('https://shop.example', serverName),
      ]) {
        try {
          attempt();
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Unavailable);
          expect(String(thrown)).not.toMatch(/canary/);
        }
      }
      expect(shown(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(shown(text.repeat(9)).length).toBeLessThanOrEqual(101);
    }),
    150,
  );
});
