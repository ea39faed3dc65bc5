import * as z from 'zod';
import { formatDuration } from '../../../../core/duration.ts';
import type { Finding, Measurement } from '../../../../core/finding.ts';
import { ACCEPTANCE, acceptanceState, daysLeft, isInForce } from '../_acceptance.ts';
import type { DocumentSecret, SecretsDocument } from './document.ts';
import type { SecretKind } from './findings.ts';
import type { FoundSecret, SearchedRepository } from './repository.ts';

/** What looks like a secret and is none, or is one that somebody has decided to live with. */
export const AcceptedSecret = z.strictObject({
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{16}$/, 'is no fingerprint; copy it from the report')
    .describe('The fingerprint that the report gives it, 16 hexadecimal letters'),
  ...ACCEPTANCE,
});
type AcceptedSecret = z.output<typeof AcceptedSecret>;

/** A repository with what it holds, and the fingerprints that it held at the last review. */
export interface SearchedTarget {
  readonly target: string;
  readonly searched: SearchedRepository;
  readonly earlier: readonly string[] | undefined;
}

export interface SecretLimits {
  readonly now: Date;
  readonly maxAgeSeconds: number;
  readonly accepted: readonly AcceptedSecret[];
}

// A clock that is a little ahead is no archive from the future.
const FUTURE_SECONDS = 300;

/** What is found in one repository. */
export function secretFindings(
  { target, searched, earlier }: SearchedTarget,
  limits: SecretLimits,
): Finding<SecretKind>[] {
  const { now, maxAgeSeconds, accepted } = limits;
  const open = searched.secrets.filter(({ fingerprint }) => !acceptanceOf(fingerprint, accepted, now));
  const newFirst = open.toSorted((a, b) => Number(isNew(b, earlier)) - Number(isNew(a, earlier)));
  const findings = newFirst.map((secret): Finding<SecretKind> => {
    const { file, line, what, isCertain, fingerprint } = secret;
    const news = isNew(secret, earlier) ? 'new: ' : '';
    const kind = isCertain ? 'secret-found' : 'possible-secret';
    const summary = `${news}${file}:${line} holds ${isCertain ? '' : 'what may be '}${what}; fingerprint ${fingerprint}`;
    return { kind, target, subject: `${file} ${fingerprint}`, summary };
  });
  for (const { path, reason } of searched.notSearched) {
    findings.push({ kind: 'not-searched', target, subject: path, summary: `${path} ${reason}` });
  }
  if (searched.further > 0) {
    const summary = `${searched.further} likely secrets besides the ${searched.secrets.length} that are listed`;
    findings.push({ kind: 'too-many-secrets', target, summary, value: searched.further, unit: 'count' });
  }
  if (searched.filesSearched === 0) {
    const summary = `no file was searched; ${searched.binaryFiles} are no text`;
    findings.push({ kind: 'nothing-searched', target, summary });
  }
  const ageSeconds = searched.madeAt && (now.getTime() - searched.madeAt.getTime()) / 1_000;
  if (ageSeconds !== undefined && (ageSeconds > maxAgeSeconds || ageSeconds < -FUTURE_SECONDS)) {
    const age = ageSeconds < 0 ? 'dated in the future' : `${formatDuration(ageSeconds)} old`;
    findings.push({
      kind: 'archive-too-old',
      target,
      summary: `the archive is ${age}; limit ${formatDuration(maxAgeSeconds)}`,
      value: Math.round(ageSeconds / 3_600),
      limit: Math.round(maxAgeSeconds / 3_600),
      unit: 'hours',
    });
  }
  return findings;
}

function isNew({ fingerprint }: FoundSecret, earlier: readonly string[] | undefined): boolean {
  return earlier !== undefined && !earlier.includes(fingerprint);
}

function acceptanceOf(fingerprint: string, accepted: readonly AcceptedSecret[], now: Date): AcceptedSecret | undefined {
  return accepted.find((entry) => entry.fingerprint === fingerprint && isInForce(entry, now));
}

/** True where all of a repository was searched, so that what was not found is not there. */
export function isSearchedWhole({ notSearched, further, filesSearched }: SearchedRepository): boolean {
  return notSearched.length === 0 && further === 0 && filesSearched > 0;
}

/** What became of the acceptances over all repositories: those that are over, and those that are for nothing. */
export function acceptanceFindings(
  first: string,
  targets: readonly SearchedTarget[],
  { now, accepted }: SecretLimits,
  isWhole: boolean,
): Finding<SecretKind>[] {
  return accepted.flatMap((entry): Finding<SecretKind>[] => {
    const matching = targets.flatMap(({ target, searched }) =>
      searched.secrets.filter(({ fingerprint }) => fingerprint === entry.fingerprint).map(() => target),
    );
    const state = acceptanceState(entry, { matches: matching.length, isWhole, now });
    const { fingerprint: subject, owner, until } = entry;
    if (state === 'over') {
      const summary = `${subject} was accepted by ${owner} until ${until}, and is still there`;
      return [{ kind: 'acceptance-over', target: matching[0] ?? first, subject, summary }];
    }
    if (state !== 'matches-nothing') return [];
    const summary = `${subject} is accepted by ${owner} until ${until}, and no file has it`;
    return [{ kind: 'acceptance-matches-nothing', target: first, subject, summary }];
  });
}

/** How much was searched; none where nothing was. */
export function secretMeasurements({ target, searched }: SearchedTarget): Measurement[] {
  if (searched.filesSearched === 0) return [];
  const count = (name: string, value: number): Measurement => ({ name, value, unit: 'count', target });
  return [
    count('files-searched', searched.filesSearched),
    // The history is not walked: what was committed once and taken out again is not looked for.
    count('earlier-commits-searched', 0),
    count('binary-files', searched.binaryFiles),
    count('folders-left-out', searched.foldersLeftOut),
    count('links-not-followed', searched.links),
    count('likely-secrets', searched.secrets.length + searched.further),
  ];
}

/** The report on all repositories. */
export function secretsDocument(
  targets: readonly SearchedTarget[],
  { now, accepted }: SecretLimits,
  unread: readonly { readonly target: string; readonly reason: string }[],
): SecretsDocument {
  const secrets = targets.flatMap(({ target, searched, earlier }) =>
    searched.secrets.map((secret): DocumentSecret => {
      const acceptance = acceptanceOf(secret.fingerprint, accepted, now);
      return {
        target,
        file: secret.file,
        line: secret.line,
        what: secret.what,
        is_certain: secret.isCertain,
        fingerprint: secret.fingerprint,
        change: isNew(secret, earlier) ? 'new' : 'unchanged',
        accepted: acceptance ? { until: acceptance.until, reason: acceptance.reason, owner: acceptance.owner } : null,
      };
    }),
  );
  const rank = ({ change, is_certain: isCertain }: DocumentSecret) => (change === 'new' ? 0 : 2) + (isCertain ? 0 : 1);
  const present = new Set(secrets.map(({ fingerprint }) => fingerprint));
  const isWhole = unread.length === 0 && targets.every(({ searched }) => isSearchedWhole(searched));
  return {
    generated_at: now.toISOString(),
    hardcoded_secrets: secrets.filter((secret) => secret.accepted === null).length,
    differences: {
      has_earlier_review: targets.some(({ earlier }) => earlier !== undefined),
      new: secrets.filter(({ change }) => change === 'new').map(({ fingerprint }) => fingerprint),
      fixed: targets
        .filter(({ searched }) => isSearchedWhole(searched))
        .flatMap(({ earlier = [] }) => earlier.filter((fingerprint) => !present.has(fingerprint))),
    },
    repositories: targets.map(({ target, searched }) => ({
      target,
      made_at: searched.madeAt?.toISOString() ?? null,
      files_searched: searched.filesSearched,
      binary_files: searched.binaryFiles,
      links: searched.links,
      folders_left_out: searched.foldersLeftOut,
      history_searched: false,
    })),
    secrets: secrets.toSorted((a, b) => rank(a) - rank(b)),
    unknown: [
      ...unread.map(({ target, reason }) => ({ target, of: target, reason })),
      ...targets.flatMap(({ target, searched }) =>
        searched.notSearched.map(({ path, reason }) => ({ target, of: path, reason })),
      ),
    ],
    acceptances: accepted.map((entry) => {
      const matches = secrets.filter(({ fingerprint }) => fingerprint === entry.fingerprint).length;
      const state = acceptanceState(entry, { matches, isWhole, now });
      const { fingerprint, until, reason, owner } = entry;
      return { fingerprint, until, days_left: daysLeft(entry, now), reason, owner, state };
    }),
  };
}

/** The fingerprints that the next review is held against; where not all was searched, those of before stay. */
export function knownAfter({ searched, earlier = [] }: SearchedTarget): string[] {
  const now = searched.secrets.map(({ fingerprint }) => fingerprint);
  return isSearchedWhole(searched) ? now : [...new Set([...earlier, ...now])];
}
