import * as z from 'zod';
import { EFFECTS } from './effect.ts';
import { TARGET_KINDS, type TargetKind, type TargetSettings } from './target-kinds.ts';

export const KIND_NAMES = Object.keys(TARGET_KINDS) as readonly TargetKind[];

/** One task of a procedure as resolved: its input parsed, its targets named. */
export const Entry = z.object({
  /** The place in the procedure, from 1; also the number in the key of its record. */
  index: z.int().positive(),
  task: z.string(),
  kind: z.enum(KIND_NAMES as [TargetKind, ...TargetKind[]]),
  effect: z.enum(EFFECTS),
  pauses: z.boolean(),
  input: z.record(z.string(), z.json()).describe('As the profile has it; the task parses it and adds its defaults'),
  targets: z.array(z.string()).min(1),
  required: z.boolean(),
  timeoutSeconds: z.int().positive(),
});
export type Entry = z.infer<typeof Entry>;

export const Group = z.object({ parallel: z.array(Entry).min(1) });
export type Group = z.infer<typeof Group>;

export const Procedure = z.object({
  name: z.string(),
  schedule: z.string().optional(),
  /** Names of CloudWatch alarms of the environment's account and region, any of which starts it as well. */
  alarms: z.array(z.string()).optional(),
  timezone: z.string(),
  /** `02:00-04:00`, half-open, in the procedure's time zone; none is always open. */
  window: z.string().optional(),
  budgetSeconds: z.int().positive(),
  /** Set where the procedure may never do more than plan. */
  planOnly: z.boolean(),
  steps: z.array(z.union([Entry, Group])),
});
export type Procedure = z.infer<typeof Procedure>;

/** A profile merged for one environment; secrets and every other reference stay references. */
export const ResolvedPlatform = z.object({
  schemaVersion: z.literal(1),
  platform: z.string(),
  environment: z.string(),
  account: z.string().optional(),
  region: z.string().optional(),
  network: z.object({ vpc: z.string(), subnets: z.array(z.string()), securityGroups: z.array(z.string()) }).optional(),
  allowAddresses: z.array(z.string()),
  targets: z.partialRecord(
    z.enum(KIND_NAMES as [TargetKind, ...TargetKind[]]),
    z.record(z.string(), z.record(z.string(), z.json())),
  ),
  procedures: z.record(z.string(), Procedure),
});
export type ResolvedPlatform = z.infer<typeof ResolvedPlatform>;

/** The targets of one kind by name, as the profile has them. */
export function targetsOf<Kind extends TargetKind>(
  platform: ResolvedPlatform,
  kind: Kind,
): ReadonlyMap<string, TargetSettings<Kind>> {
  return new Map(Object.entries(platform.targets[kind] ?? {})) as unknown as ReadonlyMap<string, TargetSettings<Kind>>;
}

/** Every task of a procedure in order, those of groups included. */
export function entriesOf(procedure: Pick<Procedure, 'steps'>): Entry[] {
  return procedure.steps.flatMap((step) => ('parallel' in step ? step.parallel : [step]));
}
