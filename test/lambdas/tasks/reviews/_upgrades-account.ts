import { PLANTED_FOR } from '../../../../lib/demo/account/day.ts';
import { ec2 } from '../../../../lib/demo/aws/ec2.ts';
import { eks } from '../../../../lib/demo/aws/eks.ts';
import { elasticache } from '../../../../lib/demo/aws/elasticache.ts';
import { lambda } from '../../../../lib/demo/aws/lambda.ts';
import { rds } from '../../../../lib/demo/aws/rds.ts';
import { startAnswers, type AnswersServer } from '../../../../lib/demo/aws/server.ts';
import { ssm } from '../../../../lib/demo/aws/ssm.ts';
import type { UpgradesAccount } from '../../../../lib/demo/account/upgrades.ts';

/** Starts the account on the loopback, and points every AWS client of this process at it. */
export async function startUpgradesAccount(account: UpgradesAccount): Promise<AnswersServer> {
  const server = await startAnswers({
    services: [
      ec2({ now: PLANTED_FOR, ...account.ec2 }),
      ssm(account.ssm ?? {}),
      rds(account.rds ?? { instances: [] }),
      eks(account.eks ?? {}),
      elasticache(account.elasticache ?? { clusters: [] }),
      lambda(account.lambda ?? {}),
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

/** Has an account on the loopback for as long as the work takes; a region asked before keeps the address of its own. */
export async function withUpgradesAccount<Answer>(
  account: UpgradesAccount,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const server = await startUpgradesAccount(account);
  try {
    return await work();
  } finally {
    await server.stop();
  }
}
