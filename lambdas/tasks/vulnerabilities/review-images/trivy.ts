import * as z from 'zod';
import { Flaw } from '../_flaw.ts';
import { dateOf, parsedJson, shaped, type Gap, type Scan } from '../_report.ts';
import { distinct, joined, type Rating, type Vulnerability } from '../_vulnerability.ts';

const Text = z.string();

/** What we read of Trivy's JSON, version 2 of its schema; it has more. */
const Found = z.looseObject({
  VulnerabilityID: Text.min(1),
  PkgName: Text.min(1),
  InstalledVersion: Text.optional(),
  FixedVersion: Text.optional(),
  Severity: Text.optional(),
  Title: Text.optional(),
  PrimaryURL: Text.optional(),
});
const Result = z.looseObject({
  Target: Text,
  Class: Text.optional(),
  Packages: z.array(z.unknown()).nullish(),
  Vulnerabilities: z.array(Found).nullish(),
});
const TrivyReport = z.looseObject({
  SchemaVersion: z.literal(2),
  CreatedAt: Text.optional(),
  ArtifactName: Text.min(1),
  Metadata: z
    .looseObject({
      OS: z.looseObject({ Family: Text.optional(), Name: Text.optional(), EOSL: z.boolean().optional() }).optional(),
      RepoTags: z.array(Text).nullish(),
      RepoDigests: z.array(Text).nullish(),
      ImageConfig: z.looseObject({ created: Text.optional() }).optional(),
    })
    .optional(),
  Results: z.array(Result).nullish(),
});
type TrivyReport = z.output<typeof TrivyReport>;

/** The classes of results that a search for vulnerabilities gives; the others are of secrets, settings and licences. */
const SCANNED = new Set(['os-pkgs', 'lang-pkgs']);

const RATING: Readonly<Record<string, Rating | undefined>> = {
  NEGLIGIBLE: 'negligible',
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
  CRITICAL: 'critical',
};

/** Reads a report of Trivy on an image; throws `Flaw` where it is none. */
export function readTrivy(text: string): Scan {
  const value = parsedJson(text);
  if (Array.isArray(value))
    throw new Flaw('is a report of a Trivy before 0.20, whose schema says neither image nor date');
  const report = shaped(TrivyReport, value, 'Trivy');
  const { ArtifactName: subject, Metadata: { RepoTags, RepoDigests, ImageConfig } = {} } = report;
  const results = report.Results ?? [];
  const createdAt = dateOf(report.CreatedAt);
  const imageCreatedAt = dateOf(ImageConfig?.created);
  const listed = results.flatMap(({ Packages }) => Packages ?? []).length;
  return {
    subject,
    names: distinct([...(RepoTags ?? []), ...(RepoDigests ?? [])]),
    tool: 'Trivy',
    ...(createdAt && { createdAt }),
    vulnerabilities: vulnerabilitiesOf(report),
    gaps: gapsOf(report),
    // Packages are listed only where Trivy was asked to.
    ...(listed > 0 && { packages: listed }),
    isRated: true,
    ...(imageCreatedAt && { imageCreatedAt }),
  };
}

function vulnerabilitiesOf({ Results }: TrivyReport): Vulnerability[] {
  const found = (Results ?? []).flatMap(({ Target, Vulnerabilities }) =>
    (Vulnerabilities ?? []).map((one): Vulnerability => {
      const { InstalledVersion: version = '', FixedVersion: fixedIn = '', Title: title, PrimaryURL: url } = one;
      const rating = RATING[(one.Severity ?? '').toUpperCase()];
      return {
        id: one.VulnerabilityID,
        aliases: [],
        package: one.PkgName,
        versions: version === '' ? [] : [version],
        ...(fixedIn !== '' && { fixedIn }),
        ...(rating && { rating }),
        ...(title !== undefined && { title }),
        ...(url !== undefined && { url }),
        places: [Target],
      };
    }),
  );
  return joined(found);
}

function gapsOf({ ArtifactName, Metadata, Results }: TrivyReport): Gap[] {
  const { OS } = Metadata ?? {};
  const gaps: Gap[] = [];
  if (OS?.EOSL === true) {
    const system = [OS.Family, OS.Name].filter(Boolean).join(' ');
    gaps.push({
      kind: 'end-of-life',
      summary: `${ArtifactName}: ${system || 'its distribution'} gets no advisories any more, so that none are listed says nothing`,
    });
  }
  const notScanned = (why: string) => gaps.push({ kind: 'not-scanned', summary: `${ArtifactName}: ${why}` });
  const isScanned = (Results ?? []).some(
    ({ Class, Vulnerabilities }) => SCANNED.has(Class ?? '') || (Vulnerabilities ?? []).length > 0,
  );
  const isSystemSeen = (Results ?? []).some(({ Class }) => Class === 'os-pkgs');
  if ((Results ?? []).length === 0)
    notScanned('the report has no results: Trivy found nothing in it that it could scan');
  else if (!isScanned) notScanned('the report has no search for vulnerabilities, only others of Trivy');
  else if (OS?.Family !== undefined && OS.Family !== 'none' && !isSystemSeen) {
    notScanned(`the packages of its ${OS.Family} were not scanned, only those of programs`);
  }
  return gaps;
}
