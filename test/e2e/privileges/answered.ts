import { applicationAutoScaling } from '../answers/application-auto-scaling.ts';
import { ecs } from '../answers/ecs.ts';
import { elasticache } from '../answers/elasticache.ts';
import { rds } from '../answers/rds.ts';
import { startAnswers, type AnswersServer } from '../answers/server.ts';
import { ACCOUNT, REGION } from '../cloud/server.ts';

const ECS = `arn:aws:ecs:${REGION}:${ACCOUNT}`;
const CLUSTER = `${ECS}:cluster/shop`;
const DEFINITION = `${ECS}:task-definition/web:7`;
const SERVICE = 'service/shop/web';

/** One service, one database and one cache, each with all that belongs to it: every call that reads one has a reason. */
export function startAnswered(): Promise<AnswersServer> {
  return startAnswers({
    services: [
      ecs({
        services: [
          {
            clusterArn: CLUSTER,
            serviceArn: `${ECS}:${SERVICE}`,
            serviceName: 'web',
            status: 'ACTIVE',
            launchType: 'FARGATE',
            desiredCount: 2,
            taskDefinition: DEFINITION,
          },
        ],
        taskDefinitions: [{ taskDefinitionArn: DEFINITION, cpu: '1024', memory: '2048' }],
        tasks: [
          { clusterArn: CLUSTER, taskArn: `${ECS}:task/shop/1a2b`, group: 'service:web', desiredStatus: 'STOPPED' },
        ],
      }),
      applicationAutoScaling({
        targets: [
          {
            ServiceNamespace: 'ecs',
            ResourceId: SERVICE,
            ScalableDimension: 'ecs:service:DesiredCount',
            MinCapacity: 2,
            MaxCapacity: 6,
            RoleARN: `arn:aws:iam::${ACCOUNT}:role/autoscaling`,
            CreationTime: new Date('2026-01-01T00:00:00Z'),
          },
        ],
      }),
      rds({
        instances: [
          {
            DBInstanceIdentifier: 'shop',
            DBInstanceClass: 'db.r5.large',
            Engine: 'postgres',
            DBParameterGroups: [{ DBParameterGroupName: 'shop' }],
          },
        ],
        parameters: { shop: [{ ParameterName: 'max_connections', ParameterValue: '400' }] },
      }),
      elasticache({
        clusters: [{ CacheClusterId: 'shop', CacheNodeType: 'cache.r5.large', Engine: 'redis', NumCacheNodes: 1 }],
      }),
    ],
  });
}

/** What these answer for, by the name that their requests are signed for. */
export const ANSWERED: readonly string[] = ['ecs', 'application-autoscaling', 'rds', 'elasticache'];
