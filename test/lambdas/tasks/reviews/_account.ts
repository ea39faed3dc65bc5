import { applicationAutoScaling } from '../../../../lib/demo/aws/application-auto-scaling.ts';
import { cloudwatch } from '../../../../lib/demo/aws/cloudwatch.ts';
import { ecs } from '../../../../lib/demo/aws/ecs.ts';
import { elasticache } from '../../../../lib/demo/aws/elasticache.ts';
import { rds } from '../../../../lib/demo/aws/rds.ts';
import { startAnswers, type AnswersServer } from '../../../../lib/demo/aws/server.ts';
import type { LoadAccount } from '../../../../lib/demo/account/load.ts';

/** Starts the account on the loopback, and points every AWS client of this process at it. */
export async function startAccount(account: LoadAccount): Promise<AnswersServer> {
  const { services = [], instances = [], caches = [], scalable = [], value } = account;
  const server = await startAnswers({
    services: [
      ecs({ services, taskDefinitions: account.taskDefinitions ?? [], tasks: account.tasks ?? [] }),
      applicationAutoScaling({ targets: scalable, policies: account.policies ?? [] }),
      rds({ instances, clusters: account.clusters ?? [], parameters: account.parameters ?? {} }),
      elasticache({ clusters: caches }),
      cloudwatch({ value }),
    ],
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAFETTLE',
    AWS_SECRET_ACCESS_KEY: 'of-a-test',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  return server;
}
