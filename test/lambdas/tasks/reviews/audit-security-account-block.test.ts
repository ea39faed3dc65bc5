import { GetPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { HttpResponse, type HttpRequest } from '@smithy/core/protocols';
import { expect, test } from '@jest/globals';
import { accountBlockCommand } from '../../../../lambdas/tasks/reviews/audit-security/account-block.ts';

const ACCOUNT = '123456789012';

/** A client of S3 itself, under no address of our own, whose line is cut where it would leave the machine. */
function clientOf(region: string, sent: HttpRequest[]): S3Client {
  return new S3Client({
    region,
    credentials: { accessKeyId: 'AKIAFETTLE', secretAccessKey: 'of-a-test' },
    endpoint: undefined as never,
    requestHandler: {
      handle: (request: HttpRequest) => {
        sent.push(request);
        return Promise.resolve({ response: new HttpResponse({ statusCode: 200, headers: {} }) });
      },
    },
  });
}

test.each([
  ['us-east-1', `${ACCOUNT}.s3-control.us-east-1.amazonaws.com`],
  ['eu-west-1', `${ACCOUNT}.s3-control.eu-west-1.amazonaws.com`],
  ['cn-north-1', `${ACCOUNT}.s3-control.cn-north-1.amazonaws.com.cn`],
])('the block of an account in %s is asked for at the address for accounts, signed for it', async (region, host) => {
  const before = process.env['AWS_ENDPOINT_URL'];
  delete process.env['AWS_ENDPOINT_URL'];
  const sent: HttpRequest[] = [];

  await clientOf(region, sent).send(accountBlockCommand(ACCOUNT));
  if (before !== undefined) process.env['AWS_ENDPOINT_URL'] = before;

  expect(sent).toMatchObject([{ method: 'GET', hostname: host, path: '/v20180820/configuration/publicAccessBlock' }]);
  expect(sent[0]?.query).toEqual({});
  expect(sent[0]?.headers).toMatchObject({ host, 'x-amz-account-id': ACCOUNT });
  expect(sent[0]?.headers['authorization']).toMatch(/SignedHeaders=[^,]*host;[^,]*x-amz-account-id/);
});

test('the question for the block of a bucket stays what it was', async () => {
  const sent: HttpRequest[] = [];
  const client = clientOf('us-east-1', sent);
  await client.send(accountBlockCommand(ACCOUNT));

  await client.send(new GetPublicAccessBlockCommand({ Bucket: 'site' }));

  expect(sent[1]).toMatchObject({ hostname: 'site.s3.us-east-1.amazonaws.com', query: { publicAccessBlock: '' } });
});

test('without knowing which account this is, nothing is asked', () => {
  expect(() => accountBlockCommand(undefined)).toThrow(/which account this is, is not known/);
});
