import type { Audit } from './audit.ts';
import type { SecurityDocument } from './document.ts';
import type { Topic } from './flaw.ts';

/** More guesses than this are looked into, as ever. */
const BRUTE_FORCE_LIMIT = 100;

type SeedFields = Pick<
  SecurityDocument,
  | 'audit_date'
  | 'security_updates_pending'
  | 'npm_vulnerabilities'
  | 'brute_force_attempts'
  | 'suspicious_api_calls'
  | 'world_writable_files'
  | 'suid_files'
  | 'ssl_grade'
  | 'recommendations'
>;

/** The fields of the report that people know: a number, or null where it is not known; never a zero instead. */
export function seedFieldsOf(audit: Audit): SeedFields {
  const numbers = {
    security_updates_pending: updatesOf(audit),
    npm_vulnerabilities: npmOf(audit),
    brute_force_attempts: guessesOf(audit),
  };
  return {
    audit_date: audit.now.toISOString().slice(0, 10),
    ...numbers,
    suspicious_api_calls: null,
    world_writable_files: null,
    suid_files: null,
    ssl_grade: null,
    recommendations: recommendationsOf(audit, numbers),
  };
}

/** A sum with a gap in it would read as the whole. */
function sumOf(values: readonly (number | undefined)[]): number | null {
  if (values.length === 0) return null;
  return values.reduce<number | null>((sum, value) => (sum === null || value === undefined ? null : sum + value), 0);
}

function updatesOf({ regions, targets }: Audit): number | null {
  if (regions.length < targets.length) return null;
  return sumOf(
    regions.flatMap(({ hosts }) =>
      hosts === undefined ? [undefined] : [0, ...hosts.map(({ securityUpdates }) => securityUpdates)],
    ),
  );
}

/** One scanner is enough where the other is not in use; what either could not see makes the number unknown. */
function npmOf({ regions, targets, open, looks }: Audit): number | null {
  const isScanned = (region: string) => {
    const its = looks.filter(({ name }) => /^(inspector|ecr)@/.test(name) && /@([^/]+)/.exec(name)?.[1] === region);
    return its.some(({ outcome }) => outcome === 'read') && !its.some(({ outcome }) => outcome === 'unread');
  };
  if (regions.length < targets.length || !regions.every(({ region }) => isScanned(region))) return null;
  return open.filter(
    ({ topic, packages = [] }) =>
      topic === 'vulnerability' && packages.some(({ manager = '' }) => /^(npm|node(js)?(pkg)?)$/i.test(manager)),
  ).length;
}

function guessesOf({ regions, targets }: Audit): number | null {
  if (regions.length < targets.length) return null;
  return sumOf(regions.map(({ guardduty }) => guardduty?.bruteForceAttempts));
}

const ADVICE: readonly (readonly [readonly Topic[], string])[] = [
  [['threat'], 'Investigate the threats that were seen'],
  [['root-access-key'], 'Delete the access key of the root user'],
  [['root-without-mfa', 'console-without-mfa'], 'Register MFA for everyone who logs in with a password'],
  [['open-to-world'], 'Close the ports that are open to the world'],
  [['public-bucket', 'public-snapshot', 'public-image'], 'Take back what is public'],
  [['vulnerability'], 'Fix the vulnerabilities of images and machines, the critical ones first'],
  [['unused-credentials', 'old-key', 'unused-access'], 'Take away credentials and rights that nobody uses'],
  [['control'], 'Mend what fails the controls of Security Hub'],
];

function recommendationsOf(
  { open, looks }: Audit,
  numbers: Pick<SeedFields, 'security_updates_pending' | 'npm_vulnerabilities' | 'brute_force_attempts'>,
): string[] {
  const topics = new Set(open.map(({ topic }) => topic));
  return [
    ...((numbers.security_updates_pending ?? 0) > 0 || topics.has('missing-patches')
      ? ['Install pending security updates']
      : []),
    ...((numbers.npm_vulnerabilities ?? 0) > 0 ? ['Fix npm vulnerabilities'] : []),
    ...((numbers.brute_force_attempts ?? 0) > BRUTE_FORCE_LIMIT ? ['Investigate brute force attempts'] : []),
    ...ADVICE.filter(([its]) => its.some((topic) => topics.has(topic))).map(([, text]) => text),
    ...(looks.some(({ outcome }) => outcome !== 'read') ? ['Make visible what this audit could not see'] : []),
    'Regular security monitoring',
  ];
}
