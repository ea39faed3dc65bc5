import type { CacheRow } from './caches.ts';
import type { ClusterRow } from './clusters.ts';
import type { CostRow, DatabaseRow } from './databases.ts';
import type { FunctionRow } from './functions.ts';
import type { ImageRow } from './images.ts';
import type { RiskAssessment, RollbackPlan } from './seed-sections.ts';

/** The plan of a quarter, as it is stored; its first eight fields are those that the plan before Fettle had. */
export interface UpgradePlan {
  /** When the plan was made, ISO 8601 in UTC. */
  readonly generated_at: string;
  /** The quarter in which it was made: `Q3 2026`. */
  readonly quarter: string;
  /** An entry for each instance whose image has a newer one that is due; an image without date has null. */
  readonly ami_upgrades: readonly AmiUpgrade[];
  /** An entry for each database and each version that it is to move to, the hops of a way one after the other. */
  readonly rds_upgrades: readonly RdsUpgrade[];
  /** An entry for each cluster and each minor version that it is to move to, one after the other. */
  readonly kubernetes_upgrades: readonly KubernetesUpgrade[];
  /** The weeks with something to do, in their order; each with its changes. */
  readonly timeline: readonly PlanWeek[];
  /** The changes of this plan by their risk, and what keeps each risk small. */
  readonly risk_assessment: RiskAssessment;
  /** How to go back, for each sort of change that this plan has. */
  readonly rollback_plan: RollbackPlan;
  /** An entry for each cache and the version that it is to move to. */
  readonly cache_upgrades: readonly {
    readonly cache: string;
    readonly current_version: string;
    readonly recommended_version: string;
    readonly is_major_upgrade: boolean;
  }[];
  /** An entry for each function whose runtime is to change. */
  readonly runtime_upgrades: readonly {
    readonly function: string;
    readonly current_runtime: string;
    readonly recommended_runtime: string;
  }[];
  /** What staying costs a month in US dollars, by what is charged already and what begins within the horizon. */
  readonly cost_of_waiting: CostOfWaiting;
  /** Every day on which a vendor acts, the next one first. */
  readonly vendor_dates: readonly {
    readonly date: string;
    readonly subject: string;
    readonly what: string;
    readonly planned_for_week_of: string;
    readonly is_late: boolean;
  }[];
  /** What became of the hops of the last plan. */
  readonly last_plan: readonly {
    readonly subject: string;
    readonly from: string;
    readonly to: string;
    readonly planned_for_week_of: string;
    readonly outcome: string;
    readonly began_at: string | null;
  }[];
  /** Everything that was looked at, by region, also what is up to date. */
  readonly regions: readonly RegionInventory[];
  /** The day of which the table of vendor dates in this version of the review is. */
  readonly vendor_dates_as_of: string;
  /** What this plan does not look at. */
  readonly not_covered: readonly string[];
}

export interface AmiUpgrade {
  readonly instance_id: string;
  readonly current_ami: string;
  readonly recommended_ami: string;
  readonly current_ami_date: string | null;
  readonly recommended_ami_date: string | null;
  readonly instance_type: string;
}

export interface RdsUpgrade {
  readonly db_instance: string;
  readonly current_version: string;
  readonly recommended_version: string;
  readonly is_major_upgrade: boolean;
  /** The day on which RDS upgrades or charges by itself; null where it does neither. */
  readonly auto_upgrade_date: string | null;
}

export interface KubernetesUpgrade {
  readonly cluster_name: string;
  readonly current_version: string;
  readonly recommended_version: string;
  readonly upgrade_type: 'minor';
}

export interface PlanWeek {
  /** From 1; a week in which nothing is done has no entry. */
  readonly week: number;
  /** Its Monday, UTC. */
  readonly starts_on: string;
  /** What is done, in sentences without full stop. */
  readonly tasks: readonly string[];
  readonly hops: readonly PlanHop[];
}

/** One change with everything that an approver asks for. */
export interface PlanHop {
  readonly id: string;
  readonly region: string;
  readonly kind: string;
  readonly subject: string;
  /** staging, non-critical or critical. */
  readonly stage: string;
  readonly from: string;
  readonly to: string;
  /** The ids of the hops that must be done before. */
  readonly after: readonly string[];
  readonly pre_checks: readonly string[];
  readonly minutes: number;
  readonly minutes_are: string;
  readonly rollback: {
    readonly method: string;
    readonly minutes: number | null;
    readonly minutes_are: string;
    readonly loses: string;
    /** Until when the way back is open if the change is made on the first day of its week; null where it has no end. */
    readonly until: string | null;
  };
  readonly risk: { readonly level: 'low' | 'medium' | 'high'; readonly reason: string };
  /** The day on which the vendor acts, and what it does; null where none is known. */
  readonly due_by: { readonly date: string; readonly why: string } | null;
  readonly is_late: boolean;
  readonly cost_of_waiting: CostRow | null;
  readonly command: string | null;
}

export interface CostOfWaiting {
  /** Charged today. */
  readonly usd_per_month_now: number;
  /** Charged when all that begins within the horizon has begun. */
  readonly usd_per_month_later: number;
  readonly entries: readonly {
    readonly subject: string;
    readonly usd_per_month: number;
    readonly from: string;
    readonly why: string;
  }[];
  readonly unknown: readonly { readonly subject: string; readonly why: string }[];
}

export interface RegionInventory {
  readonly target: string;
  readonly region: string;
  readonly images: readonly ImageRow[];
  readonly databases: readonly DatabaseRow[];
  readonly clusters: readonly ClusterRow[];
  readonly caches: readonly CacheRow[];
  readonly functions: readonly FunctionRow[];
  /** Functions that are container images, whose runtime is their own matter. */
  readonly container_image_functions: number;
  readonly unknown: readonly {
    readonly part: string;
    readonly reason: string;
    readonly missing_permission: string | null;
  }[];
}
