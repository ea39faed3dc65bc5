/** An account with so many services and databases and 25 ms to each answer, in a process of its own; sends its address. */
import { DescribeClustersCommand } from '@aws-sdk/client-ecs';
import { answer, type ServiceAnswers } from '../../../lib/demo/aws/answer.ts';
import { applicationAutoScaling } from '../../../lib/demo/aws/application-auto-scaling.ts';
import { ecs } from '../../../lib/demo/aws/ecs.ts';
import { elasticache } from '../../../lib/demo/aws/elasticache.ts';
import { rds } from '../../../lib/demo/aws/rds.ts';
import { startAnswers } from '../../../lib/demo/aws/server.ts';
import { sts } from '../../../lib/demo/aws/sts.ts';
import { databaseName, serviceName } from './_month-of-load.ts';

const LATENCY_MILLISECONDS = 25;
const ARN = 'arn:aws:ecs:us-east-1:123456789012';
const CLUSTER = `${ARN}:cluster/prod`;
const DEFINITION = `${ARN}:task-definition/web:7`;

const [services = 0, databases = 0] = process.argv.slice(2).map(Number);
const { endpoint, faults } = await startAnswers({
  services: [
    withClusters(
      ecs({
        services: Array.from({ length: services }, (_, place) => ({
          clusterArn: CLUSTER,
          serviceArn: `${ARN}:service/prod/${serviceName(place)}`,
          serviceName: serviceName(place),
          status: 'ACTIVE',
          launchType: 'FARGATE' as const,
          desiredCount: 1,
          runningCount: 1,
          taskDefinition: DEFINITION,
        })),
        taskDefinitions: [{ taskDefinitionArn: DEFINITION, cpu: '1024', memory: '2048' }],
        tasks: [],
      }),
    ),
    applicationAutoScaling({ targets: [], policies: [] }),
    rds({
      instances: Array.from({ length: databases }, (_, place) => ({
        DBInstanceIdentifier: databaseName(place),
        DBInstanceClass: 'db.r5.large',
        Engine: 'postgres',
        DBParameterGroups: [{ DBParameterGroupName: 'default.postgres15' }],
      })),
      // As many connections as an absolute threshold of 80 is 80 % of.
      parameters: { 'default.postgres15': [{ ParameterName: 'max_connections', ParameterValue: '100' }] },
    }),
    elasticache({ clusters: [] }),
    sts('123456789012'),
  ],
});
for (const service of ['ecs', 'application-autoscaling', 'rds', 'elasticache', 'sts']) {
  faults.delay(service, '*', LATENCY_MILLISECONDS);
}
process.on('disconnect', () => process.exit());
process.send?.(endpoint);

/** What one of the peers asks for, to find services cluster by cluster. */
function withClusters(ecs: ServiceAnswers): ServiceAnswers {
  const described = answer(DescribeClustersCommand, () => {
    return { clusters: [{ clusterArn: CLUSTER, clusterName: 'prod', status: 'ACTIVE' }], failures: [] };
  });
  return { ...ecs, answers: new Map([...ecs.answers, [described.operation, described]]) };
}
