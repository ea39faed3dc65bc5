import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvalidInput, Refused, Unavailable } from '../../../core/errors.ts';
import type { ResolvedPlatform } from '../../../core/platform.ts';
import { readAlarms } from '../../../lib/deployed/alarms.ts';
import { looked } from '../../../lib/deployed/check.ts';
import { connect } from '../../../lib/deployed/clients.ts';
import { openDeployment } from '../../../lib/deployed/deployment.ts';
import { LOOKS } from '../../../lib/deployed/examine-resources.ts';
import { pointSdkAt } from '../../contract/store-backends.ts';

// The emulator refuses nobody unless all of it does, and has one account: these answers are AWS's, word for word.
const HOME = { platform: 'shop', environment: 'prod', account: '111122223333', region: 'eu-west-1' };
const PLATFORM: ResolvedPlatform = { ...HOME, schemaVersion: 1, allowAddresses: [], targets: {}, procedures: {} };
const DEPLOYMENT = { home: HOME, clients: connect('eu-west-1'), stack: { name: 'fettle-shop-prod' } } as never;
const before = { ...process.env };

let server: Server | undefined;

beforeEach(() => {
  server?.close();
});
afterAll(() => {
  server?.close();
  process.env = before;
});

/** Answers each service by the name in the signature of the request. */
async function answers(bodies: Readonly<Record<string, { status: number; type: string; body: string }>>) {
  server = createServer((request, response) => {
    const [, service = ''] = /\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? '') ?? [];
    const { status, type, body } = bodies[service] ?? { status: 500, type: 'text/plain', body: '' };
    response.writeHead(status, { 'content-type': type }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  pointSdkAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const xml = (body: string, status = 200) => ({ status, type: 'text/xml', body });
const identity = (account: string) =>
  xml(
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::${account}:user/ann</Arn><UserId>A</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
  );
const failure = (code: string, message: string, status = 400) =>
  xml(`<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`, status);
const stack = (arn: string) =>
  xml(
    `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>${arn}</StackId><StackName>fettle-shop-prod</StackName><CreationTime>2026-11-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member><OutputKey>BucketName</OutputKey><OutputValue>shop-store</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  );

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}

describe('a deployed environment', () => {
  test('is opened where identity, account and region are its own', async () => {
    const arn = 'arn:aws:cloudformation:eu-west-1:111122223333:stack/fettle-shop-prod/1';
    await answers({ sts: identity('111122223333'), cloudformation: stack(arn) });
    expect(await openDeployment(PLATFORM)).toMatchObject({ storeLocation: 's3://shop-store', stack: { arn } });
  });

  test('of another account is refused with both numbers and whose the credentials are', async () => {
    await answers({ sts: identity('444455556666') });
    const thrown = await thrownBy(openDeployment(PLATFORM));
    expect(thrown).toBeInstanceOf(Refused);
    expect(thrown).toMatchObject({
      code: 'ACCOUNT_MISMATCH',
      message:
        'shop prod is in account 111122223333, and your credentials are of account 444455556666 (arn:aws:iam::444455556666:user/ann)',
    });
  });

  test.each([
    ['arn:aws:cloudformation:us-east-1:111122223333:stack/x/1', 'REGION_MISMATCH', 'region eu-west-1'],
    ['arn:aws:cloudformation:eu-west-1:444455556666:stack/x/1', 'ACCOUNT_MISMATCH', 'is in 444455556666'],
  ])('whose stack is %s is refused', async (arn, code, words) => {
    await answers({ sts: identity('111122223333'), cloudformation: stack(arn) });
    expect(await thrownBy(openDeployment(PLATFORM))).toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test('that may not be read names the permission and the resource', async () => {
    const denied = failure('AccessDenied', 'User: ann is not authorized', 403);
    await answers({ sts: identity('111122223333'), cloudformation: denied });
    const thrown = await thrownBy(openDeployment(PLATFORM));
    expect(thrown).toBeInstanceOf(Unavailable);
    expect((thrown as Error).message).toContain(
      'the caller needs cloudformation:DescribeStacks on arn:aws:cloudformation:eu-west-1:111122223333:stack/fettle-shop-prod/*',
    );
  });

  test('that has no stack is not deployed', async () => {
    const missing = failure('ValidationError', 'Stack with id fettle-shop-prod does not exist');
    await answers({ sts: identity('111122223333'), cloudformation: missing });
    expect(await thrownBy(openDeployment(PLATFORM))).toMatchObject({ code: 'STACK_NOT_FOUND' });
  });

  test.each(['ExpiredToken', 'InvalidClientTokenId', 'SignatureDoesNotMatch'])(
    'is not looked for with credentials that AWS calls %s',
    async (code) => {
      await answers({ sts: failure(code, 'not with these', 403) });
      const thrown = await thrownBy(openDeployment(PLATFORM));
      expect(thrown).toBeInstanceOf(InvalidInput);
      expect(thrown).toMatchObject({ code: 'AWS_CREDENTIALS', message: expect.stringContaining('not with these') });
    },
  );
});

describe('a part that may not be read', () => {
  test.each([
    ['AWS::Lambda::Function', 'lambda', 'lambda:GetFunction'],
    ['AWS::StepFunctions::StateMachine', 'states', 'states:DescribeStateMachine'],
    ['AWS::Scheduler::Schedule', 'scheduler', 'scheduler:GetSchedule'],
    ['AWS::Events::Rule', 'events', 'events:DescribeRule'],
    ['AWS::CloudWatch::Alarm', 'monitoring', 'cloudwatch:DescribeAlarms'],
    ['AWS::SNS::Topic', 'sns', 'sns:ListSubscriptionsByTopic'],
    ['AWS::Logs::LogGroup', 'logs', 'logs:DescribeLogGroups'],
  ])('%s is unknown, and the permission that lacks is named', async (type, service, permission) => {
    const json = { status: 403, type: 'application/json', body: '{"__type":"AccessDeniedException","message":"no"}' };
    await answers({ [service]: service === 'sns' ? failure('AccessDenied', 'no', 403) : json });
    // The clients of the other tests know another port.
    const deployment = { ...(DEPLOYMENT as object), clients: connect('eu-west-1') } as never;
    const look = LOOKS[type]?.look;
    const check = await looked('part', async () => {
      if (!look) throw new Error(`nothing looks at ${type}`);
      const alarms = () => readAlarms(connect('eu-west-1'), ['fettle-shop-prod-x'], HOME);
      return look(deployment, { physicalId: 'fettle-shop-prod-x', properties: {}, alarms });
    });
    expect(check).toMatchObject({
      verdict: 'unknown',
      detail: expect.stringContaining(`the caller needs ${permission} on `),
    });
  });
});
