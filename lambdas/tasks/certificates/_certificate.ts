import type { X509Certificate } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import { isIP } from 'node:net';

/** A certificate of a chain, in the words of X.509. */
export interface Certificate {
  /** Its subject, made fit to be shown. */
  readonly name: string;
  readonly fingerprint: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** `rsa`, `ec`, `ed25519`, …, with the bits of those whose strength is theirs to choose. */
  readonly keyType: string;
  readonly keyBits: number | undefined;
  readonly signatureAlgorithm: string;
  readonly selfIssued: boolean;
}

const MAX_NAME_LENGTH = 100;
const MAX_NAMES_SHOWN = 3;

/** What is judged of a certificate; throws where it has no readable dates or an unsupported key. */
export function readCertificate(x509: X509Certificate): Certificate {
  const { publicKey, validFromDate, validToDate, subject, issuer } = x509;
  // A date that is no date would compare as neither before nor after anything, and pass.
  if (Number.isNaN(validFromDate.getTime()) || Number.isNaN(validToDate.getTime())) {
    throw new Error(`the validity of ${shown(subject)} is not readable`);
  }
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  return {
    name: shown(subject) || shown(x509.subjectAltName ?? '') || 'a certificate without subject',
    fingerprint: x509.fingerprint256,
    notBefore: validFromDate,
    notAfter: validToDate,
    keyType: publicKey.asymmetricKeyType ?? 'unknown',
    keyBits: modulusLength ?? curveBits(namedCurve),
    signatureAlgorithm: x509.signatureAlgorithm ?? x509.signatureAlgorithmOid,
    selfIssued: subject === issuer,
  };
}

/** Says why a certificate is not for this name or IP address, or undefined where it is. */
export function nameProblem(x509: X509Certificate, serverName: string): string | undefined {
  const alternatives = x509.subjectAltName ?? '';
  // Node still takes the common name for a name; browsers and most clients have not for years.
  if (!isIP(serverName) && !/(^|, )DNS:/.test(alternatives)) return 'has no DNS name in its subject alternative name';
  if (!checkServerIdentity(serverName, x509.toLegacyObject())) return undefined;
  const names = alternatives.split(', ').map(shown).filter(Boolean);
  const more = names.length - MAX_NAMES_SHOWN;
  const list = names.slice(0, MAX_NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
  return `is for ${list || 'no name'}`;
}

/** The text of a certificate's field on one line, without characters that act on a terminal or turn the text around. */
export function shown(text: string): string {
  const line = text
    .trim()
    .replace(/\n/g, ', ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  return line.length > MAX_NAME_LENGTH ? `${line.slice(0, MAX_NAME_LENGTH)}…` : line;
}

// The name of a curve holds its size: prime256v1, secp384r1, brainpoolP512r1.
function curveBits(namedCurve: string | undefined): number | undefined {
  const digits = /\d{3}/.exec(namedCurve ?? '')?.[0];
  return digits === undefined ? undefined : Number(digits);
}
