import {
  DBInstanceNotFoundFault,
  DBParameterGroupNotFoundFault,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
  type DBCluster,
  type DBInstance,
  type Parameter,
} from '@aws-sdk/client-rds';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface RdsFixture {
  readonly instances: readonly DBInstance[];
  readonly clusters?: readonly DBCluster[];
  /** By the name of their group. */
  readonly parameters?: Readonly<Record<string, readonly Parameter[]>>;
}

/** RDS with these instances and clusters. */
export function rds({ instances, clusters = [], parameters = {} }: RdsFixture): ServiceAnswers {
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
  ]);
}
