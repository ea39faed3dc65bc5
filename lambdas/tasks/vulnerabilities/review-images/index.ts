import * as z from 'zod';
import { DurationSeconds } from '../../../../core/duration.ts';
import type { FindingKind } from '../../../../core/finding.ts';
import { defineTask } from '../../../../core/task.ts';
import { eachNeed } from '../../../runtime/each-need.ts';
import { shellWord } from '../../../runtime/shell-word.ts';
import { AcceptedVulnerability } from '../_acceptance.ts';
import { Known } from '../_judgement.ts';
import { placeNeeds } from '../_needs.ts';
import { placePermissions } from '../_place.ts';
import { isCalled } from '../_read-reports.ts';
import { REPORT_FINDINGS } from '../_review-findings.ts';
import { reviewPlaces } from '../_review-places.ts';
import { RATINGS } from '../_vulnerability.ts';
import { imagesDocument } from './document.ts';
import { readTrivy } from './trivy.ts';

const Input = z.strictObject({
  match: z.string().min(1).max(100).default('*.json').describe('Which names are reports of Trivy, with * and ?'),
  maxAge: DurationSeconds.default(93_600).describe(
    'How old the newest report on an image may be; 26h by default, a day and some slack',
  ),
  severity: z.enum(RATINGS).default('high').describe('The least severity that counts; smaller ones are only listed'),
  images: z
    .array(z.string().min(1).max(500))
    .max(500)
    .default([])
    .describe('Images that must have a report, by the name, a tag or a digest that the report gives them'),
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
    means: 'An image has a vulnerability of the severity that counts, and a version of the package mends it.',
    matters: 'The way in is public and so is its remedy: attacks on such gaps begin within days.',
    remedy: 'Build the image anew on a base that has the version named, scan it, and deploy its digest.',
    prevention: 'Build images anew each week, and let no image be deployed before its scan has been read.',
  },
  'end-of-life': {
    severity: 'unknown',
    means: 'The distribution in an image is past its end of life.',
    matters: 'Nobody publishes advisories for it any more, so its gaps are found and appear in no report.',
    remedy: 'Move the image to a release that is maintained.',
    prevention: 'Note the end of life of each base image where its version is written.',
  },
} as const satisfies Record<string, FindingKind>;

const Baseline = z.object({ targets: z.record(z.string(), Known) });

export const task = defineTask({
  name: 'vulnerabilities-review-images',
  summary: 'Reviews the reports of Trivy on container images, what is new in them first',
  effect: 'read-only',
  target: 'buckets',
  input: Input,
  examples: [
    {},
    { severity: 'critical', images: ['registry.example.com/shop:1.4'] },
    {
      accepted: [
        {
          id: 'CVE-2024-1234',
          package: 'libexample',
          until: '2026-12-31',
          reason: 'the part of the library that has it is never called',
          owner: 'platform team',
        },
      ],
    },
  ],
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
  documentKey: (now) => `vulnerabilities/images/${now.toISOString().slice(0, 10).replaceAll('-', '')}.json`,
  run: async (context) => {
    const { input, baseline } = context;
    const reviewed = await reviewPlaces(context, {
      input,
      wanted: input.images,
      earlier: baseline?.targets,
      read: (text) => readTrivy(text),
      scanCommand,
    });
    // Only the audits of dependencies have the other kinds.
    const findings = reviewed.findings.filter((finding) => isOwn(finding));
    const document = z.json().parse(imagesDocument(reviewed.reviews, reviewed.facts));
    return { findings, measurements: reviewed.measurements, baseline: { targets: reviewed.known }, document };
  },
});

type Other = 'audit-failed' | 'development-left-out';

function isOwn<Kind extends string>(finding: {
  readonly kind: Kind;
}): finding is { readonly kind: Exclude<Kind, Other> } {
  return finding.kind !== 'audit-failed' && finding.kind !== 'development-left-out';
}

/** Makes the report on an image anew, under its old name or one like the image's. */
function scanCommand(image: string, file: string | undefined): string | undefined {
  // Names with an ellipsis or a variable in them would not be what a shell makes of them.
  if (/[\p{C}$…<>{]|\.{3}/u.test(image + (file ?? ''))) return undefined;
  const name = file?.slice(file.lastIndexOf('/') + 1) ?? `${image.replace(/[^\w.-]+/g, '-')}.json`;
  return `trivy image --scanners vuln --format json --output ${shellWord(name)} ${shellWord(image)}`;
}
