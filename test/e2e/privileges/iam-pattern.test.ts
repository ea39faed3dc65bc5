import { expect, test } from '@jest/globals';
import { covers, matches } from './iam-pattern.ts';

test.each([
  ['*', '', true],
  ['*', 'arn:aws:s3:::shop/a/b', true],
  ['arn:aws:s3:::shop/runs/*', 'arn:aws:s3:::shop/runs/daily/1/started.json', true],
  ['arn:aws:s3:::shop/runs/*', 'arn:aws:s3:::shop/runs', false],
  ['arn:aws:s3:::shop/runs/*', 'arn:aws:s3:::shop2/runs/x', false],
  ['arn:aws:s3:::shop/runs/*/steps/*-vacuum.*', 'arn:aws:s3:::shop/runs/d/1/steps/02-vacuum.json', true],
  ['arn:aws:s3:::shop/runs/*/steps/*-vacuum.*', 'arn:aws:s3:::shop/runs/d/1/steps/02-vacuumXjson', false],
  ['secret:db-??????', 'secret:db-AbCdEf', true],
  ['secret:db-??????', 'secret:db-AbCdE', false],
  ['secret:db-??????', 'secret:db-admin-AbCdEf', false],
  ['log-group:/shop/app:*', 'log-group:/shop/app:log-stream:', true],
  ['log-group:/shop/app:*', 'log-group:/shop/application:log-stream:', false],
  ['log-group:*:*', 'log-group::log-stream:', true],
  ['a\nb*', 'a\nb\nc', true],
  ['[ab]+(c)', '[ab]+(c)', true],
  ['[ab]+(c)', 'aac', false],
])('the pattern %j and the text %j: %s', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

test('an action is the same in any case, and a resource is not', () => {
  const right = { action: 's3:Get*', resource: 'arn:aws:s3:::shop/A' };

  expect(covers(right, { action: 'S3:getObject', resource: 'arn:aws:s3:::shop/A' })).toBe(true);
  expect(covers(right, { action: 's3:GetObject', resource: 'arn:aws:s3:::shop/a' })).toBe(false);
  expect(covers(right, { action: 's3:PutObject', resource: 'arn:aws:s3:::shop/A' })).toBe(false);
});
