import { awsCommand } from '../_recommendation.ts';
import { judgeCertificate } from './database-authority.ts';
import type { Database, DatabaseVendor } from './database.ts';
import { databaseCost } from './database-cost.ts';
import { judgePending } from './database-maintenance.ts';
import { newestMinor, supportOf, wayToMajor, type EngineCalendar } from './database-versions.ts';
import { dayOf, daysUntil } from './days.ts';
import { hopId, notKnown, upgradeDue, type Cost, type Ground, type Hop, type Note, type Said } from './hop.ts';
import type { Stage } from './stage.ts';
import { judgeSupport, nextVendorDate, type Support } from './support.ts';

export interface DatabaseRow {
  readonly db_instance: string;
  readonly is_cluster: boolean;
  readonly engine: string;
  readonly current_version: string;
  readonly newest_minor: string | null;
  readonly way_to_next_major: readonly string[];
  readonly stage: Stage;
  readonly standard_support_ends: string | null;
  readonly extended_support_ends: string | null;
  readonly extended_support: CostRow | null;
  readonly certificate_authorities: readonly string[];
  readonly pending_maintenance: readonly PendingRow[];
  readonly maintenance_window: string | null;
}
export type CostRow =
  { readonly usd_per_month: number; readonly from: string; readonly why: string } | { readonly unknown: string };
export interface PendingRow {
  readonly action: string;
  readonly applied_by_itself_after: string | null;
  readonly forced_on: string | null;
  readonly planned_for: string | null;
}

/** Judges one database: its minor, its major, its support, its maintenance and its certificates. */
export function judgeDatabase(database: Database, vendor: DatabaseVendor, ground: Ground): Said<DatabaseRow> {
  const { id, engine, version } = database;
  const { now, input } = ground;
  const subject = `database ${id}`;
  const known = vendor.versions.get(engine)?.get(version);
  const support = supportOf(engine, known?.major, vendor, database.isExtendedSupportOn);
  const cost = databaseCost(database, support, ground);
  const notes: Note[] = [];
  const hops: Hop[] = [];
  let minor: string | undefined;
  let way: readonly string[] = [];
  if (known === undefined) {
    notes.push(notKnown(subject, `RDS names no version ${version} of ${engine}, so where it can go is not known`));
  } else {
    minor = newestMinor(known);
    const isEnding = support.standardEnd !== undefined && daysUntil(support.standardEnd, now) <= input.horizonDays;
    if (isEnding) way = wayToMajor(engine, version, vendor, now);
    if (isEnding && way.length === 0) {
      notes.push(notKnown(subject, `from ${engine} ${version} RDS names no way to a major that is supported longer`));
    }
    hops.push(
      ...hopsOf(database, way.length > 0 ? way : minor === undefined ? [] : [minor], vendor, ground, { support, cost }),
    );
    const command = hops[0]?.command;
    notes.push(...judgeSupport(subject, `${engine} ${known.major}`, support, { limits: input, now, cost, command }));
    // Where it leaves its major, its next minor is no step of the plan.
    if (minor !== undefined && way.length === 0) {
      notes.push(
        upgradeDue(subject, `${engine} ${version} can be upgraded to ${minor}`, modify(database, minor, false, ground)),
      );
    }
  }
  const pending = judgePending(database, ground);
  const certificates = judgeCertificate(database, known?.authorities ?? [], vendor, ground);
  const row: DatabaseRow = {
    db_instance: id,
    is_cluster: database.isCluster,
    engine,
    current_version: version,
    newest_minor: minor ?? null,
    way_to_next_major: way,
    stage: database.stage,
    standard_support_ends: support.standardEnd ? dayOf(support.standardEnd) : null,
    extended_support_ends: support.extendedEnd ? dayOf(support.extendedEnd) : null,
    extended_support: costRow(cost),
    certificate_authorities: [...new Set(database.certificates.flatMap(({ authority }) => authority ?? []))],
    pending_maintenance: database.pending.map((one) => ({
      action: one.action,
      applied_by_itself_after: one.appliedAfter ? dayOf(one.appliedAfter) : null,
      forced_on: one.forcedOn ? dayOf(one.forcedOn) : null,
      planned_for: one.plannedFor ? dayOf(one.plannedFor) : null,
    })),
    maintenance_window: database.window ?? null,
  };
  return {
    rows: [row],
    hops: [...hops, ...pending.hops, ...certificates.hops],
    notes: [...notes, ...pending.notes, ...certificates.notes],
    versions: new Map([[subject, version], ...pending.versions, ...certificates.versions]),
  };
}

/** Each version of a way is a hop of its own, a week after the one before. */
function hopsOf(
  database: Database,
  way: readonly string[],
  { versions }: EngineCalendar,
  ground: Ground,
  { support, cost }: { readonly support: Support; readonly cost: Cost | undefined },
): Hop[] {
  const subject = `database ${database.id}`;
  const graph = versions.get(database.engine);
  const hops: Hop[] = [];
  const majorOfVersion = (version: string) => graph?.get(version)?.major;
  const present = majorOfVersion(database.version);
  const leavesMajor = majorOfVersion(way.at(-1) ?? '') !== present;
  let from = database.version;
  for (const to of way) {
    const isMajor = majorOfVersion(from) !== majorOfVersion(to);
    // What its present major is charged and forced for, is over once it has left it.
    const isStillThere = leavesMajor && majorOfVersion(from) === present;
    const kind = isMajor ? 'database-major' : 'database-minor';
    const before = hops.at(-1);
    // A minor by itself keeps no major supported.
    const due = isStillThere ? nextVendorDate(support, ground.now) : undefined;
    hops.push({
      id: hopId(kind, subject, from, to),
      kind,
      family: database.engine,
      subject,
      stage: database.stage,
      from,
      to,
      step: hops.filter((hop) => hop.kind === kind).length + 1,
      after: before === undefined ? [] : [{ id: before.id, weeks: 1 }],
      ...(due && { dueBy: due }),
      ...(isStillThere && cost && { cost }),
      preChecks: [
        database.backupDays > 0
          ? `the latest restorable time of ${database.id} is minutes ago: backups are kept ${database.backupDays} days`
          : `automated backups of ${database.id} are switched off: switch them on first, or nothing can be restored`,
      ],
      ...(database.backupDays === 0 && { danger: 'there is no backup to go back to' }),
      command: modify(database, to, isMajor, ground),
    });
    from = to;
  }
  return hops;
}

function modify({ id, isCluster }: Database, version: string, isMajor: boolean, { region }: Ground): string {
  return awsCommand(
    region,
    ...(isCluster
      ? ['rds', 'modify-db-cluster', '--db-cluster-identifier', id]
      : ['rds', 'modify-db-instance', '--db-instance-identifier', id]),
    ...['--engine-version', version, ...(isMajor ? ['--allow-major-version-upgrade'] : []), '--no-apply-immediately'],
  );
}

/** What staying costs, as the document writes it. */
export function costRow(cost: Cost | undefined): CostRow | null {
  if (cost === undefined) return null;
  return 'unknown' in cost ? cost : { usd_per_month: cost.usdPerMonth, from: cost.from, why: cost.why };
}
