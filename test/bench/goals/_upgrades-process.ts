/**
 * An account with so many instances on 12 images, databases and two clusters, 25 ms to each answer, in a process of its
 * own; sends its address. On `counts` it answers how often each service was asked since the last time.
 */
import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import {
  CERTIFICATES,
  cluster,
  database,
  ENGINE_VERSIONS,
  image,
  instance,
  KUBERNETES,
  MAJOR_VERSIONS,
} from '../../../lib/demo/account/upgrades.ts';
import { answer, type ServiceAnswers } from '../../../lib/demo/aws/answer.ts';
import { ec2 } from '../../../lib/demo/aws/ec2.ts';
import { eks } from '../../../lib/demo/aws/eks.ts';
import { elasticache } from '../../../lib/demo/aws/elasticache.ts';
import { lambda } from '../../../lib/demo/aws/lambda.ts';
import { rds } from '../../../lib/demo/aws/rds.ts';
import { startAnswers } from '../../../lib/demo/aws/server.ts';
import { ssm } from '../../../lib/demo/aws/ssm.ts';
import { clusterName, databaseName, imageId, IMAGES, instanceId, NEWEST, PROJECT } from './_machines.ts';

const LATENCY_MILLISECONDS = 25;
const CLUSTERS = 2;
const TAG = { Key: 'Project', Value: PROJECT };
const PARAMETER = '/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2';

const [instances = 0, databases = 0] = process.argv.slice(2).map(Number);
const images = Array.from({ length: IMAGES }, (_, place) => {
  const day = String(place + 1).padStart(2, '0');
  return place === NEWEST
    ? image(imageId(place), 'amzn2-ami-hvm-2.0.20260620.0-x86_64-gp2', '2026-06-20')
    : image(imageId(place), `amzn2-ami-hvm-2.0.202601${day}.0-x86_64-gp2`, `2026-01-${day}`);
});

/** EC2 with a filter besides, by which one of the peers asks: dates, of which the end may be left out. */
function withDates(service: ServiceAnswers): ServiceAnswers {
  const whole = service.answers.get('DescribeImages');
  const dated = answer(DescribeImagesCommand, async (input) => {
    const dates = input.Filters?.find(({ Name }) => Name === 'creation-date')?.Values;
    const Filters = input.Filters?.filter(({ Name }) => Name !== 'creation-date');
    const found = (await whole?.reply({ ...input, Filters })) as { Images: readonly { CreationDate: string }[] };
    const isMeant = (on: string) => !dates || dates.some((date) => on.startsWith(date.replace(/\*$/, '')));
    return { ...found, Images: found.Images.filter(({ CreationDate }) => isMeant(CreationDate)) };
  });
  return { ...service, answers: new Map([...service.answers, [dated.operation, dated]]) };
}

const { endpoint, calls, faults } = await startAnswers({
  services: [
    withDates(
      ec2({
        instances: Array.from({ length: instances }, (_, place) =>
          instance(instanceId(place), imageId(place % IMAGES), { Project: PROJECT }),
        ),
        images,
      }),
    ),
    ssm({ parameters: { [PARAMETER]: imageId(NEWEST) } }),
    rds({
      instances: Array.from({ length: databases }, (_, place) =>
        database(databaseName(place), { EngineVersion: place % 2 === 0 ? '15.9' : '16.9', TagList: [TAG] }),
      ),
      engineVersions: ENGINE_VERSIONS,
      majorVersions: MAJOR_VERSIONS,
      certificates: CERTIFICATES,
    }),
    eks({
      clusters: Array.from({ length: CLUSTERS }, (_, place) =>
        cluster(clusterName(place), { tags: { Project: PROJECT } }),
      ),
      versions: KUBERNETES,
    }),
    elasticache({ clusters: [] }),
    lambda({}),
  ],
});
for (const service of ['ec2', 'ssm', 'rds', 'eks', 'elasticache', 'lambda']) {
  faults.delay(service, '*', LATENCY_MILLISECONDS);
}

let counted = 0;
process.on('message', () => {
  const asked = Map.groupBy(calls.slice(counted), ({ service }) => service);
  counted = calls.length;
  process.send?.(Object.fromEntries([...asked].map(([service, its]) => [service, its.length])));
});
process.on('disconnect', () => process.exit());
process.send?.(endpoint);
