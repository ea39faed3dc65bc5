import * as z from 'zod';
import { DurationSeconds } from '../../../../core/duration.ts';
import type { FindingKind } from '../../../../core/finding.ts';
import { defineTask } from '../../../../core/task.ts';
import { eachNeed } from '../../../runtime/each-need.ts';
import { AcceptedVulnerability } from '../_acceptance.ts';
import { Known } from '../_judgement.ts';
import { placeNeeds } from '../_needs.ts';
import { placePermissions } from '../_place.ts';
import { isCalled } from '../_read-reports.ts';
import { REPORT_FINDINGS } from '../_review-findings.ts';
import { reviewPlaces } from '../_review-places.ts';
import { RATINGS } from '../_vulnerability.ts';
import { dependenciesDocument } from './document.ts';
import { readAudit, withScopes } from './project.ts';

const Input = z.strictObject({
  match: z.string().min(1).max(100).default('*.json').describe('Which names are reports of audits, with * and ?'),
  maxAge: DurationSeconds.default(694_800).describe(
    'How old the newest audit of a project may be; 8d1h by default, a week and a day of slack',
  ),
  severity: z.enum(RATINGS).default('high').describe('The least severity that counts; smaller ones are only listed'),
  projects: z
    .array(z.string().min(1).max(500))
    .max(500)
    .default([])
    .describe('Projects that must have an audit, by the name that their folder or file gives them'),
  development: z
    .boolean()
    .default(true)
    .describe('Whether the packages that only development needs must have been audited as well'),
  accepted: z
    .array(AcceptedVulnerability)
    .max(1_000)
    .default([])
    .describe('Vulnerabilities that somebody has decided to live with until a date'),
});

const FINDINGS = {
  ...REPORT_FINDINGS,
  fixable: {
    severity: 'fail',
    means: 'A dependency has a vulnerability of the severity that counts, and a version mends it.',
    matters: 'The way in is public and so is its remedy: attacks on such gaps begin within days.',
    remedy: 'Install the version that the finding names, run the tests, and deploy.',
    prevention: 'Let a robot propose updates each week, and let a build with such a gap fail.',
  },
  'audit-failed': {
    severity: 'unknown',
    means: 'The audit itself failed and left its error where the report should be.',
    matters: 'It lists no vulnerability because it looked for none, and its exit code is that of one that found some.',
    remedy: 'Read the error, mend its cause, most often a lockfile or a registry that is not there, and audit again.',
    prevention: 'Keep the lockfile in the repository, and audit against a registry that knows advisories.',
  },
  'development-left-out': {
    severity: 'unknown',
    means: 'The only audit of a project left the packages for development out.',
    matters: 'They run on the machines that build and hold the credentials to deploy.',
    remedy: 'Audit once more without leaving them out, or set `development: false` in the profile on purpose.',
    prevention: 'Write the whole audit beside the one of production.',
  },
} as const satisfies Record<string, FindingKind>;

const Baseline = z.object({ targets: z.record(z.string(), Known) });

export const task = defineTask({
  name: 'vulnerabilities-review-dependencies',
  summary: 'Reviews the reports of npm audit and pip-audit on the dependencies of projects, what is new first',
  effect: 'read-only',
  target: 'buckets',
  input: Input,
  examples: [{}, { severity: 'critical', projects: ['shop'], development: false }],
  findings: FINDINGS,
  permissions: (platform) => placePermissions(platform, 'buckets'),
  needs: ({ input, targets, signal }) => {
    const isWanted = ({ path }: { readonly path: string }) =>
      isCalled(path.slice(path.lastIndexOf('/') + 1), input.match);
    const wanted = { what: 'reports', isWanted, leftOut: new Set<string>() };
    return eachNeed(targets, ({ url }) => placeNeeds(url.reveal(), wanted, signal));
  },
  timeoutSeconds: 600,
  baseline: { version: 1, schema: Baseline },
  documentKey: (now) => `vulnerabilities/dependencies/${now.toISOString().slice(0, 10).replaceAll('-', '')}.json`,
  run: async (context) => {
    const { input, baseline } = context;
    const reviewed = await reviewPlaces(context, {
      input,
      wanted: input.projects,
      earlier: baseline?.targets,
      read: (text, { path }) => readAudit(text, path),
      arrange: (reports) => (input.development ? withScopes(reports) : reports),
    });
    // Only images have distributions.
    const findings = reviewed.findings.filter((finding) => isOwn(finding));
    const document = z.json().parse(dependenciesDocument(reviewed.reviews, reviewed.facts));
    return { findings, measurements: reviewed.measurements, baseline: { targets: reviewed.known }, document };
  },
});

function isOwn<Kind extends string>(finding: {
  readonly kind: Kind;
}): finding is { readonly kind: Exclude<Kind, 'end-of-life'> } {
  return finding.kind !== 'end-of-life';
}
