import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as s3 from '@aws-sdk/client-s3';
import { ec2 } from '../../../../lib/demo/aws/ec2.ts';
import { forward } from '../../../../lib/demo/aws/forward.ts';
import { ecr } from '../../../../lib/demo/aws/ecr.ts';
import { guardduty } from '../../../../lib/demo/aws/guardduty.ts';
import { iam } from '../../../../lib/demo/aws/iam.ts';
import { inspector2 } from '../../../../lib/demo/aws/inspector2.ts';
import { routesOf } from '../../../../lib/demo/aws/rest.ts';
import { startS3Public } from '../../../../lib/demo/aws/s3-public.ts';
import { securityhub } from '../../../../lib/demo/aws/securityhub.ts';
import { startAnswers, type AnswersServer } from '../../../../lib/demo/aws/server.ts';
import { ssm } from '../../../../lib/demo/aws/ssm.ts';
import { ACCOUNT, PLANTED_FOR } from '../../../../lib/demo/account/day.ts';
import { CALM_SUMMARY, reportOf, type SecurityAccount } from '../../../../lib/demo/account/security.ts';
import { sts } from '../../../../lib/demo/aws/sts.ts';

export interface SecurityServers {
  readonly answers: AnswersServer;
  /** What S3 was asked for. */
  readonly askedOfS3: readonly string[];
  /** Makes it the account that is asked, where another was started since. */
  show(): void;
  stop(): Promise<void>;
}

/** Where the account is that is asked now. A client keeps the first address that it was given: this one stays. */
let current = '';
let front: Promise<string> | undefined;

async function startFront(): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    // A fault of the account breaks the line; so it does here.
    forward(current, incoming, outgoing, undefined).catch(() => outgoing.destroy());
  });
  // It goes on for as long as the process does, and keeps it from nothing.
  server.on('connection', (socket) => socket.unref());
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts the account on the loopback, and points every AWS client of this process at it. */
export async function startSecurityAccount(account: SecurityAccount): Promise<SecurityServers> {
  const buckets = await startS3Public({ buckets: [], ...account.s3, account: ACCOUNT });
  const answers = await startAnswers({
    services: [
      iam({ report: reportOf([]), reportAt: PLANTED_FOR, summary: CALM_SUMMARY, ...account.iam }),
      ec2({ now: PLANTED_FOR, ...account.ec2 }),
      ecr(account.ecr ?? {}),
      guardduty(account.guardduty ?? {}),
      inspector2(account.inspector ?? {}),
      securityhub(account.securityHub ?? { isOn: false }),
      ssm(account.ssm ?? {}),
      sts(ACCOUNT),
    ],
    routes: { s3: routesOf(s3) },
    upstream: buckets.endpoint,
  });
  current = answers.endpoint;
  front ??= startFront();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: await front,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAFETTLE',
    AWS_SECRET_ACCESS_KEY: 'of-a-test',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  return {
    answers,
    askedOfS3: buckets.asked,
    show: () => {
      current = answers.endpoint;
    },
    stop: async () => {
      await answers.stop();
      await buckets.stop();
    },
  };
}

/** Does something while this account is the one that is asked. */
export async function withAccount<Result>(account: SecurityAccount, act: () => Promise<Result>): Promise<Result> {
  const servers = await startSecurityAccount(account);
  try {
    return await act();
  } finally {
    await servers.stop();
  }
}
