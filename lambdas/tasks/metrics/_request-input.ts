import * as z from 'zod';
import { DurationSeconds, Percent } from '../../../core/duration.ts';
import { LabelName, LabelPatterns } from './_promql.ts';

const FIVE_MINUTES = 300;
const WEEK = 7 * 86_400;

/** What every check of requests takes: which of them, grouped how, over which period. */
export const requestInput = {
  by: z
    .array(LabelName)
    .max(5)
    .default(['job', 'service'])
    .describe('The labels that make a group; each group is judged on its own. Labels that a series lacks are empty'),
  only: LabelPatterns.default({}).describe(
    'Label to a pattern (RE2) that its whole value must match: only these series are looked at',
  ),
  except: LabelPatterns.default({}).describe(
    'Label to a pattern (RE2): series whose whole value matches one are left out, such as {handler: /health}',
  ),
  within: DurationSeconds.prefault('1h')
    .refine((seconds) => seconds >= FIVE_MINUTES && seconds <= WEEK, 'must be from 5m to 7d')
    .describe('The period that is judged; it ends now'),
  minRequests: z
    .int()
    .min(0)
    .default(100)
    .describe('Groups with fewer requests in the period are not judged; 0 says that no traffic at all is fine, too'),
  minCoverage: Percent.prefault('80%').describe('The share of the period that must have samples'),
} as const;
