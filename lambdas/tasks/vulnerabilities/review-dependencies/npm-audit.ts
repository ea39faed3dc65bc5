import * as z from 'zod';
import { shellWord } from '../../../runtime/shell-word.ts';
import { Flaw } from '../_flaw.ts';
import { shaped, type Gap, type Scan } from '../_report.ts';
import { distinct, joined, type Rating, type Vulnerability } from '../_vulnerability.ts';

const Text = z.string();
const Count = z.number().int().nonnegative();

/** What npm writes instead of a report where it could not make one; its exit code is that of a vulnerability. */
const Failed = z.union([
  z.looseObject({ error: z.looseObject({ code: Text.nullish(), summary: Text.optional(), detail: Text.optional() }) }),
  z.looseObject({ message: Text }),
]);

const Advisory = z.looseObject({
  source: z.union([z.number(), Text]).optional(),
  name: Text,
  title: Text.optional(),
  url: Text.optional(),
  severity: Text,
  range: Text.optional(),
});
const Fix = z.union([z.boolean(), z.looseObject({ name: Text, version: Text, isSemVerMajor: z.boolean().optional() })]);
const Version2 = z.looseObject({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    Text,
    z.looseObject({ via: z.array(z.union([Text, Advisory])), nodes: z.array(Text), fixAvailable: Fix }),
  ),
  metadata: z.looseObject({
    vulnerabilities: z.looseObject({ total: Count }),
    dependencies: z.looseObject({ total: Count, dev: Count.optional() }),
  }),
});

const Version1 = z.looseObject({
  advisories: z.record(
    Text,
    z.looseObject({
      id: z.union([z.number(), Text]),
      module_name: Text,
      title: Text.optional(),
      url: Text.optional(),
      severity: Text,
      cves: z.array(Text).nullish(),
      patched_versions: Text.optional(),
      findings: z.array(z.looseObject({ version: Text, paths: z.array(Text) })),
    }),
  ),
  metadata: z.looseObject({
    vulnerabilities: z.record(Text, Count),
    totalDependencies: Count,
    devDependencies: Count.optional(),
  }),
});

const RATING: Readonly<Record<string, Rating | undefined>> = {
  info: 'negligible',
  low: 'low',
  moderate: 'medium',
  high: 'high',
  critical: 'critical',
};

/** What `npm audit` said, without what it is of: its report does not name the project. */
export type Audit = Pick<Scan, 'vulnerabilities' | 'packages'> & {
  readonly gaps: readonly Omit<Gap, 'about'>[];
  /** How many dependencies are for development alone; npm counts them also where it was told to leave them out. */
  readonly developmentPackages: number;
};

/** True where JSON is what some npm writes for `npm audit --json`. */
export function isNpmAudit(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return 'auditReportVersion' in value || 'advisories' in value || 'error' in value || 'message' in value;
}

/** Reads the report of an `npm audit`; throws `Flaw` where it is none. */
export function readNpmAudit(value: unknown): Audit {
  const isReport =
    typeof value === 'object' && value !== null && ('auditReportVersion' in value || 'advisories' in value);
  if (!isReport) return failedAudit(value);
  if ('advisories' in value) return readVersion1(shaped(Version1, value, 'npm audit'));
  return readVersion2(shaped(Version2, value, 'npm audit'));
}

function failedAudit(value: unknown): Audit {
  const failed = shaped(Failed, value, 'npm audit');
  const { code, summary } = 'error' in failed ? (failed.error as { code?: string; summary?: string }) : {};
  const message = 'message' in failed && typeof failed.message === 'string' ? failed.message : undefined;
  const reason = [code, summary || message].filter(Boolean).join(': ') || 'npm gave no reason';
  return {
    vulnerabilities: [],
    gaps: [{ kind: 'audit-failed', summary: `npm audit made no report: ${reason}` }],
    developmentPackages: 0,
  };
}

function readVersion2({ vulnerabilities, metadata }: z.output<typeof Version2>): Audit {
  const packages = Object.entries(vulnerabilities);
  const { total } = metadata.vulnerabilities;
  if (total !== packages.length) {
    throw new Flaw(`was changed after npm wrote it: its total is ${total} and it lists ${packages.length} packages`);
  }
  const found = packages.flatMap(([name, { via, nodes, fixAvailable }]) =>
    // What is only a name is vulnerable through another package, which is in the list itself.
    via.flatMap((one): Vulnerability[] => {
      if (typeof one === 'string') return [];
      const id = advisoryId(one.url, one.source);
      const rating = RATING[one.severity];
      return [
        {
          id,
          aliases: [],
          package: name,
          versions: [],
          ...fixOf(fixAvailable),
          ...(rating && { rating }),
          ...(one.title !== undefined && { title: one.title }),
          ...(one.url !== undefined && { url: one.url }),
          places: nodes,
        },
      ];
    }),
  );
  if (packages.length > 0 && found.length === 0) {
    throw new Flaw('was changed after npm wrote it: no package has an advisory of its own');
  }
  const { total: counted, dev = 0 } = metadata.dependencies;
  return { vulnerabilities: joined(found), gaps: nothingAudited(counted), packages: counted, developmentPackages: dev };
}

/** The last part of the address of an advisory, which is its name everywhere else. */
function advisoryId(url: string | undefined, source: number | string | undefined): string {
  const id = /GHSA(-[0-9a-z]{4}){3}/i.exec(url ?? '')?.[0];
  return id ?? `npm-${source ?? 'advisory'}`;
}

function fixOf(fix: z.output<typeof Fix>): Pick<Vulnerability, 'fixedIn' | 'command'> {
  if (fix === false) return {};
  if (fix === true) return { fixedIn: 'a version in range', command: 'npm audit fix' };
  const { name, version, isSemVerMajor = false } = fix;
  const breaking = isSemVerMajor ? ', a new major version' : '';
  return { fixedIn: `${name} ${version}${breaking}`, command: `npm install ${shellWord(`${name}@${version}`)}` };
}

function readVersion1({ advisories, metadata }: z.output<typeof Version1>): Audit {
  const found = Object.values(advisories);
  const total = Object.values(metadata.vulnerabilities).reduce((sum, count) => sum + count, 0);
  if (total > 0 && found.length === 0) throw new Flaw(`lists nothing and counts ${total} vulnerabilities`);
  return {
    vulnerabilities: joined(
      found.map((one): Vulnerability => {
        const rating = RATING[one.severity];
        const patched = one.patched_versions ?? '';
        const hasFix = patched !== '' && patched !== '<0.0.0';
        return {
          id: one.cves?.[0] ?? advisoryId(one.url, one.id),
          aliases: distinct([...(one.cves ?? []), advisoryId(one.url, one.id)]),
          package: one.module_name,
          versions: distinct(one.findings.map(({ version }) => version)),
          ...(hasFix && { fixedIn: patched, command: 'npm audit fix' }),
          ...(rating && { rating }),
          ...(one.title !== undefined && { title: one.title }),
          ...(one.url !== undefined && { url: one.url }),
          places: distinct(one.findings.flatMap(({ paths }) => paths)),
        };
      }),
    ),
    gaps: nothingAudited(metadata.totalDependencies),
    packages: metadata.totalDependencies,
    developmentPackages: metadata.devDependencies ?? 0,
  };
}

function nothingAudited(packages: number): Audit['gaps'] {
  if (packages > 0) return [];
  return [{ kind: 'not-scanned', summary: 'npm audit found no dependency to look at' }];
}
