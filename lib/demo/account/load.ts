import type { ScalableTarget, ScalingPolicy } from '@aws-sdk/client-application-auto-scaling';
import type { CacheCluster } from '@aws-sdk/client-elasticache';
import type { Service, Task, TaskDefinition } from '@aws-sdk/client-ecs';
import type { DBCluster, DBInstance, Parameter } from '@aws-sdk/client-rds';
import type { AskedMetric } from '../aws/cloudwatch.ts';
import { ACCOUNT } from './day.ts';

const ARN = `arn:aws:ecs:us-east-1:${ACCOUNT}`;
export const CLUSTER = `${ARN}:cluster/prod`;

/** What reviews of the load read of an account; what is left out is empty. */
export interface LoadAccount {
  readonly services?: readonly Service[];
  readonly taskDefinitions?: readonly TaskDefinition[];
  readonly tasks?: readonly Task[];
  readonly scalable?: readonly ScalableTarget[];
  readonly policies?: readonly ScalingPolicy[];
  readonly instances?: readonly DBInstance[];
  readonly clusters?: readonly DBCluster[];
  readonly parameters?: Readonly<Record<string, readonly Parameter[]>>;
  readonly caches?: readonly CacheCluster[];
  readonly value: (metric: AskedMetric, at: number) => number | undefined;
}

/** A service of Fargate with 1 vCPU and 2 GiB and two tasks. */
export function ecsService(name: string): Service {
  return {
    clusterArn: CLUSTER,
    serviceArn: `${ARN}:service/prod/${name}`,
    serviceName: name,
    status: 'ACTIVE',
    launchType: 'FARGATE',
    desiredCount: 2,
    runningCount: 2,
    taskDefinition: DEFINITION,
  };
}

const DEFINITION = `${ARN}:task-definition/web:7`;
export const WEB: TaskDefinition = { taskDefinitionArn: DEFINITION, cpu: '1024', memory: '2048' };

export const MAX_CONNECTIONS: Parameter = {
  ParameterName: 'max_connections',
  ParameterValue: 'LEAST({DBInstanceClassMemory/9531392},5000)',
};

/** A PostgreSQL on a class of 2 vCPUs and 16 GiB. */
export function dbInstance(id: string): DBInstance {
  return {
    DBInstanceIdentifier: id,
    DBInstanceClass: 'db.r5.large',
    Engine: 'postgres',
    MultiAZ: true,
    DBParameterGroups: [{ DBParameterGroupName: 'default.postgres15' }],
  };
}

/** Of two tasks: each sends one a minute. */
export function samplesOf({ periodSeconds }: Pick<AskedMetric, 'periodSeconds'>): number {
  return (2 * periodSeconds) / 60;
}

const GIB = 1_024 ** 3;

/** A month in which nothing is too small or too large; `changes` by the name of the service, database or cache. */
export function calmMonth(
  changes: Readonly<Record<string, (metric: AskedMetric, at: number) => number | undefined | 'calm'>> = {},
) {
  return (metric: AskedMetric, at: number): number | undefined => {
    const { ServiceName, DBInstanceIdentifier, CacheClusterId } = metric.dimensions;
    const changed = changes[ServiceName ?? DBInstanceIdentifier ?? CacheClusterId ?? '']?.(metric, at);
    if (
      changed !== 'calm' &&
      (changed !== undefined || (ServiceName ?? DBInstanceIdentifier ?? CacheClusterId ?? '') in changes)
    ) {
      return changed;
    }
    switch (metric.name) {
      case 'CPUUtilization':
        return metric.statistic === 'SampleCount' ? samplesOf(metric) : 65;
      case 'FreeableMemory':
        return 5 * GIB;
      case 'DatabaseConnections':
        return 100;
      case 'ReadLatency':
      case 'WriteLatency':
        return 0.002;
      case 'Evictions':
        return 0;
      default:
        return 70;
    }
  };
}
