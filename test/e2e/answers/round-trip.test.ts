import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { EKSClient } from '@aws-sdk/client-eks';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { GuardDutyClient } from '@aws-sdk/client-guardduty';
import { IAMClient } from '@aws-sdk/client-iam';
import { Inspector2Client } from '@aws-sdk/client-inspector2';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { AwsQueryProtocol } from '@aws-sdk/core/protocols';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SmithyRpcV2CborProtocol } from '@smithy/core/cbor';
import { serviceAnswers, type Answer, type ServiceAnswers } from '../../../lib/demo/aws/answer.ts';
import { applicationAutoScaling } from '../../../lib/demo/aws/application-auto-scaling.ts';
import { cloudwatch } from '../../../lib/demo/aws/cloudwatch.ts';
import { ec2 } from '../../../lib/demo/aws/ec2.ts';
import { ecr } from '../../../lib/demo/aws/ecr.ts';
import { ecs } from '../../../lib/demo/aws/ecs.ts';
import { eks } from '../../../lib/demo/aws/eks.ts';
import { elasticache } from '../../../lib/demo/aws/elasticache.ts';
import { guardduty } from '../../../lib/demo/aws/guardduty.ts';
import { iam } from '../../../lib/demo/aws/iam.ts';
import { inspector2 } from '../../../lib/demo/aws/inspector2.ts';
import { lambda } from '../../../lib/demo/aws/lambda.ts';
import { rds } from '../../../lib/demo/aws/rds.ts';
import { securityhub } from '../../../lib/demo/aws/securityhub.ts';
import { startAnswers, type AnswersServer } from '../../../lib/demo/aws/server.ts';
import { ssm } from '../../../lib/demo/aws/ssm.ts';
import { sts } from '../../../lib/demo/aws/sts.ts';
import { clientOf } from './client.ts';
import { everyField } from './every-field.ts';

const metrics = cloudwatch({ value: () => undefined });
const read = new Map<string, unknown>();
let server: AnswersServer;

/** The same operations; each answers with every field that its schema has, and keeps what it was asked. */
function withEveryField(service: ServiceAnswers): ServiceAnswers {
  const answers = [...service.answers.values()].map((one): Answer => {
    const reply = (input: unknown) => {
      read.set(`${service.name}:${one.operation}`, input);
      return everyField(one.output);
    };
    return { ...one, reply };
  });
  return serviceAnswers(service.name, service.xmlNamespace, answers);
}

const services = [
  ecs({ services: [] }),
  applicationAutoScaling({ targets: [] }),
  rds({ instances: [] }),
  elasticache({ clusters: [] }),
  metrics,
  eks({}),
  ec2({}),
  ssm({}),
  lambda({}),
  iam({}),
  sts('123456789012'),
  guardduty({}),
  securityhub({}),
  inspector2({}),
  ecr({}),
];

beforeAll(async () => {
  server = await startAnswers({ services: services.map(withEveryField) });
});

afterAll(async () => {
  await server.stop();
});

const clients: Readonly<Record<string, (settings: ReturnType<typeof clientOf>) => Sender>> = {
  ecs: (settings) => new ECSClient(settings),
  'application-autoscaling': (settings) => new ApplicationAutoScalingClient(settings),
  rds: (settings) => new RDSClient(settings),
  elasticache: (settings) => new ElastiCacheClient(settings),
  cloudwatch: (settings) => new CloudWatchClient(settings),
  eks: (settings) => new EKSClient(settings),
  ec2: (settings) => new EC2Client(settings),
  ssm: (settings) => new SSMClient(settings),
  lambda: (settings) => new LambdaClient(settings),
  iam: (settings) => new IAMClient(settings),
  sts: (settings) => new STSClient(settings),
  guardduty: (settings) => new GuardDutyClient(settings),
  securityhub: (settings) => new SecurityHubClient(settings),
  inspector2: (settings) => new Inspector2Client(settings),
  ecr: (settings) => new ECRClient(settings),
};

interface Sender {
  send(command: never): Promise<unknown>;
}

async function expectRoundTrip(client: Sender, service: string, one: Answer): Promise<void> {
  const input = everyField(one.input);

  const output = await client.send(Reflect.construct(one.command, [input]) as never);

  expect(read.get(`${service}:${one.operation}`)).toEqual(input);
  expect(output).toEqual({ ...everyField(one.output), $metadata: expect.anything() });
}

const operations = services.flatMap(({ name, answers }) => [...answers.values()].map((one) => [name, one] as const));

test.each(operations.map(([name, one]) => ({ call: `${name}:${one.operation}`, name, one })))(
  'the real client reads of $call what was said, and is read as it asked, every field',
  async ({ name, one }) => {
    const client = clients[name]?.(clientOf(server));

    await expectRoundTrip(client as Sender, name, one);
  },
);

test.each([
  ['CBOR', SmithyRpcV2CborProtocol],
  ['queries and XML', AwsQueryProtocol],
])('a client that speaks %s is answered in its own protocol', async (_, protocol) => {
  const client = new CloudWatchClient({ ...clientOf(server), protocol });

  for (const one of metrics.answers.values()) await expectRoundTrip(client, 'cloudwatch', one);

  expect(server.calls.at(-1)?.protocol).toBe(protocol === AwsQueryProtocol ? 'query' : 'cbor');
});
