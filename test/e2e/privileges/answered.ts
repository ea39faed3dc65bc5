import { startAnswers } from '../../../lib/demo/aws/server.ts';
import { startS3Public } from '../../../lib/demo/aws/s3-public.ts';
import { ACCOUNT } from '../cloud/server.ts';
import { accountAnswers } from './answered-account.ts';
import { callsOf, signedFor } from './api-call.ts';
import type { ApiRequest } from './api-request.ts';
import type { StandIn } from './recorder.ts';

export interface Answered {
  readonly standIns: readonly StandIn[];
  stop(): Promise<void>;
}

/** What S3 says of who may reach a bucket: the emulator answers it by halves. */
const PUBLIC_ACCESS: ReadonlySet<string> = new Set([
  's3:GetAccountPublicAccessBlock',
  's3:GetBucketAcl',
  's3:GetBucketPolicyStatus',
  's3:GetBucketPublicAccessBlock',
  's3:ListAllMyBuckets',
]);

/** Starts what answers for the services that the emulator lacks, or of which reviews need things that it has not. */
export async function startAnswered(now: Date): Promise<Answered> {
  const services = accountAnswers(now);
  const names = services.map(({ name }) => name);
  const answers = await startAnswers({ services });
  const buckets = await startS3Public({
    account: ACCOUNT,
    accountBlock: {},
    buckets: [{ name: 'shop', block: {}, isPolicyPublic: false }],
  });
  const asksForPublicAccess = (request: ApiRequest) =>
    callsOf(request)?.some(({ action }) => PUBLIC_ACCESS.has(action)) === true;
  return {
    standIns: [
      { endpoint: answers.endpoint, isFor: (request) => names.includes(signedFor(request)) },
      { endpoint: buckets.endpoint, isFor: asksForPublicAccess },
    ],
    stop: async () => {
      await answers.stop();
      await buckets.stop();
    },
  };
}
