import * as z from 'zod';
import { eachTarget } from '../../runtime/each-target.ts';
import { abortBefore } from '../../runtime/time-limit.ts';
import { ofFirstSubjects, worstFirst } from '../../runtime/worst-first.ts';
import { defineTask } from '../../../core/task.ts';
import { documentOf } from './_document.ts';
import { Remembered } from './_predictions.ts';
import { findingsOf, measurementsOf, reviewRegion, type RegionReview } from './_review-region.ts';
import { SCALING_FINDINGS, type ScalingKind } from './_scaling-findings.ts';
import { scalingPages } from './_scaling-page.ts';
import { scalingNeeds } from './_scaling-needs.ts';
import { scalingPermissions } from './_scaling-permissions.ts';

const NAME = 'reviews-review-scaling';
const MOST_SUBJECTS = 100;
const REGIONS_AT_ONCE = 4;

const Input = z.strictObject({
  policy: z
    .enum(['percentile', 'seed'])
    .default('percentile')
    .describe('percentile: busiest weekday, tail and highest memory; seed: plain thresholds of averages and maxima'),
  clusters: z
    .array(z.string().min(1).max(255))
    .default([])
    .describe('The names of the ECS clusters to review; all by default'),
  prices: z
    .record(z.string().min(1).max(60), z.number().nonnegative())
    .default({})
    .describe(
      'US dollars an hour by class, such as db.m5.large, fargate-vcpu or fargate-gib; before those of the table',
    ),
});

/** By target. */
const Baseline = z.object({ targets: z.record(z.string(), Remembered) });

export const task = defineTask({
  name: NAME,
  summary: 'Says which services, databases and caches are too small or too large for the load of the last 30 days',
  effect: 'read-only',
  target: 'aws',
  input: Input,
  examples: [{}, { policy: 'seed', clusters: ['eventchain-prod'] }, { prices: { 'db.m5.large': 0.197 } }],
  findings: SCALING_FINDINGS,
  permissions: (platform) => scalingPermissions(platform, NAME),
  needs: (context) => scalingNeeds(context),
  timeoutSeconds: 600,
  baseline: { version: 1, schema: Baseline },
  documentKey: (now) => `scaling/monthly/${now.toISOString().slice(0, 10).replaceAll('-', '')}.json`,
  documentPages: scalingPages,
  run: async ({ input, targets, baseline, now, clock, deadline, signal }) => {
    const remembered = { ...baseline?.targets };
    const regions = new Map<string, RegionReview>();
    const examined = await eachTarget<ScalingKind, (typeof targets)[number]>(
      targets,
      async ({ name, region }) => {
        // A region that does not answer leaves the others the time to be told.
        const stop = abortBefore(deadline, clock(), signal);
        const reviewed = await reviewRegion(region, input, { now, signal: stop, earlier: baseline?.targets[name] });
        regions.set(name, reviewed);
        remembered[name] = reviewed.remembered;
        const measurements = ofFirstSubjects(measurementsOf(name, reviewed), MOST_SUBJECTS);
        return { findings: worstFirst(findingsOf(name, reviewed)), measurements };
      },
      { concurrency: REGIONS_AT_ONCE },
    );
    const reviewedRegions = targets.flatMap(({ name: target }) => {
      const reviewed = regions.get(target);
      return reviewed === undefined ? [] : [{ target, reviewed }];
    });
    return {
      ...examined,
      baseline: { targets: remembered },
      document: documentOf(now, input.policy, reviewedRegions),
    };
  },
});
