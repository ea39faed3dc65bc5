import {
  ClusterNotFoundException,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  InvalidParameterException,
  ListClustersCommand,
  ListServicesCommand,
  ListTasksCommand,
  type Service,
  type Task,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import { answer, AnswerError, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface EcsFixture {
  /** Each names its cluster by `clusterArn`. */
  readonly services: readonly Service[];
  readonly taskDefinitions?: readonly TaskDefinition[];
  /** Stopped tasks, which ECS shows for an hour. */
  readonly tasks?: readonly Task[];
}

/** The most that DescribeServices takes. */
const SERVICES_A_CALL = 10;

/** ECS with these services: lists page as the real ones do, and what is unknown is a failure `MISSING`. */
export function ecs({ services, taskDefinitions = [], tasks = [] }: EcsFixture): ServiceAnswers {
  const clusters = [...new Set(services.flatMap(({ clusterArn }) => clusterArn ?? []))];
  const clusterOf = (name: string | undefined) => {
    const found = clusters.find((arn) => arn === name || nameOf(arn) === (name ?? 'default'));
    if (found === undefined) throw new ClusterNotFoundException({ message: 'Cluster not found.', $metadata: {} });
    return found;
  };
  return serviceAnswers('ecs', 'http://ecs.amazonaws.com/doc/2014-11-13/', [
    answer(ListClustersCommand, ({ nextToken, maxResults = 100 }) => {
      const { items, next } = page(clusters, nextToken, maxResults);
      return { clusterArns: items, nextToken: next };
    }),
    answer(ListServicesCommand, ({ cluster, nextToken, maxResults = 10 }) => {
      const arn = clusterOf(cluster);
      const its = services.filter(({ clusterArn }) => clusterArn === arn).flatMap(({ serviceArn }) => serviceArn ?? []);
      const { items, next } = page(its, nextToken, maxResults);
      return { serviceArns: items, nextToken: next };
    }),
    answer(DescribeServicesCommand, ({ cluster, services: asked = [] }) => {
      const arn = clusterOf(cluster);
      if (asked.length > SERVICES_A_CALL) {
        throw new InvalidParameterException({ message: 'Services cannot contain more than 10.', $metadata: {} });
      }
      const wanted = asked.map((name) => ({
        name,
        service: services.find(
          (one) => one.clusterArn === arn && (one.serviceArn === name || one.serviceName === name),
        ),
      }));
      return {
        services: wanted.flatMap(({ service }) => service ?? []),
        failures: wanted.flatMap(({ name, service }) => (service ? [] : [{ arn: name, reason: 'MISSING' }])),
      };
    }),
    answer(DescribeTaskDefinitionCommand, ({ taskDefinition }) => {
      const found = taskDefinitions.find(
        ({ taskDefinitionArn = '' }) =>
          taskDefinitionArn === taskDefinition || nameOf(taskDefinitionArn) === taskDefinition,
      );
      if (found === undefined) throw new AnswerError('ClientException', 'Unable to describe task definition.');
      return { taskDefinition: found };
    }),
    answer(ListTasksCommand, ({ cluster, serviceName, desiredStatus = 'RUNNING', nextToken, maxResults = 100 }) => {
      const arn = clusterOf(cluster);
      const its = tasks.filter(
        ({ clusterArn, group, desiredStatus: status }) =>
          clusterArn === arn && status === desiredStatus && (!serviceName || group === `service:${serviceName}`),
      );
      const arns = its.flatMap(({ taskArn }) => taskArn ?? []);
      const { items, next } = page(arns, nextToken, maxResults);
      return { taskArns: items, nextToken: next };
    }),
    answer(DescribeTasksCommand, ({ cluster, tasks: asked = [] }) => {
      const arn = clusterOf(cluster);
      return { tasks: tasks.filter(({ clusterArn, taskArn = '' }) => clusterArn === arn && asked.includes(taskArn)) };
    }),
  ]);
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
