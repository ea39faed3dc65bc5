import { expect, test } from '@jest/globals';
import { partitionOf } from '../../core/aws-partition.ts';

test.each([
  ['eu-west-1', 'aws'],
  ['us-east-1', 'aws'],
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['*', 'aws'],
  [undefined, 'aws'],
])('%s is of the partition %s', (region, partition) => {
  expect(partitionOf(region)).toBe(partition);
});
