import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/reviews/review-scaling.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { cloudEnvironment } from '../cloud/environment.ts';
import { withCloud } from '../cloud/pair.ts';
import { startCloud, type Cloud } from '../cloud/server.ts';
import { applicationAutoScaling } from '../../../lib/demo/aws/application-auto-scaling.ts';
import { cloudwatch } from '../../../lib/demo/aws/cloudwatch.ts';
import { startAnswers, type AnswersServer } from '../../../lib/demo/aws/server.ts';

const GIB = 1_024 ** 3;
let cloud: Cloud;
let server: AnswersServer;

/** Half of everything is in use, so nothing is too small or too large; CPU is at 99 % for the service `busy`. */
function half({
  name,
  statistic,
  dimensions,
}: {
  name: string;
  statistic: string;
  dimensions: Readonly<Record<string, string>>;
}) {
  if (statistic === 'SampleCount') return 60;
  if (name === 'FreeableMemory') return 5 * GIB;
  if (name === 'ReadLatency' || name === 'WriteLatency') return 0.001;
  if (name === 'CPUUtilization' && dimensions['ServiceName'] === 'busy') return 99;
  return 70;
}

withCloud('an account of the emulator', () => {
  beforeAll(async () => {
    const environment = await cloudEnvironment();
    const python = 'python' in environment ? environment.python : '';
    cloud = await startCloud({ python, name: 'answers' });
    server = await startAnswers({
      upstream: cloud.endpoint,
      services: [applicationAutoScaling({ targets: [] }), cloudwatch({ value: half })],
    });
    const settings = { ...cloud.client, endpoint: server.endpoint };
    const ecs = new ECSClient(settings);
    await ecs.send(new CreateClusterCommand({ clusterName: 'prod' }));
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'web',
        cpu: '1024',
        memory: '2048',
        requiresCompatibilities: ['FARGATE'],
        containerDefinitions: [{ name: 'web', image: 'web:1' }],
      }),
    );
    for (const serviceName of ['calm', 'busy']) {
      await ecs.send(
        new CreateServiceCommand({
          cluster: 'prod',
          serviceName,
          taskDefinition: 'web',
          desiredCount: 1,
          launchType: 'FARGATE',
        }),
      );
    }
    await new RDSClient(settings).send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'main',
        DBInstanceClass: 'db.r5.large',
        Engine: 'postgres',
        AllocatedStorage: 20,
        MasterUsername: 'fettle',
        MasterUserPassword: 'of-a-test',
      }),
    );
    Object.assign(process.env, cloud.environment, { AWS_ENDPOINT_URL: server.endpoint });
  });

  afterAll(async () => {
    await server.stop();
    await cloud.stop();
  });

  test('is reviewed, with the services that no emulator has answered beside it', async () => {
    // What was made just now is judged a month later.
    const now = new Date(Date.now() + 31 * 86_400_000);

    const { findings, measurements } = await resultOf({ task, targets: { account: {} }, now });

    expect(measurements).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'services', value: 2 }),
        expect.objectContaining({ name: 'databases', value: 1 }),
      ]),
    );
    expect(findings.filter(({ kind }) => kind === 'too-small')).toMatchObject([{ subject: 'service prod/busy' }]);
    // The emulator has no parameter groups of RDS, so how many connections are allowed is not known.
    expect(
      findings.filter(({ kind }) => kind !== 'too-small').map(({ kind, subject }) => `${kind} ${subject}`),
    ).toEqual(['not-known database main', 'part-not-readable max_connections']);
  });
});
