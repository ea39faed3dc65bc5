import type { Json } from '../../../core/json.ts';
import { task } from '../../../lambdas/tasks/reviews/review-scaling.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { startProcess } from '../child.ts';
import { sized } from '../size.ts';
import type { Counts } from './_cloudwatch-process.ts';
import { databaseName, END, serviceName } from './_month-of-load.ts';
import { type AwsEnvironment, awsAt, inEnvironment, sayOf } from './_python.ts';
import type { Recommended, Reviewed } from './_scaling-gates.ts';

export const SERVICES = sized(1_000, 40);
export const DATABASES = sized(100, 8);
export const PEER = '`GetMetricStatistics`, one metric of one thing after the other (botocore)';

type Policy = 'seed' | 'percentile';

/** The account and its CloudWatch, with a review of ours and the peer's script to run on them. */
export interface Stage extends AsyncDisposable {
  readonly aws: AwsEnvironment;
  ours(policy: Policy): Promise<Reviewed>;
  peer(): Promise<Recommended>;
  /** What CloudWatch was asked since the last time. */
  counts(): Promise<Counts>;
}

/** Starts both in processes of their own; of each region once, for clients are made once a region and keep their address. */
export async function startStage(region: string): Promise<Stage> {
  await using starting = new AsyncDisposableStack();
  const size = [String(SERVICES), String(DATABASES)];
  const cloudwatch = starting.use(await startProcess('_cloudwatch-process.ts', ...size));
  const account = starting.use(await startProcess('_account-process.ts', ...size));
  const aws = { ...awsAt(String(account.ready), region), AWS_ENDPOINT_URL_CLOUDWATCH: String(cloudwatch.ready) };
  starting.use(inEnvironment(aws));
  const stack = starting.move();
  return {
    aws,
    ours: async (policy) => {
      const now = new Date(END * 1_000);
      const { document } = await resultOf({ task, targets: { account: { region } }, input: { policy }, now });
      return document as unknown as Reviewed;
    },
    peer: async () => (await sayOf('_scaling-peer.py', INPUT, aws)) as Recommended,
    counts: async () => (await cloudwatch.ask('counts')) as Counts,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const INPUT: Json = {
  services: Array.from({ length: SERVICES }, (_, place) => serviceName(place)),
  databases: Array.from({ length: DATABASES }, (_, place) => databaseName(place)),
  cluster: 'prod',
  end: END,
};

/** The review by this policy, with how much it looks at. */
export function whatOf(policy: Policy): string {
  const count = SERVICES.toLocaleString('en-GB');
  return `reviews-review-scaling, \`${policy}\`, of ${count} services and ${DATABASES} databases`;
}
