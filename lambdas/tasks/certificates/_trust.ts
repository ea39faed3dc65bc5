import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { messageOf, Unavailable } from '../../../core/errors.ts';
import { readCertificate, shown, type Certificate } from './_certificate.ts';

/** Whether what was served leads to a root that is trusted; the dates are judged elsewhere. */
export type Trust =
  | { readonly status: 'trusted'; readonly root: Certificate }
  | { readonly status: 'self-signed' }
  | { readonly status: 'unknown-root'; readonly root: string }
  /** The path stops after `length` certificates: nothing served or trusted issued the last one. */
  | { readonly status: 'issuer-missing'; readonly issuer: string; readonly length: number }
  /** It leads to a trusted root, and OpenSSL refuses it all the same. */
  | { readonly status: 'refused'; readonly code: string };

/** The roots that one endpoint trusts, for OpenSSL and for our own look at what was served. */
export interface TrustStore {
  readonly context: SecureContext;
  readonly rootsBySubject: ReadonlyMap<string, readonly X509Certificate[]>;
}

// OpenSSL tells the last error of many, and these two hide the others: the dates are judged by us.
const DATE_CODES = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

let publicRoots: readonly X509Certificate[] | undefined;

/** The public roots, with those of a bundle; throws `Unavailable` where the bundle is not PEM certificates. */
export function createTrustStore(caBundle?: string): TrustStore {
  publicRoots ??= getCACertificates('default').map((pem) => new X509Certificate(pem));
  const own = caBundle === undefined ? [] : parseBundle(caBundle);
  // The top of a bundle is trusted even where it is no root; what it issued is not, for a client that has only the
  // top would miss an intermediate that the server does not serve.
  const tops = own.filter((x509) => isIssuedBy(x509, x509) || !own.some((other) => isIssuedBy(x509, other)));
  const context = createSecureContext({
    // Left out, the public roots are one store that all connections use.
    ...(own.length > 0 && { ca: [...getCACertificates('default'), ...tops.map(String)], allowPartialTrustChain: true }),
    // To look at a weak server it must be possible to talk to it; what is weak is then a finding.
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  return { context, rootsBySubject: Map.groupBy([...publicRoots, ...tops], ({ subject }) => subject) };
}

/**
 * Follows the served certificates to a trusted root.
 *
 * OpenSSL's own answer, `verifyError`, says one thing of many, so that an expired certificate would hide an unknown
 * issuer; it decides only where we found nothing wrong: purposes, constraints, path lengths.
 */
export function judgeTrust(
  served: readonly [X509Certificate, ...X509Certificate[]],
  { rootsBySubject }: Pick<TrustStore, 'rootsBySubject'>,
  verifyError: string | undefined,
): Trust {
  // Each certificate once: a served list may hold loops and any number of certificates of one name.
  const path = [served[0]];
  for (const current of path) {
    const root = rootOf(current, rootsBySubject);
    if (root && verifyError && !DATE_CODES.has(verifyError)) return { status: 'refused', code: verifyError };
    if (root) return { status: 'trusted', root: readCertificate(root) };
    path.push(...served.filter((candidate) => !path.includes(candidate) && isIssuedBy(current, candidate)));
  }
  const last = path.at(-1) ?? served[0];
  if (!isIssuedBy(last, last)) return { status: 'issuer-missing', issuer: shown(last.issuer), length: path.length };
  return path.length === 1 ? { status: 'self-signed' } : { status: 'unknown-root', root: shown(last.subject) };
}

function rootOf(x509: X509Certificate, roots: TrustStore['rootsBySubject']): X509Certificate | undefined {
  const itself = roots.get(x509.subject)?.find(({ fingerprint256 }) => fingerprint256 === x509.fingerprint256);
  if (itself) return itself;
  const issuers = (roots.get(x509.issuer) ?? []).filter((root) => isIssuedBy(x509, root));
  return issuers.sort((a, b) => b.validToDate.getTime() - a.validToDate.getTime())[0];
}

function isIssuedBy(x509: X509Certificate, issuer: X509Certificate): boolean {
  return x509.checkIssued(issuer) && x509.verify(issuer.publicKey);
}

function parseBundle(caBundle: string): X509Certificate[] {
  const blocks = caBundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Unavailable('ca has no PEM certificate in it');
  try {
    return blocks.map((pem) => new X509Certificate(pem));
  } catch (cause) {
    throw new Unavailable(`ca has a certificate that cannot be read: ${messageOf(cause)}`);
  }
}
