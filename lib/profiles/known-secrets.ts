/** Credentials that are known by their form, wherever they stand. */
export const KNOWN_SECRETS: readonly (readonly [what: string, form: RegExp])[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g],
  ['a private key', /-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----(?:[^-]{0,8000}-----END [A-Z ]{0,30}KEY-----)?/g],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})\w*/g],
  ['a GitLab token', /\bglpat-[\w-]{20,200}/g],
  ['a Slack token', /\bxox[abeoprs]-[\w-]{10,200}/g],
  ['a Slack webhook', /\bhooks\.slack\.com\/services\/[\w/]{10,200}/g],
  ['a Stripe key', /\b[rs]k_live_\w{16,200}/g],
  ['a Google API key', /\bAIza[\w-]{35}/g],
  ['an npm token', /\bnpm_[A-Za-z0-9]{36}\b/g],
  ['a JSON Web Token', /\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{0,2000}/g],
];

/** The text without what has the form of a credential. */
export function withoutKnownSecrets(text: string): string {
  return KNOWN_SECRETS.reduce((shown, [, form]) => shown.replace(form, '[redacted]'), text);
}
