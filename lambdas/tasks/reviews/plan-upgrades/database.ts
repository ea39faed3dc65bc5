import type { EngineCalendar } from './database-versions.ts';
import type { Stage } from './stage.ts';

/** Until when each certificate authority of RDS is valid, by its identifier. */
export type Authorities = ReadonlyMap<string, Date>;

/** Maintenance that RDS has in store for an instance or a cluster. */
export interface PendingAction {
  readonly action: string;
  /** The instance or cluster that it is for. */
  readonly arn: string;
  /** In the first maintenance window after this day RDS applies it by itself. */
  readonly appliedAfter: Date | undefined;
  /** On this day RDS applies it whatever the window says. */
  readonly forcedOn: Date | undefined;
  /** When it will be applied as things stand. */
  readonly plannedFor: Date | undefined;
}

/** An instance by itself, or a cluster with its instances. */
export interface Database {
  readonly id: string;
  readonly arn: string;
  readonly isCluster: boolean;
  readonly engine: string;
  readonly version: string;
  readonly stage: Stage;
  /** The class of each machine that is charged, standbys too. */
  readonly classes: readonly string[];
  readonly isExtendedSupportOn: boolean;
  readonly replicaOf: string | undefined;
  readonly window: string | undefined;
  /** What restores to a point in time go back to; 0 where they are switched off. */
  readonly backupDays: number;
  /** Of each instance. */
  readonly certificates: readonly { readonly instance: string; readonly authority: string | undefined }[];
  readonly pending: readonly PendingAction[];
}

export interface DatabaseVendor extends EngineCalendar {
  /** By identifier. */
  readonly authorities: Authorities;
  /** False where the authorities could not be read. */
  readonly knowsAuthorities: boolean;
}
