import {
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  type ScalingPolicy,
} from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListClustersCommand,
  ListServicesCommand,
  ListTasksCommand,
  type Service as EcsService,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import { Unavailable } from '../../../core/errors.ts';
import { inParallel } from '../../runtime/in-parallel.ts';
import { allPages, ask, part, pieces, type Unread } from './_asking.ts';
import type { Clients } from './_clients.ts';
import type { Bounds, Service } from './_service.ts';

const SERVICES_A_CALL = 10;
const TASKS_A_CALL = 100;
const CONCURRENT_CALLS = 4;

/** A service without its metrics. */
export type FoundService = Omit<Service, 'load' | 'isResized'>;

/** The services, and what of all services could not be read. */
export interface FoundServices {
  readonly services: readonly FoundService[];
  readonly unread: readonly Unread[];
}

interface Reader {
  readonly clients: Clients;
  readonly signal: AbortSignal;
}

/** Reads the services of these clusters, or of all; autoscaling, sizes and kills each stand or fall alone. */
export async function readServices(reader: Reader, clusters: readonly string[]): Promise<FoundServices> {
  const { clients, signal: abortSignal } = reader;
  const unread: Unread[] = [];
  const listed = clusters.length > 0 ? { value: clusters } : await part('ECS services', () => listClusters(reader));
  if ('unread' in listed) return { services: [], unread: [listed.unread] };
  const found: EcsService[] = [];
  for (const cluster of listed.value) {
    const its = await part(`ECS services of ${nameOf(cluster)}`, () => describeServices(reader, cluster));
    if ('unread' in its) unread.push(its.unread);
    else found.push(...its.value);
  }
  if (found.length === 0) return { services: [], unread };

  const bounds = await part('the bounds of autoscaling', () => readBounds(reader));
  if ('unread' in bounds) unread.push(bounds.unread);
  const arns = [...new Set(found.flatMap(({ taskDefinition }) => taskDefinition ?? []))];
  const definitions = new Map<string, TaskDefinition>();
  await inParallel(arns, CONCURRENT_CALLS, async (taskDefinition) => {
    const command = new DescribeTaskDefinitionCommand({ taskDefinition });
    const action = 'ecs:DescribeTaskDefinition';
    const read = await part('the size of tasks', () => ask(action, () => clients.ecs.send(command, { abortSignal })));
    if ('unread' in read) unread.push(read.unread);
    else if (read.value.taskDefinition) definitions.set(taskDefinition, read.value.taskDefinition);
  });
  const kills = new Map<string, number>();
  const blind = new Set<string>();
  for (const cluster of new Set(found.flatMap(({ clusterArn }) => clusterArn ?? []))) {
    const stopped = await part(`tasks killed for lack of memory in ${nameOf(cluster)}`, () =>
      readKills(reader, cluster, kills),
    );
    if ('unread' in stopped) {
      unread.push(stopped.unread);
      blind.add(cluster);
    }
  }
  const services = found.map((service): FoundService => {
    const {
      clusterArn = '',
      serviceName = '',
      taskDefinition = '',
      desiredCount = 0,
      createdAt,
      deployments = [],
    } = service;
    const cluster = nameOf(clusterArn);
    const definition = definitions.get(taskDefinition);
    return {
      cluster,
      name: serviceName,
      isFargate: isFargate(service),
      isArm: definition?.runtimePlatform?.cpuArchitecture === 'ARM64',
      size: definition && sizeOf(definition),
      desired: desiredCount,
      createdAt,
      deployedAt: deployments.find(({ status }) => status === 'PRIMARY')?.createdAt,
      bounds: 'unread' in bounds ? 'unknown' : bounds.value.get(`service/${cluster}/${serviceName}`),
      outOfMemory: blind.has(clusterArn) ? undefined : (kills.get(`${clusterArn} service:${serviceName}`) ?? 0),
    };
  });
  return { services, unread: onceEach(unread) };
}

async function listClusters({ clients, signal: abortSignal }: Reader): Promise<string[]> {
  const pages = await allPages(
    'ecs:ListClusters',
    (nextToken) => clients.ecs.send(new ListClustersCommand({ nextToken }), { abortSignal }),
    ({ nextToken }) => nextToken,
  );
  return pages.flatMap(({ clusterArns = [] }) => clusterArns);
}

async function describeServices({ clients, signal: abortSignal }: Reader, cluster: string): Promise<EcsService[]> {
  const pages = await allPages(
    'ecs:ListServices',
    (nextToken) => clients.ecs.send(new ListServicesCommand({ cluster, nextToken, maxResults: 100 }), { abortSignal }),
    ({ nextToken }) => nextToken,
  );
  const arns = pages.flatMap(({ serviceArns = [] }) => serviceArns);
  const described = await inParallel(pieces(arns, SERVICES_A_CALL), CONCURRENT_CALLS, async (services) => {
    const command = new DescribeServicesCommand({ cluster, services });
    const answer = await ask('ecs:DescribeServices', () => clients.ecs.send(command, { abortSignal }));
    // One that was deleted since it was listed is gone; any other failure is a service that nobody judged.
    const failed = (answer.failures ?? []).filter(({ reason }) => reason !== 'MISSING');
    if (failed.length > 0) throw new Unavailable(`ecs:DescribeServices: ${failed[0]?.arn}: ${failed[0]?.reason}`);
    return (answer.services ?? []).filter(({ status }) => status !== 'INACTIVE');
  });
  return described.flat();
}

async function readBounds({ clients, signal: abortSignal }: Reader): Promise<Map<string, Bounds>> {
  const ServiceNamespace = 'ecs';
  const targets = await allPages(
    'application-autoscaling:DescribeScalableTargets',
    (NextToken) =>
      clients.autoScaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace, NextToken }), { abortSignal }),
    ({ NextToken }) => NextToken,
  );
  const policies = await allPages(
    'application-autoscaling:DescribeScalingPolicies',
    (NextToken) =>
      clients.autoScaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace, NextToken }), { abortSignal }),
    ({ NextToken }) => NextToken,
  );
  const byService = Map.groupBy(
    policies.flatMap(({ ScalingPolicies = [] }) => ScalingPolicies),
    ({ ResourceId = '' }) => ResourceId,
  );
  const bounds = targets.flatMap(({ ScalableTargets = [] }) => ScalableTargets);
  return new Map(
    bounds.map(({ ResourceId = '', MinCapacity = 0, MaxCapacity = 0 }): [string, Bounds] => {
      const tracked = (byService.get(ResourceId) ?? []).flatMap(trackedBy);
      return [ResourceId, { min: MinCapacity, max: MaxCapacity, tracked }];
    }),
  );
}

function trackedBy({ TargetTrackingScalingPolicyConfiguration: tracking }: ScalingPolicy): Bounds['tracked'][number][] {
  const metric =
    tracking?.PredefinedMetricSpecification?.PredefinedMetricType ??
    tracking?.CustomizedMetricSpecification?.MetricName;
  return metric === undefined || tracking?.TargetValue === undefined ? [] : [{ metric, target: tracking.TargetValue }];
}

/** Counts containers that were killed for lack of memory, of the stopped tasks that ECS still shows. */
async function readKills(
  { clients, signal: abortSignal }: Reader,
  cluster: string,
  kills: Map<string, number>,
): Promise<void> {
  const pages = await allPages(
    'ecs:ListTasks',
    (nextToken) =>
      clients.ecs.send(new ListTasksCommand({ cluster, desiredStatus: 'STOPPED', nextToken }), { abortSignal }),
    ({ nextToken }) => nextToken,
  );
  const arns = pages.flatMap(({ taskArns = [] }) => taskArns);
  for (const tasks of pieces(arns, TASKS_A_CALL)) {
    const command = new DescribeTasksCommand({ cluster, tasks });
    const answer = await ask('ecs:DescribeTasks', () => clients.ecs.send(command, { abortSignal }));
    for (const { group = '', containers = [] } of answer.tasks ?? []) {
      const killed = containers.filter(({ reason = '' }) => reason.startsWith('OutOfMemory')).length;
      const key = `${cluster} ${group}`;
      kills.set(key, (kills.get(key) ?? 0) + killed);
    }
  }
}

function sizeOf({ cpu, memory, containerDefinitions = [] }: TaskDefinition): Service['size'] {
  // On machines of one's own the containers may say it instead of the task.
  const cpuUnits = Number(cpu ?? containerDefinitions.reduce((sum, one) => sum + (one.cpu ?? 0), 0));
  const memoryMiB = Number(
    memory ?? containerDefinitions.reduce((sum, one) => sum + (one.memoryReservation ?? one.memory ?? 0), 0),
  );
  return cpuUnits > 0 && memoryMiB > 0 ? { cpuUnits, memoryMiB } : undefined;
}

function isFargate({ launchType, capacityProviderStrategy = [] }: EcsService): boolean {
  if (launchType !== undefined) return launchType === 'FARGATE';
  return capacityProviderStrategy.some(({ capacityProvider = '' }) => capacityProvider.startsWith('FARGATE'));
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** The same refusal of a thousand task definitions is one thing to mend. */
function onceEach(unread: readonly Unread[]): Unread[] {
  return [...new Map(unread.map((one) => [`${one.part} ${one.action}`, one])).values()];
}
