import type { Json } from '../../../../core/json.ts';
import { careOf } from './care.ts';
import { costRow } from './databases.ts';
import { addDays, dayOf, quarterOf } from './days.ts';
import type { AmiUpgrade, CostOfWaiting, PlanHop, PlanWeek, RegionInventory, UpgradePlan } from './document.ts';
import type { ImageRow } from './images.ts';
import type { UpgradeInput } from './input.ts';
import type { RegionPlan } from './review-region.ts';
import { riskAssessmentOf, rollbackPlanOf } from './seed-sections.ts';
import { tasksOf, type PlannedHop } from './timeline.ts';
import { VENDOR_DATES_AS_OF } from './vendor-dates.ts';

export interface PlannedRegion {
  readonly target: string;
  readonly planned: RegionPlan;
}

const NOT_COVERED = [
  'base images of containers',
  'releases of node group images within one version of Kubernetes',
  'machines in self-managed node groups, but for their images',
  'dependencies of applications',
] as const;

/** The plan over all regions. */
export function documentOf(now: Date, input: UpgradeInput, regions: readonly PlannedRegion[]): Json {
  const hops = regions.flatMap(({ planned }) =>
    planned.weeks.flatMap((week) => week.hops.map((one) => ({ one, region: planned.region }))),
  );
  const { year, quarter } = quarterOf(now);
  const of = (...kinds: readonly string[]) =>
    hops.filter(({ one }) => kinds.includes(one.hop.kind)).map(({ one }) => one.hop);
  const nameOf = (subject: string) => subject.slice(subject.indexOf(' ') + 1);
  const document: UpgradePlan = {
    generated_at: now.toISOString(),
    quarter: `Q${quarter} ${year}`,
    ami_upgrades: regions.flatMap(({ planned }) => planned.images.flatMap(amiUpgrades)),
    rds_upgrades: of('database-minor', 'database-major').map((hop) => ({
      db_instance: nameOf(hop.subject),
      current_version: hop.from,
      recommended_version: hop.to,
      is_major_upgrade: hop.kind === 'database-major',
      auto_upgrade_date: hop.dueBy?.date ?? null,
    })),
    kubernetes_upgrades: of('control-plane').map((hop) => ({
      cluster_name: nameOf(hop.subject),
      current_version: hop.from,
      recommended_version: hop.to,
      upgrade_type: 'minor',
    })),
    timeline: timelineOf(regions, input),
    risk_assessment: riskAssessmentOf(
      hops.map(({ one }) => one.hop),
      input,
    ),
    rollback_plan: rollbackPlanOf(
      hops.map(({ one }) => one.hop),
      input,
    ),
    cache_upgrades: of('cache-minor', 'cache-major').map((hop) => ({
      cache: nameOf(hop.subject),
      current_version: hop.from,
      recommended_version: hop.to,
      is_major_upgrade: hop.kind === 'cache-major',
    })),
    runtime_upgrades: of('runtime').map((hop) => ({
      function: nameOf(hop.subject),
      current_runtime: hop.from,
      recommended_runtime: hop.to,
    })),
    cost_of_waiting: costOf(now, regions),
    vendor_dates: hops
      .flatMap(({ one: { hop, startsOn, isLate } }) =>
        hop.dueBy
          ? [
              {
                date: hop.dueBy.date,
                subject: hop.subject,
                what: hop.dueBy.why,
                planned_for_week_of: dayOf(startsOn),
                is_late: isLate,
              },
            ]
          : [],
      )
      .toSorted((a, b) => a.date.localeCompare(b.date)),
    last_plan: regions.flatMap(({ planned }) =>
      planned.outcomes.map(({ subject, from, to, plannedFor, outcome, beganAt }) => ({
        subject,
        from,
        to,
        planned_for_week_of: plannedFor,
        outcome,
        began_at: beganAt ?? null,
      })),
    ),
    regions: regions.map(inventoryOf),
    vendor_dates_as_of: VENDOR_DATES_AS_OF,
    not_covered: NOT_COVERED,
  };
  // An interface has no index signature, which JSON asks for; what it holds is JSON all the same.
  return document as unknown as Json;
}

function amiUpgrades(row: ImageRow): AmiUpgrade[] {
  const { newest_image: newest } = row;
  if (newest === null || (row.state !== 'due' && row.state !== 'deprecated') || newest === row.image) return [];
  return row.instances.map(({ instance_id, instance_type }) => ({
    instance_id,
    current_ami: row.image,
    recommended_ami: newest,
    current_ami_date: row.created_at,
    recommended_ami_date: row.newest_created_at,
    instance_type,
  }));
}

function timelineOf(regions: readonly PlannedRegion[], input: UpgradeInput): PlanWeek[] {
  const weeks = regions.flatMap(({ planned }) => planned.weeks.map((week) => ({ week, region: planned.region })));
  return [...Map.groupBy(weeks, ({ week }) => week.week)]
    .toSorted(([a], [b]) => a - b)
    .map(([number, same]) => ({
      week: number,
      starts_on: dayOf(same[0]?.week.startsOn ?? new Date(0)),
      tasks: [...new Set(same.flatMap(({ week }) => tasksOf(week)))],
      hops: same.flatMap(({ week, region }) => week.hops.map((one) => planHop(one, region, input))),
    }));
}

function planHop({ hop, startsOn, isLate }: PlannedHop, region: string, input: UpgradeInput): PlanHop {
  const { preChecks, minutes, minutesAre, rollback, risk } = careOf(hop, input);
  return {
    id: hop.id,
    region,
    kind: hop.kind,
    subject: hop.subject,
    stage: hop.stage,
    from: hop.from,
    to: hop.to,
    after: hop.after.map(({ id }) => id),
    pre_checks: preChecks,
    minutes,
    minutes_are: minutesAre,
    rollback: {
      method: rollback.method,
      minutes: rollback.minutes ?? null,
      minutes_are: rollback.minutesAre,
      loses: rollback.loses,
      until: rollback.days === undefined ? null : dayOf(addDays(startsOn, rollback.days)),
    },
    risk,
    due_by: hop.dueBy ?? null,
    is_late: isLate,
    cost_of_waiting: costRow(hop.cost),
    command: hop.command ?? null,
  };
}

/** Of the inventory and not of the hops: what nobody can upgrade is charged all the same. */
function costOf(now: Date, regions: readonly PlannedRegion[]): CostOfWaiting {
  const charged = regions.flatMap(({ planned: { databases, clusters, caches } }) => [
    ...databases.map((one) => ({ subject: `database ${one.db_instance}`, cost: one.extended_support })),
    ...clusters.map((one) => ({ subject: `cluster ${one.cluster_name}`, cost: one.extended_support })),
    ...caches.map((one) => ({ subject: `cache ${one.cache}`, cost: one.extended_support })),
  ]);
  const entries = charged.flatMap(({ subject, cost }) =>
    cost !== null && 'usd_per_month' in cost ? [{ subject, ...cost }] : [],
  );
  const unknown = charged.flatMap(({ subject, cost }) =>
    cost !== null && 'unknown' in cost ? [{ subject, why: cost.unknown }] : [],
  );
  const sum = (some: typeof entries) =>
    Math.round(some.reduce((total, one) => total + one.usd_per_month, 0) * 100) / 100;
  return {
    usd_per_month_now: sum(entries.filter(({ from }) => from <= dayOf(now))),
    usd_per_month_later: sum(entries),
    entries,
    unknown,
  };
}

function inventoryOf({ target, planned }: PlannedRegion): RegionInventory {
  return {
    target,
    region: planned.region,
    images: planned.images,
    databases: planned.databases,
    clusters: planned.clusters,
    caches: planned.caches,
    functions: planned.functions,
    container_image_functions: planned.containerImages,
    unknown: planned.unread.map(({ part, reason, action, isDenied }) => ({
      part,
      reason,
      missing_permission: isDenied ? action : null,
    })),
  };
}
