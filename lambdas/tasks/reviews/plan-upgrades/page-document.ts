import * as z from 'zod';

const Day = z.string().nullable();
const Cost = z
  .union([z.object({ usd_per_month: z.number(), from: z.string() }), z.object({ unknown: z.string() })])
  .nullable();
const Hop = z.object({
  region: z.string(),
  subject: z.string(),
  stage: z.string(),
  from: z.string(),
  to: z.string(),
  pre_checks: z.array(z.string()),
  minutes: z.number(),
  minutes_are: z.string(),
  rollback: z.object({ method: z.string(), minutes: z.number().nullable(), loses: z.string(), until: Day }),
  risk: z.object({ level: z.enum(['low', 'medium', 'high']), reason: z.string() }),
  due_by: z.object({ date: z.string(), why: z.string() }).nullable(),
  is_late: z.boolean(),
  cost_of_waiting: Cost,
  command: z.string().nullable(),
});
const Lived = { standard_support_ends: Day, extended_support_ends: Day };
/** What a page needs of the document of `document.ts`. */
export const PlanDocument = z.object({
  generated_at: z.iso.datetime(),
  quarter: z.string(),
  timeline: z.array(z.object({ week: z.int(), starts_on: z.string(), hops: z.array(Hop) })),
  cost_of_waiting: z.object({
    usd_per_month_now: z.number(),
    usd_per_month_later: z.number(),
    entries: z.array(z.object({ subject: z.string(), usd_per_month: z.number(), from: z.string(), why: z.string() })),
    unknown: z.array(z.object({ subject: z.string(), why: z.string() })),
  }),
  vendor_dates: z.array(
    z.object({
      date: z.string(),
      subject: z.string(),
      what: z.string(),
      planned_for_week_of: z.string(),
      is_late: z.boolean(),
    }),
  ),
  last_plan: z.array(
    z.object({
      subject: z.string(),
      from: z.string(),
      to: z.string(),
      planned_for_week_of: z.string(),
      outcome: z.string(),
    }),
  ),
  regions: z.array(
    z.object({
      region: z.string(),
      images: z.array(z.unknown()),
      databases: z.array(z.object({ db_instance: z.string(), current_version: z.string(), ...Lived })),
      clusters: z.array(
        z.object({
          cluster_name: z.string(),
          current_version: z.string(),
          ...Lived,
          upgrade_insights: z.array(
            z.object({ name: z.string(), status: z.string(), reason: z.string(), green_from: Day }),
          ),
        }),
      ),
      caches: z.array(z.object({ cache: z.string(), current_version: z.string(), ...Lived })),
      functions: z.array(z.unknown()),
      unknown: z.array(z.object({ part: z.string(), reason: z.string(), missing_permission: z.string().nullable() })),
    }),
  ),
  vendor_dates_as_of: z.string(),
  not_covered: z.array(z.string()),
});
export type PlanDocument = z.output<typeof PlanDocument>;
export type DocumentHop = z.output<typeof Hop>;
