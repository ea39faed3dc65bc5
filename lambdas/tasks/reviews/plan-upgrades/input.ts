import * as z from 'zod';
import { HOP_KINDS } from './hop-kinds.ts';

const Names = z.array(z.string().min(1).max(128));
const Days = z.int().min(1).max(1_000);

export const Input = z.strictObject({
  tag: z
    .string()
    .regex(/^[^=]+=.+$/, 'write it as key=value')
    .optional()
    .describe('Only what bears this tag, written as key=value; everything by default'),
  environmentTags: Names.default(['Environment', 'Stage', 'Env']).describe('The tags that name the environment'),
  criticalityTags: Names.default(['Criticality', 'Tier']).describe('The tags that say how critical a thing is'),
  stagingValues: Names.default(['dev', 'development', 'test', 'testing', 'qa', 'stage', 'staging', 'sandbox']).describe(
    'Values of the environment that are upgraded first',
  ),
  nonCriticalValues: Names.default(['low', 'none', 'non-critical']).describe(
    'Values of the criticality that are upgraded before the critical ones; what has no tag is critical',
  ),
  startsInDays: z
    .int()
    .min(0)
    .max(180)
    .default(14)
    .describe('The first week begins on the first Monday after so many days: the time that approval and notice take'),
  warnDays: Days.default(120).describe('Days before a vendor acts from which it is a warning'),
  urgentDays: Days.default(30).describe('Days before a vendor acts from which it is a failure'),
  horizonDays: Days.default(365).describe('A new major version is planned where support ends within so many days'),
  imageAgeDays: Days.default(30).describe('An image is due when one newer by so many days is there'),
  quietDays: Days.default(7).describe('A deprecated API counts as no longer called after so many days without a call'),
  extendedSupportUsdPerVcpuHour: z
    .number()
    .positive()
    .optional()
    .describe('US dollars a vCPU and hour of extended support of RDS in this region; before those of the table'),
  runtimes: z
    .record(z.string().min(1).max(60), z.iso.date())
    .default({})
    .describe('The day on which Lambda stops to patch a runtime, by runtime; before those of the table'),
  imageFamilies: z
    .record(z.string().min(1).max(128), z.string().regex(/^\/[\w./-]+$/, 'write the name of the parameter with its /'))
    .default({})
    .describe('The SSM parameter that names the newest image, by the beginning of the name of images of your own'),
  minutes: z
    .partialRecord(z.enum(HOP_KINDS), z.int().positive())
    .default({})
    .describe('How many minutes a change of a kind takes here, where you have measured it'),
  restoreMinutes: z
    .int()
    .positive()
    .optional()
    .describe('How many minutes it takes here to restore a database to a point in time, where you have measured it'),
});
export type UpgradeInput = z.output<typeof Input>;
