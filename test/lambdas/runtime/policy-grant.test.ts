import { expect, test } from '@jest/globals';
import { accountIn, isDenied, policyGrant } from '../../../lambdas/runtime/policy-grant.ts';

const READ = [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::acme/db/*'] }];
const named = (name: string, message: string, cause?: Error) => Object.assign(new Error(message, { cause }), { name });
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234';
const BY_KEY = `User: arn:aws:sts::111122223333:assumed-role/fettle/x is not authorized to perform: kms:Decrypt on resource: ${KEY} because no identity-based policy allows it`;

test('the policy gives exactly what is declared', () => {
  expect(JSON.parse(policyGrant(READ))).toEqual({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::acme/db/*'] }],
  });
});

test('what AWS names besides, such as the key of an object, is given too, and what is declared not twice', () => {
  const { Statement } = JSON.parse(policyGrant(READ, named('AccessDenied', BY_KEY))) as { Statement: unknown[] };
  expect(Statement[1]).toEqual({ Effect: 'Allow', Action: ['kms:Decrypt'], Resource: [KEY] });

  const known = named('AccessDenied', 'not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::acme/db/a"');
  expect(policyGrant(READ, known)).toBe(policyGrant(READ));
});

test('a refusal is one also where it is the cause, and a key that is no key or a slow answer is none', () => {
  expect(isDenied(new Error('cannot be read', { cause: named('AccessDeniedException', 'no') }))).toBe(true);
  expect(isDenied(named('InvalidAccessKeyId', 'no'))).toBe(false);
  expect(isDenied(named('TimeoutError', 'no'))).toBe(false);
  expect(isDenied(undefined)).toBe(false);
});

test('the account is the one that AWS names', () => {
  expect(accountIn(named('AccessDenied', BY_KEY))).toBe('111122223333');
  expect(accountIn(new Error('no'))).toBeUndefined();
});
