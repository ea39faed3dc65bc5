import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, issue, type Authority } from '../../../lib/demo/servers/tls.ts';

// Loaded after ./tls.ts has made ready what it needs: a loader may evaluate a CommonJS package before any ES module.
const x509 = await import('@peculiar/x509');

const HOUR_MILLISECONDS = 3_600_000;

/** A client certificate with its key, PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Writes what the API server and the controllers prove who they are with; the authority stays in memory. */
export async function writeCertificates(folder: string): Promise<Authority> {
  const authority = await createAuthority({ name: 'kubernetes' });
  const serving = await issue({ authority, names: ['127.0.0.1', 'localhost', 'kubernetes.default.svc'] });
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const files = {
    'authority.crt': authority.certificate,
    'serving.crt': serving.certificate,
    'serving.key': serving.privateKey,
    'accounts.pub': publicKey,
    'accounts.key': privateKey,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  return authority;
}

/** A certificate by which the API server knows its bearer as this user of these groups, for an hour. */
export async function clientCertificate(
  authority: Authority,
  user: string,
  groups: readonly string[] = [],
): Promise<ClientCertificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [user] }, ...groups.map((group) => ({ O: [group] }))],
    issuer: [{ CN: [authority.name] }],
    notBefore: new Date(Date.now() - HOUR_MILLISECONDS),
    notAfter: new Date(Date.now() + HOUR_MILLISECONDS),
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: certificate.toString('pem'),
    privateKey: x509.PemConverter.encode(key, x509.PemConverter.PrivateKeyTag),
  };
}
