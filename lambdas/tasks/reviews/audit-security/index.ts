import * as z from 'zod';
import { defineTask } from '../../../../core/task.ts';
import type { Measurement } from '../../../../core/finding.ts';
import { eachTarget } from '../../../runtime/each-target.ts';
import { abortBefore } from '../../../runtime/time-limit.ts';
import { worstFirst } from '../../../runtime/worst-first.ts';
import { Acceptance } from './acceptances.ts';
import { auditAccount, auditRegion, joinAudits, type AccountAudit, type Audit, type RegionAudit } from './audit.ts';
import { securityClients } from './clients.ts';
import { Remembered } from './differences.ts';
import { documentOf } from './document-of.ts';
import { SECURITY_FINDINGS } from './findings.ts';
import { findingsOf } from './findings-of.ts';
import { LEVELS } from './levels.ts';
import { securityNeeds } from './needs.ts';
import { securityPages } from './page.ts';
import { securityPermissions } from './permissions.ts';
import { SERVICES } from './services.ts';

const NAME = 'reviews-audit-security';
const REGIONS_AT_ONCE = 2;

const Input = z.strictObject({
  services: z
    .array(z.enum(SERVICES))
    .default([...SERVICES])
    .describe('The services to ask; one that is not on is reported unless it is left out here'),
  accepted: z
    .array(Acceptance)
    .max(500)
    .default([])
    .describe('Flaws that are accepted until a day, with reason and owner'),
  unusedDays: z
    .int()
    .min(1)
    .max(400)
    .default(90)
    .describe('Credentials and rights that nobody used for longer, in days'),
  keyAgeDays: z
    .int()
    .min(1)
    .max(3_650)
    .default(90)
    .describe('The highest age of an access key that is in use, in days'),
  publicPorts: z
    .array(z.int().min(0).max(65_535))
    .max(100)
    .default([80, 443])
    .describe('Ports that may be open to the world'),
  patchScanDays: z
    .int()
    .min(1)
    .max(365)
    .default(14)
    .describe('How old the look at the patches of a machine may be, in days'),
  imageScanDays: z.int().min(1).max(365).default(30).describe('How old the scan of an image may be, in days'),
  imagesPerRepository: z
    .int()
    .min(1)
    .max(50)
    .default(3)
    .describe('How many of the newest images of each repository are looked at'),
  principals: z
    .int()
    .min(0)
    .max(1_000)
    .default(200)
    .describe('How many users and roles the access advisor is asked for, users first'),
  reportWaitSeconds: z
    .int()
    .min(1)
    .max(300)
    .default(60)
    .describe('How long IAM may take to make the credential report, in seconds'),
});

export const task = defineTask({
  name: NAME,
  summary: 'Audits the security of an account: who can log in, what is open to the world, and which flaws are known',
  effect: 'read-only',
  target: 'aws',
  input: Input,
  examples: [
    {},
    { services: ['ecr', 'ssm'], publicPorts: [443] },
    {
      accepted: [
        {
          flaw: 'public-bucket www-assets',
          until: '2027-03-31',
          reason: 'serves the public web site until it moves behind CloudFront',
          owner: 'web team',
        },
      ],
    },
  ],
  findings: SECURITY_FINDINGS,
  permissions: (platform) => securityPermissions(platform, NAME),
  needs: (context) => securityNeeds(context),
  timeoutSeconds: 840,
  baseline: { version: 1, schema: Remembered },
  documentKey: (now) => `security/monthly/${now.toISOString().slice(0, 10).replaceAll('-', '')}.json`,
  documentPages: securityPages,
  run: async ({ input, targets, baseline, now, clock, deadline, signal }) => {
    const { services, accepted: acceptances, ...limits } = input;
    const regions: RegionAudit[] = [];
    let account: AccountAudit | undefined;
    const [first] = targets;
    const examined = await eachTarget<never, (typeof targets)[number]>(
      targets,
      async ({ name: target, region: wanted }) => {
        // A region that does not answer leaves the others the time to be told.
        const stop = abortBefore(deadline, clock(), signal);
        const region = await securityClients(wanted).ec2.config.region();
        const place = { target, region, now, signal: stop };
        // What is the same in every region is read once, through the first.
        const [ofAccount, ofRegion] = await Promise.all([
          target === first?.name ? auditAccount(wanted, limits, place) : undefined,
          auditRegion(wanted, services, limits, place),
        ]);
        account ??= ofAccount;
        regions.push(ofRegion);
        return { findings: [], measurements: [] };
      },
      { concurrency: REGIONS_AT_ONCE },
    );
    const names = targets.map(({ name }) => name);
    const inOrder = regions.toSorted((a, b) => names.indexOf(a.target) - names.indexOf(b.target));
    const context = { now, limits, services, targets: names, acceptances, earlier: baseline };
    const audit = joinAudits({ account, regions: inOrder }, context);
    const byTarget = Map.groupBy(findingsOf(audit), ({ target }) => target);
    return {
      findings: [...examined.findings, ...[...byTarget.values()].flatMap((its) => worstFirst(its))],
      measurements: names.flatMap((name) => measurementsOf(name, audit)),
      baseline: audit.remembered,
      document: documentOf(audit),
    };
  },
});

/** How many open flaws there are through each target; nothing where nothing of it was seen. */
function measurementsOf(target: string, { open, accepted, looks }: Audit): Measurement[] {
  if (!looks.some((look) => look.target === target && look.outcome === 'read')) return [];
  const its = open.filter(({ targets }) => targets.includes(target));
  const count = (name: string, value: number): Measurement => ({ name, value, unit: 'count', target });
  return [
    ...LEVELS.map((level) => count(`flaws-${level}`, its.filter((flaw) => flaw.level === level).length)),
    count('flaws-accepted', accepted.size),
  ];
}
