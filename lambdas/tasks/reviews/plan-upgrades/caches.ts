import { awsCommand } from '../_recommendation.ts';
import { costRow, type CostRow } from './databases.ts';
import { dayOf, daysUntil } from './days.ts';
import { hopId, notKnown, upgradeDue, type Cost, type Ground, type Hop, type Note, type Said } from './hop.ts';
import type { Stage } from './stage.ts';
import { judgeSupport, nextVendorDate, type Support } from './support.ts';
import { CACHE_ENDS, VENDOR_DATES_AS_OF } from './vendor-dates.ts';
import { compareVersions, majorOf, newestVersion } from './versions.ts';

/** A service update that ElastiCache has in store for a cache. */
export interface ServiceUpdate {
  readonly name: string;
  readonly severity: string;
  readonly type: string;
  readonly applyBy: Date | undefined;
  readonly estimate: string | undefined;
}

/** A replication group, or a cluster by itself. */
export interface Cache {
  readonly id: string;
  readonly isGroup: boolean;
  readonly engine: string;
  readonly version: string;
  readonly stage: Stage;
  readonly updates: readonly ServiceUpdate[];
}

export interface CacheRow {
  readonly cache: string;
  readonly is_replication_group: boolean;
  readonly engine: string;
  readonly current_version: string;
  readonly newest_minor: string | null;
  readonly next_major: string | null;
  readonly stage: Stage;
  readonly standard_support_ends: string | null;
  readonly extended_support_ends: string | null;
  readonly extended_support: CostRow | null;
  readonly service_updates: readonly {
    readonly name: string;
    readonly severity: string;
    readonly apply_by: string | null;
    readonly estimated_time: string | null;
  }[];
}

/** Judges one cache; `versions` are those that ElastiCache offers of its engine. */
export function judgeCache(cache: Cache, versions: readonly string[], ground: Ground): Said<CacheRow> {
  const { id, engine, version, stage } = cache;
  const { now, input, region } = ground;
  const subject = `cache ${id}`;
  const notes: Note[] = [];
  const major = majorOf(version);
  const newer = versions.filter((one) => compareVersions(one, version) > 0);
  const newestMinor = newestVersion(newer.filter((one) => majorOf(one) === major));
  const nextMajor = newestVersion(newer.filter((one) => majorOf(one) !== major));
  if (versions.length === 0)
    notes.push(
      notKnown(subject, `ElastiCache names no version of ${engine}, so whether ${version} is old is not known`),
    );
  const announced = endOf(engine, major);
  const support: Support = {
    standardEnd: announced?.standardEnd === undefined ? undefined : new Date(`${announced.standardEnd}T23:59:59Z`),
    extendedEnd: announced?.extendedEnd === undefined ? undefined : new Date(`${announced.extendedEnd}T23:59:59Z`),
    isExtended: true,
    atEnd: 'ElastiCache upgrades it to Valkey by itself',
  };
  const isEnding = support.standardEnd !== undefined && daysUntil(support.standardEnd, now) <= input.horizonDays;
  const cost: Cost | undefined = isEnding
    ? { unknown: 'it is charged as a share of the price of its nodes, which is not in the table' }
    : undefined;
  const hops: Hop[] = [];
  const change = (kind: 'cache-minor' | 'cache-major', to: string) => {
    const due = nextVendorDate(support, now);
    hops.push({
      id: hopId(kind, subject, version, to),
      kind,
      family: engine,
      subject,
      stage,
      from: version,
      to,
      step: 1,
      after: [],
      ...(kind === 'cache-major' && due && { dueBy: due }),
      ...(cost && { cost }),
      preChecks: [`a snapshot of ${id} is taken: ElastiCache goes back to no older version`],
      command: modify(cache, to, region),
    });
  };
  if (isEnding && nextMajor !== undefined) change('cache-major', nextMajor);
  else if (newestMinor !== undefined) change('cache-minor', newestMinor);
  // Where it leaves its major, its next minor is no step of the plan.
  if (newestMinor !== undefined && hops[0]?.kind !== 'cache-major') {
    notes.push(
      upgradeDue(subject, `${engine} ${version} can be upgraded to ${newestMinor}`, modify(cache, newestMinor, region)),
    );
  }
  if (announced === undefined)
    notes.push(notKnown(subject, `the table of ${VENDOR_DATES_AS_OF} has no end of support of ${engine} ${major}`));
  else if (support.standardEnd !== undefined) {
    notes.push(
      ...judgeSupport(subject, `${engine} ${major}`, support, { limits: input, now, cost, command: hops[0]?.command }),
    );
  }
  const updates = cache.updates.map((update) => serviceUpdate(cache, update, ground));
  return {
    rows: [
      {
        cache: id,
        is_replication_group: cache.isGroup,
        engine,
        current_version: version,
        newest_minor: newestMinor ?? null,
        next_major: nextMajor ?? null,
        stage,
        standard_support_ends: support.standardEnd ? dayOf(support.standardEnd) : null,
        extended_support_ends: support.extendedEnd ? dayOf(support.extendedEnd) : null,
        extended_support: costRow(cost),
        service_updates: cache.updates.map((one) => ({
          name: one.name,
          severity: one.severity,
          apply_by: one.applyBy ? dayOf(one.applyBy) : null,
          estimated_time: one.estimate ?? null,
        })),
      },
    ],
    hops: [...hops, ...updates.map(({ hop }) => hop)],
    notes: [...notes, ...updates.flatMap(({ note }) => note ?? [])],
    versions: new Map([[subject, version], ...updates.map(({ hop }) => [hop.subject, 'pending'] as const)]),
  };
}

/** A major newer than every one of the table was made after it, and no end of it is announced. */
function endOf(engine: string, major: number | undefined) {
  const majors = Object.keys(CACHE_ENDS)
    .filter((one) => one.startsWith(`${engine} `))
    .map((one) => majorOf(one) ?? 0);
  const isNewer = major !== undefined && majors.length > 0 && major > Math.max(...majors);
  return CACHE_ENDS[`${engine} ${major}`] ?? (isNewer ? {} : undefined);
}

function serviceUpdate(
  { id, isGroup, stage }: Cache,
  update: ServiceUpdate,
  { now, input, region }: Ground,
): { readonly hop: Hop; readonly note: Note | undefined } {
  const subject = `update ${update.name} of ${id}`;
  const days = update.applyBy && daysUntil(update.applyBy, now);
  const command = awsCommand(
    region,
    ...['elasticache', 'batch-apply-update-action', '--service-update-name', update.name],
    ...[isGroup ? '--replication-group-ids' : '--cache-cluster-ids', id],
  );
  const hop: Hop = {
    id: hopId('cache-update', subject, 'pending', 'done'),
    kind: 'cache-update',
    family: update.name,
    subject,
    stage,
    from: 'pending',
    to: 'done',
    step: 1,
    after: [],
    ...(update.applyBy && { dueBy: { date: dayOf(update.applyBy), why: 'ElastiCache recommends it by this day' } }),
    preChecks: [`the clients of ${id} connect again by themselves after a failover`],
    command,
  };
  if (update.applyBy === undefined || days === undefined || days > input.urgentDays) return { hop, note: undefined };
  const summary = `cache ${id}: ${update.severity} update ${update.name} is recommended by ${dayOf(update.applyBy)}, ${days > 0 ? `in ${days} days` : 'which is past'}`;
  const note = {
    kind: 'service-update-due',
    subject,
    summary,
    value: days,
    limit: input.urgentDays,
    unit: 'days',
    command,
  } as const;
  return { hop, note };
}

function modify({ id, isGroup }: Cache, version: string, region: string): string {
  return awsCommand(
    region,
    ...(isGroup
      ? ['elasticache', 'modify-replication-group', '--replication-group-id', id]
      : ['elasticache', 'modify-cache-cluster', '--cache-cluster-id', id]),
    ...['--engine-version', version, '--no-apply-immediately'],
  );
}
