import type { Level } from './levels.ts';

/** What stands between a bucket and the world, of the bucket or of its whole account. */
export interface PublicAccessBlock {
  readonly ignoresAcls: boolean;
  readonly restrictsPolicies: boolean;
}

/** A bucket as far as the world is concerned. */
export interface Bucket {
  readonly name: string;
  readonly region: string | undefined;
  readonly block: PublicAccessBlock;
  /** By the word of S3 itself, which reads the policy with all its conditions. */
  readonly hasPublicPolicy: boolean;
  /** What its access list gives to everybody, or to everybody with an AWS account: `READ`, `WRITE`, … */
  readonly publicGrants: readonly string[];
}

export interface JudgedBucket {
  readonly isPublic: boolean;
  readonly level: Level;
  readonly title: string;
}

/**
 * Whether the world can read or write a bucket; `unknown` where that hangs on the block of the account, which could
 * not be read.
 */
export function judgeBucket(bucket: Bucket, account: PublicAccessBlock | undefined): JudgedBucket | 'unknown' {
  const { name, block, hasPublicPolicy, publicGrants } = bucket;
  const byPolicy = hasPublicPolicy && !block.restrictsPolicies;
  const byAcl = publicGrants.length > 0 && !block.ignoresAcls;
  if (!byPolicy && !byAcl) return { isPublic: false, level: 'informational', title: `${name} is not public` };
  if (account === undefined) return 'unknown';
  const ways = [
    ...(byPolicy && !account.restrictsPolicies ? ['its policy'] : []),
    ...(byAcl && !account.ignoresAcls ? [`its access list (${publicGrants.join(', ')})`] : []),
  ];
  if (ways.length === 0) return { isPublic: false, level: 'informational', title: `${name} is not public` };
  const isWritable = byAcl && !account.ignoresAcls && publicGrants.some((grant) => /WRITE|FULL_CONTROL/.test(grant));
  return {
    isPublic: true,
    level: isWritable ? 'critical' : 'high',
    title: `${name} is open to the world by ${ways.join(' and ')}`,
  };
}
