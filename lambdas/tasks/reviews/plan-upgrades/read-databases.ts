import {
  DescribeCertificatesCommand,
  DescribeDBClustersCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBInstancesCommand,
  DescribeDBMajorEngineVersionsCommand,
  DescribePendingMaintenanceActionsCommand,
  type DBCluster,
  type DBInstance,
} from '@aws-sdk/client-rds';
import { allPages, part, type Unread } from '../_asking.ts';
import type { Reader } from './clients.ts';
import type { EngineVersion, Lifecycle } from './database-versions.ts';
import type { Database, DatabaseVendor, PendingAction } from './database.ts';
import type { UpgradeInput } from './input.ts';
import { bearsTag, stageOf, tagsOf } from './stage.ts';

interface ReadDatabases {
  readonly databases: readonly Database[];
  readonly vendor: DatabaseVendor;
  readonly unread: readonly Unread[];
}

const EXTENDED_SUPPORT_OFF = 'open-source-rds-extended-support-disabled';

/** Reads every instance and cluster, and what RDS says of their engines, each engine once. */
export async function readDatabases({ clients: { rds }, signal }: Reader, input: UpgradeInput): Promise<ReadDatabases> {
  const options = { abortSignal: signal };
  const unread: Unread[] = [];
  const [instances, clusters] = await Promise.all([
    part('RDS instances', () =>
      allPages(
        'rds:DescribeDBInstances',
        (Marker) => rds.send(new DescribeDBInstancesCommand({ Marker }), options),
        ({ Marker }) => Marker,
      ),
    ),
    part('Aurora clusters', () =>
      allPages(
        'rds:DescribeDBClusters',
        (Marker) => rds.send(new DescribeDBClustersCommand({ Marker }), options),
        ({ Marker }) => Marker,
      ),
    ),
  ]);
  for (const read of [instances, clusters]) if ('unread' in read) unread.push(read.unread);
  const single = ('value' in instances ? instances.value : []).flatMap(({ DBInstances = [] }) => DBInstances);
  const grouped = ('value' in clusters ? clusters.value : []).flatMap(({ DBClusters = [] }) => DBClusters);
  if (single.length + grouped.length === 0) {
    return {
      databases: [],
      vendor: { versions: new Map(), lifecycles: new Map(), authorities: new Map(), knowsAuthorities: true },
      unread,
    };
  }
  const engines = [...new Set([...single, ...grouped].flatMap(({ Engine }) => Engine ?? []))];
  const [lifecycles, pending, authorities] = await Promise.all([
    part('the support dates of engines', () => readLifecycles(rds, options)),
    part('pending maintenance', () => readPending(rds, options)),
    part('certificate authorities', () => readAuthorities(rds, options)),
  ]);
  for (const read of [lifecycles, pending, authorities]) if ('unread' in read) unread.push(read.unread);
  const versions = new Map<string, ReadonlyMap<string, EngineVersion>>();
  for (const engine of engines) {
    const read = await part('the versions of engines', () => readVersions(rds, options, engine));
    if ('value' in read) versions.set(engine, read.value);
    else unread.push(read.unread);
  }
  const waiting = 'value' in pending ? pending.value : new Map<string, PendingAction[]>();
  return {
    databases: [
      ...grouped.map((cluster) => ofCluster(cluster, single, waiting, input)),
      // An instance of a cluster has the version of its cluster, and is upgraded with it.
      ...single.filter(({ DBClusterIdentifier }) => !DBClusterIdentifier).map((one) => ofInstance(one, waiting, input)),
    ].flatMap((database) => database ?? []),
    vendor: {
      versions,
      lifecycles: 'value' in lifecycles ? lifecycles.value : new Map(),
      authorities: 'value' in authorities ? authorities.value : new Map(),
      knowsAuthorities: 'value' in authorities,
    },
    unread: [...new Map(unread.map((refused) => [refused.part, refused])).values()],
  };
}

type Waiting = ReadonlyMap<string, readonly PendingAction[]>;

function ofInstance(one: DBInstance, waiting: Waiting, input: UpgradeInput): Database | undefined {
  const tags = tagsOf(one.TagList);
  if (!bearsTag(tags, input.tag)) return undefined;
  const { DBInstanceIdentifier: id = '', DBInstanceArn: arn = '', DBInstanceClass: size = '' } = one;
  return {
    id,
    arn,
    isCluster: false,
    engine: one.Engine ?? '',
    version: one.EngineVersion ?? '',
    stage: stageOf(tags, input),
    classes: one.MultiAZ ? [size, size] : [size],
    isExtendedSupportOn: one.EngineLifecycleSupport !== EXTENDED_SUPPORT_OFF,
    replicaOf: one.ReadReplicaSourceDBInstanceIdentifier,
    window: one.PreferredMaintenanceWindow,
    backupDays: one.BackupRetentionPeriod ?? 0,
    certificates: [{ instance: id, authority: one.CACertificateIdentifier }],
    pending: waiting.get(arn) ?? [],
  };
}

function ofCluster(
  one: DBCluster,
  instances: readonly DBInstance[],
  waiting: Waiting,
  input: UpgradeInput,
): Database | undefined {
  const tags = tagsOf(one.TagList);
  if (!bearsTag(tags, input.tag)) return undefined;
  const { DBClusterIdentifier: id = '', DBClusterArn: arn = '' } = one;
  const its = instances.filter(({ DBClusterIdentifier }) => DBClusterIdentifier === id);
  return {
    id,
    arn,
    isCluster: true,
    engine: one.Engine ?? '',
    version: one.EngineVersion ?? '',
    stage: stageOf(tags, input),
    classes: its.map(({ DBInstanceClass = '' }) => DBInstanceClass),
    isExtendedSupportOn: one.EngineLifecycleSupport !== EXTENDED_SUPPORT_OFF,
    replicaOf: one.ReplicationSourceIdentifier,
    window: one.PreferredMaintenanceWindow,
    backupDays: one.BackupRetentionPeriod ?? 0,
    certificates: its.map(({ DBInstanceIdentifier = '', CACertificateIdentifier }) => ({
      instance: DBInstanceIdentifier,
      authority: CACertificateIdentifier,
    })),
    pending: [arn, ...its.flatMap(({ DBInstanceArn }) => DBInstanceArn ?? [])].flatMap(
      (each) => waiting.get(each) ?? [],
    ),
  };
}

type Rds = Reader['clients']['rds'];
interface Options {
  readonly abortSignal: AbortSignal;
}

/** All versions of an engine, the withdrawn ones too: from each of them a way must be found. */
async function readVersions(rds: Rds, options: Options, Engine: string): Promise<Map<string, EngineVersion>> {
  const pages = await allPages(
    'rds:DescribeDBEngineVersions',
    (Marker) =>
      rds.send(new DescribeDBEngineVersionsCommand({ Engine, IncludeAll: true, Marker, MaxRecords: 100 }), options),
    ({ Marker }) => Marker,
  );
  const versions = pages.flatMap(({ DBEngineVersions = [] }) =>
    DBEngineVersions.map(
      ({
        EngineVersion: version = '',
        MajorEngineVersion,
        ValidUpgradeTarget = [],
        SupportedCACertificateIdentifiers,
      }) => ({
        version,
        // Engines have majors of one number or of two; RDS says which.
        major: MajorEngineVersion ?? version,
        // Aurora names targets of other engines for serverless clusters.
        targets: ValidUpgradeTarget.filter((target) => (target.Engine ?? Engine) === Engine).flatMap((target) =>
          target.EngineVersion === undefined
            ? []
            : [{ version: target.EngineVersion, isMajor: target.IsMajorVersionUpgrade ?? false }],
        ),
        authorities: SupportedCACertificateIdentifiers ?? [],
      }),
    ),
  );
  return new Map(versions.map((one) => [one.version, one]));
}

async function readLifecycles(rds: Rds, options: Options): Promise<Map<string, Lifecycle>> {
  const pages = await allPages(
    'rds:DescribeDBMajorEngineVersions',
    (Marker) => rds.send(new DescribeDBMajorEngineVersionsCommand({ Marker, MaxRecords: 100 }), options),
    ({ Marker }) => Marker,
  );
  return new Map(
    pages.flatMap(({ DBMajorEngineVersions = [] }) =>
      DBMajorEngineVersions.map(({ Engine = '', MajorEngineVersion = '', SupportedEngineLifecycles = [] }) => {
        const end = (name: string) =>
          SupportedEngineLifecycles.find(({ LifecycleSupportName }) => LifecycleSupportName === name)
            ?.LifecycleSupportEndDate;
        const dates = {
          standardEnd: end('open-source-rds-standard-support'),
          extendedEnd: end('open-source-rds-extended-support'),
        };
        return [`${Engine} ${MajorEngineVersion}`, dates] as const;
      }),
    ),
  );
}

async function readPending(rds: Rds, options: Options): Promise<Map<string, PendingAction[]>> {
  const pages = await allPages(
    'rds:DescribePendingMaintenanceActions',
    (Marker) => rds.send(new DescribePendingMaintenanceActionsCommand({ Marker, MaxRecords: 100 }), options),
    ({ Marker }) => Marker,
  );
  const actions = pages.flatMap(({ PendingMaintenanceActions = [] }) => PendingMaintenanceActions);
  return new Map(
    actions.map(({ ResourceIdentifier: arn = '', PendingMaintenanceActionDetails = [] }) => [
      arn,
      PendingMaintenanceActionDetails.map((one) => ({
        action: one.Action ?? '',
        arn,
        appliedAfter: one.AutoAppliedAfterDate,
        forcedOn: one.ForcedApplyDate,
        plannedFor: one.CurrentApplyDate,
      })),
    ]),
  );
}

async function readAuthorities(rds: Rds, options: Options): Promise<Map<string, Date>> {
  const pages = await allPages(
    'rds:DescribeCertificates',
    (Marker) => rds.send(new DescribeCertificatesCommand({ Marker, MaxRecords: 100 }), options),
    ({ Marker }) => Marker,
  );
  const certificates = pages.flatMap(({ Certificates = [] }) => Certificates);
  return new Map(
    certificates.flatMap(({ CertificateIdentifier: id, ValidTill, CustomerOverrideValidTill: own }) => {
      const end = own ?? ValidTill;
      return id === undefined || end === undefined ? [] : [[id, end] as const];
    }),
  );
}
