import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient } from '@aws-sdk/client-ecs';
import { DescribeClusterCommand, EKSClient, ListNodegroupsCommand } from '@aws-sdk/client-eks';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { RDSClient } from '@aws-sdk/client-rds';
import { AwsQueryProtocol } from '@aws-sdk/core/protocols';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SmithyRpcV2CborProtocol } from '@smithy/core/cbor';
import { answer, serviceAnswers, type Answer, type ServiceAnswers } from './answer.ts';
import { applicationAutoScaling } from './application-auto-scaling.ts';
import { cloudwatch } from './cloudwatch.ts';
import { ecs } from './ecs.ts';
import { elasticache } from './elasticache.ts';
import { everyField } from './every-field.ts';
import { rds } from './rds.ts';
import { startAnswers, type AnswersServer } from './server.ts';
import { clientOf } from './client.ts';

const metrics = cloudwatch({ value: () => undefined });
/** One of REST: the path, the query and the body of its requests. */
const eks = serviceAnswers('eks', '', [
  answer(DescribeClusterCommand, () => ({})),
  answer(ListNodegroupsCommand, () => ({})),
]);
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
  eks,
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
