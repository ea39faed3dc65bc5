import * as z from 'zod';
import { defineTask } from '../../../../core/task.ts';
import { eachTarget } from '../../../runtime/each-target.ts';
import { abortBefore } from '../../../runtime/time-limit.ts';
import { worstFirst } from '../../../runtime/worst-first.ts';
import { quarterOf } from './days.ts';
import { documentOf } from './document-of.ts';
import { UPGRADE_FINDINGS, type UpgradeKind } from './findings.ts';
import { Input } from './input.ts';
import { upgradeNeeds } from './needs.ts';
import { Remembered } from './outcomes.ts';
import { upgradePages } from './page.ts';
import { upgradePermissions } from './permissions.ts';
import { findingsOf, measurementsOf, planRegion, type RegionPlan } from './review-region.ts';

const NAME = 'reviews-plan-upgrades';
const REGIONS_AT_ONCE = 2;

/** By target. */
const Baseline = z.object({ targets: z.record(z.string(), Remembered) });

export const task = defineTask({
  name: NAME,
  summary:
    'Plans the upgrades of images, databases, clusters, caches and runtimes week by week, with their dates and costs',
  effect: 'read-only',
  target: 'aws',
  input: Input,
  examples: [
    {},
    { tag: 'Project=eventchain', startsInDays: 21, minutes: { 'control-plane': 25 }, restoreMinutes: 40 },
    { imageFamilies: { 'eventchain-base-': '/eventchain/images/base' }, runtimes: { 'nodejs26.x': '2030-04-30' } },
  ],
  findings: UPGRADE_FINDINGS,
  permissions: (platform) => upgradePermissions(platform, NAME),
  needs: (context) => upgradeNeeds(context),
  timeoutSeconds: 600,
  baseline: { version: 1, schema: Baseline },
  documentKey: (now) => {
    const { year, quarter } = quarterOf(now);
    return `upgrades/quarterly/${year}-Q${quarter}.json`;
  },
  documentPages: upgradePages,
  run: async ({ input, targets, baseline, now, clock, deadline, signal }) => {
    const remembered: Record<string, Remembered> = { ...baseline?.targets };
    const regions = new Map<string, RegionPlan>();
    const examined = await eachTarget<UpgradeKind, (typeof targets)[number]>(
      targets,
      async ({ name, region }) => {
        // A region that does not answer leaves the others the time to be told.
        const stop = abortBefore(deadline, clock(), signal);
        const planned = await planRegion(region, input, { now, signal: stop, earlier: baseline?.targets[name] });
        regions.set(name, planned);
        if (planned.remembered) remembered[name] = planned.remembered;
        return { findings: worstFirst(findingsOf(name, planned)), measurements: measurementsOf(name, planned) };
      },
      { concurrency: REGIONS_AT_ONCE },
    );
    const plannedRegions = targets.flatMap(({ name: target }) => {
      const planned = regions.get(target);
      return planned === undefined ? [] : [{ target, planned }];
    });
    return {
      ...examined,
      baseline: { targets: remembered },
      document: documentOf(now, input, plannedRegions),
    };
  },
});
