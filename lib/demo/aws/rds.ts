import {
  DBInstanceNotFoundFault,
  DBParameterGroupNotFoundFault,
  DescribeCertificatesCommand,
  DescribeDBClustersCommand,
  DescribeDBEngineVersionsCommand,
  DescribeDBInstancesCommand,
  DescribeDBMajorEngineVersionsCommand,
  DescribeDBParametersCommand,
  DescribePendingMaintenanceActionsCommand,
  type Certificate,
  type DBCluster,
  type DBEngineVersion,
  type DBInstance,
  type DBMajorEngineVersion,
  type Parameter,
  type ResourcePendingMaintenanceActions,
} from '@aws-sdk/client-rds';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface RdsFixture {
  readonly instances: readonly DBInstance[];
  readonly clusters?: readonly DBCluster[];
  /** By the name of their group. */
  readonly parameters?: Readonly<Record<string, readonly Parameter[]>>;
  readonly engineVersions?: readonly DBEngineVersion[];
  readonly majorVersions?: readonly DBMajorEngineVersion[];
  readonly pending?: readonly ResourcePendingMaintenanceActions[];
  readonly certificates?: readonly Certificate[];
}

/** RDS with these instances and clusters. */
export function rds(fixture: RdsFixture): ServiceAnswers {
  const { instances, clusters = [], parameters = {}, engineVersions = [], majorVersions = [] } = fixture;
  const { pending = [], certificates = [] } = fixture;
  return serviceAnswers('rds', 'http://rds.amazonaws.com/doc/2014-10-31/', [
    answer(DescribeDBInstancesCommand, ({ DBInstanceIdentifier, Marker, MaxRecords = 100 }) => {
      const its = instances.filter(
        (one) => (DBInstanceIdentifier ?? one.DBInstanceIdentifier) === one.DBInstanceIdentifier,
      );
      if (DBInstanceIdentifier !== undefined && its.length === 0) {
        throw new DBInstanceNotFoundFault({ message: `DBInstance ${DBInstanceIdentifier} not found.`, $metadata: {} });
      }
      const { items, next } = page(its, Marker, MaxRecords);
      return { DBInstances: items, Marker: next };
    }),
    answer(DescribeDBClustersCommand, ({ DBClusterIdentifier, Marker, MaxRecords = 100 }) => {
      const its = clusters.filter(
        (one) => (DBClusterIdentifier ?? one.DBClusterIdentifier) === one.DBClusterIdentifier,
      );
      const { items, next } = page(its, Marker, MaxRecords);
      return { DBClusters: items, Marker: next };
    }),
    answer(DescribeDBParametersCommand, ({ DBParameterGroupName = '', Source, Marker, MaxRecords = 100 }) => {
      const group = parameters[DBParameterGroupName];
      if (group === undefined) {
        const message = `DBParameterGroup not found: ${DBParameterGroupName}`;
        throw new DBParameterGroupNotFoundFault({ message, $metadata: {} });
      }
      const its = group.filter((one) => Source === undefined || one.Source === Source);
      const { items, next } = page(its, Marker, MaxRecords);
      return { Parameters: items, Marker: next };
    }),
    answer(DescribeDBEngineVersionsCommand, ({ Engine, EngineVersion, IncludeAll, Marker, MaxRecords = 100 }) => {
      const its = engineVersions.filter(
        (one) =>
          (Engine ?? one.Engine) === one.Engine &&
          (EngineVersion ?? one.EngineVersion) === one.EngineVersion &&
          (IncludeAll || one.Status !== 'deprecated'),
      );
      const { items, next } = page(its, Marker, MaxRecords);
      return { DBEngineVersions: items, Marker: next };
    }),
    answer(DescribeDBMajorEngineVersionsCommand, ({ Engine, Marker, MaxRecords = 100 }) => {
      const its = majorVersions.filter((one) => (Engine ?? one.Engine) === one.Engine);
      const { items, next } = page(its, Marker, MaxRecords);
      return { DBMajorEngineVersions: items, Marker: next };
    }),
    answer(DescribePendingMaintenanceActionsCommand, ({ ResourceIdentifier, Marker, MaxRecords = 100 }) => {
      const its = pending.filter((one) => (ResourceIdentifier ?? one.ResourceIdentifier) === one.ResourceIdentifier);
      const { items, next } = page(its, Marker, MaxRecords);
      return { PendingMaintenanceActions: items, Marker: next };
    }),
    answer(DescribeCertificatesCommand, ({ Marker, MaxRecords = 100 }) => {
      const { items, next } = page(certificates, Marker, MaxRecords);
      return { Certificates: items, Marker: next };
    }),
  ]);
}
