import type { Finding, Measurement } from '../../../../core/finding.ts';
import type { Unread } from '../_asking.ts';
import { judgeCache, type CacheRow } from './caches.ts';
import { clientsOf } from './clients.ts';
import { judgeCluster, type ClusterRow } from './clusters.ts';
import type { Database } from './database.ts';
import { judgeDatabase, type DatabaseRow } from './databases.ts';
import { dayOf, daysUntil } from './days.ts';
import type { UpgradeKind } from './findings.ts';
import { judgeFunction, type FunctionRow } from './functions.ts';
import { joined, type Ground, type Hop, type Note, type Said } from './hop.ts';
import { judgeImages, type ImageRow } from './images.ts';
import type { UpgradeInput } from './input.ts';
import { outcomeNotes, outcomesOf, remember, type Outcome, type Remembered } from './outcomes.ts';
import { readCaches } from './read-caches.ts';
import { readClusters } from './read-clusters.ts';
import { readDatabases } from './read-databases.ts';
import { readFunctions } from './read-functions.ts';
import { readImages } from './read-images.ts';
import { STAGES } from './stage.ts';
import { firstWeek, plan, type Week } from './timeline.ts';

/** The plan of one region. */
export interface RegionPlan {
  readonly region: string;
  readonly images: readonly ImageRow[];
  readonly databases: readonly DatabaseRow[];
  readonly clusters: readonly ClusterRow[];
  readonly caches: readonly CacheRow[];
  readonly functions: readonly FunctionRow[];
  readonly containerImages: number;
  readonly weeks: readonly Week[];
  readonly notes: readonly Note[];
  readonly unread: readonly Unread[];
  readonly outcomes: readonly Outcome[];
  readonly remembered: Remembered | undefined;
}

interface Context {
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly earlier: Remembered | undefined;
}

/** Reads and judges a region, and gives each change its week; each part that cannot be read leaves the others. */
export async function planRegion(
  given: string | undefined,
  input: UpgradeInput,
  { now, signal, earlier }: Context,
): Promise<RegionPlan> {
  const clients = clientsOf(given);
  const region = await clients.ec2.config.region();
  const reader = { clients, signal };
  const [ec2, rds, eks, elasticache, lambda] = await Promise.all([
    readImages(reader, input),
    readDatabases(reader, input),
    readClusters(reader, input),
    readCaches(reader, input),
    readFunctions(reader, input, now),
  ]);
  const ground: Ground = { now, region, input };
  const images = judgeImages(ec2.images, ground);
  const databases = joined(rds.databases.map((one) => judgeDatabase(one, rds.vendor, ground)));
  const clusters = joined(eks.clusters.map((one) => judgeCluster(one, eks.vendor, ground)));
  const caches = joined(
    elasticache.caches.map((one) => judgeCache(one, elasticache.versions.get(one.engine) ?? [], ground)),
  );
  const functions = joined(lambda.functions.map((one) => judgeFunction(one, ground)));
  const all: readonly Said<unknown>[] = [images, databases, clusters, caches, functions];
  const unread = [ec2, rds, eks, elasticache, lambda].flatMap((read) => read.unread);
  const hops = withReplicasFirst(
    all.flatMap((said) => said.hops),
    rds.databases,
  );
  const weeks = plan(hops, firstWeek(now, input.startsInDays));
  const seen = {
    versions: new Map(all.flatMap(({ versions }) => [...versions])),
    isPartial: unread.length > 0,
    began: new Map(
      eks.clusters.flatMap(({ name, updates = [] }) =>
        updates.flatMap(({ type, status, startedAt, version }) =>
          type === 'VersionUpdate' && status === 'Successful' && startedAt && version !== undefined
            ? [[`cluster ${name} ${version}`, startedAt] as const]
            : [],
        ),
      ),
    ),
  };
  const outcomes = earlier === undefined ? [] : outcomesOf(earlier, seen);
  return {
    region,
    images: images.rows,
    databases: databases.rows,
    clusters: clusters.rows,
    caches: caches.rows,
    functions: functions.rows,
    containerImages: lambda.containerImages,
    weeks,
    notes: [...all.flatMap((said) => said.notes), ...lateNotes(weeks, now), ...outcomeNotes(outcomes, now)],
    unread,
    outcomes,
    remembered: seen.versions.size === 0 && unread.length > 0 ? earlier : remember(weeks, now),
  };
}

/** A replica of an older minor cannot follow its source, so it goes first. */
function withReplicasFirst(hops: readonly Hop[], databases: readonly Database[]): Hop[] {
  const sourceOf = new Map(databases.map(({ id, replicaOf }) => [`database ${id}`, replicaOf]));
  return hops.map((hop) => {
    if (hop.kind !== 'database-minor') return hop;
    const replicas = hops.filter((other) => {
      const source = sourceOf.get(other.subject);
      // One of a later stage would wait for its source, and its source for it.
      const isNoLater = STAGES.indexOf(other.stage) <= STAGES.indexOf(hop.stage);
      return other.kind === 'database-minor' && source !== undefined && isOf(source, hop.subject) && isNoLater;
    });
    return { ...hop, after: [...hop.after, ...replicas.map(({ id }) => ({ id, weeks: 0 }))] };
  });
}

/** A source is named by its identifier, or from another region or as a cluster by its ARN. */
function isOf(source: string, subject: string): boolean {
  return subject === `database ${source.split(':').at(-1) ?? source}`;
}

/** What is past already is told by the support that ended. */
function lateNotes(weeks: readonly Week[], now: Date): Note[] {
  return weeks
    .flatMap(({ hops }) => hops)
    .flatMap(({ hop: { subject, from, to, dueBy }, isLate, startsOn }): Note[] => {
      if (!isLate || dueBy === undefined || daysUntil(new Date(dueBy.date), now) <= 0) return [];
      const summary = `${subject}: ${from} → ${to} is planned for the week of ${dayOf(startsOn)}, after ${dueBy.date}: ${dueBy.why}`;
      return [{ kind: 'hop-too-late', subject, summary }];
    });
}

/** What the plan of a region finds, each thing by its name. */
export function findingsOf(target: string, planned: RegionPlan): Finding<UpgradeKind>[] {
  const findings = planned.notes.map((note): Finding<UpgradeKind> => ({ target, ...note }));
  for (const { part, action, reason, isDenied } of planned.unread) {
    const summary = `${part} could not be read: ${reason}${isDenied ? `; it lacks ${action}` : ''}`;
    findings.push({ kind: 'part-not-readable', target, subject: part, summary });
  }
  if (thingsIn(planned) === 0 && planned.unread.length === 0) {
    const summary = `no instance, template, database, cluster, cache or function in ${planned.region}`;
    findings.push({ kind: 'nothing-found', target, summary });
  }
  return findings;
}

/** How much was looked at and is to be done; none where nothing was seen. */
export function measurementsOf(target: string, planned: RegionPlan): Measurement[] {
  // A count of none must not pass for a measurement.
  if (thingsIn(planned) === 0) return [];
  const count = (name: string, value: number): Measurement => ({ name, value, unit: 'count', target });
  return [
    count('images', planned.images.length),
    count('databases', planned.databases.length),
    count('clusters', planned.clusters.length),
    count('caches', planned.caches.length),
    count('functions', planned.functions.length),
    count(
      'hops',
      planned.weeks.reduce((sum, { hops }) => sum + hops.length, 0),
    ),
    count('weeks', planned.weeks.at(-1)?.week ?? 0),
  ];
}

function thingsIn({ images, databases, clusters, caches, functions, containerImages }: RegionPlan): number {
  return images.length + databases.length + clusters.length + caches.length + functions.length + containerImages;
}
