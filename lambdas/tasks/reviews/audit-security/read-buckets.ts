import {
  GetBucketAclCommand,
  GetBucketPolicyStatusCommand,
  GetPublicAccessBlockCommand,
  ListBucketsCommand,
  type Grant,
  type PublicAccessBlockConfiguration,
  type S3Client,
} from '@aws-sdk/client-s3';
import { inParallel } from '../../../runtime/in-parallel.ts';
import { allPages, ask } from '../_asking.ts';
import { awsCommand } from '../_recommendation.ts';
import { accountBlockCommand } from './account-block.ts';
import { judgeBucket, type Bucket, type PublicAccessBlock } from './buckets.ts';
import { securityClients } from './clients.ts';
import type { Flaw } from './flaw.ts';
import { look, unseen, type Look, type Place, type Reading } from './looking.ts';

const AT_ONCE = 8;
const PAGE = 1_000;
const ROOT = 'buckets@global';
/** Everybody, and everybody with an AWS account, which anyone can have. */
const PUBLIC_GROUPS = [
  'http://acs.amazonaws.com/groups/global/AllUsers',
  'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
];

export interface BucketTable {
  /** Undefined where it could not be read. */
  readonly accountBlock: PublicAccessBlock | undefined;
  readonly buckets: readonly (Bucket & { readonly isPublic: boolean | undefined })[] | undefined;
}

/** Reads which buckets of the account the world can get at; each bucket stands or falls alone. */
export async function readBuckets(
  s3: S3Client,
  account: string | undefined,
  place: Place,
): Promise<Reading<BucketTable>> {
  const { target, signal: abortSignal } = place;
  const listed = await look({ name: ROOT, target, part: 'the list of buckets' }, async () => {
    const pages = await allPages(
      's3:ListAllMyBuckets',
      (ContinuationToken) => s3.send(new ListBucketsCommand({ ContinuationToken, MaxBuckets: PAGE }), { abortSignal }),
      ({ ContinuationToken }) => ContinuationToken,
    );
    return pages.flatMap(({ Buckets = [] }) => Buckets);
  });
  if (listed.value === undefined) {
    return { flaws: [], looks: [listed.look], table: { accountBlock: undefined, buckets: undefined } };
  }
  const block = await look(
    { name: 'account-block@global', target, part: 'the public access block of the account' },
    () => {
      const command = accountBlockCommand(account);
      return orNone('s3:GetAccountPublicAccessBlock', () => s3.send(command, { abortSignal }));
    },
  );
  const accountBlock = block.value && blockOf(block.value.PublicAccessBlockConfiguration);
  const looks: Look[] = [listed.look, block.look];
  const flaws: Flaw[] = [];
  const buckets = await inParallel(listed.value, AT_ONCE, async ({ Name: name = '', BucketRegion: region }) => {
    const about = { name: `${ROOT}/${name}`, target, part: `public access to ${name}` };
    const read = await look(about, () => readBucket(name, region, abortSignal));
    if (read.look.outcome !== 'read') looks.push(read.look);
    if (read.value === undefined || read.value === 'gone') return undefined;
    const judged = judgeBucket(read.value, accountBlock);
    if (judged === 'unknown') {
      looks.push(unseen(about, `${name} is public unless the account as a whole blocks it, which could not be read`));
      return { ...read.value, isPublic: undefined };
    }
    if (judged.isPublic) flaws.push(publicBucket(read.value, judged, place));
    return { ...read.value, isPublic: judged.isPublic };
  });
  return { flaws, looks, table: { accountBlock, buckets: buckets.filter((one) => one !== undefined) } };
}

function publicBucket({ name, region }: Bucket, judged: Pick<Flaw, 'level' | 'title'>, place: Place): Flaw {
  const block = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];
  return {
    id: `public-bucket ${name}`,
    topic: 'public-bucket',
    resource: name,
    region: 'global',
    level: judged.level,
    title: judged.title,
    sources: [{ name: 's3', id: name, severity: judged.level }],
    targets: [place.target],
    looks: [`${ROOT}/${name}`],
    extent: 1,
    command: awsCommand(
      region ?? place.region,
      ...['s3api', 'put-public-access-block', '--bucket', name, '--public-access-block-configuration'],
      block.map((one) => `${one}=true`).join(','),
    ),
  };
}

async function readBucket(
  Bucket: string,
  region: string | undefined,
  abortSignal: AbortSignal,
): Promise<Bucket | 'gone'> {
  const { s3 } = securityClients(region);
  const block = await orNone('s3:GetBucketPublicAccessBlock', () =>
    s3.send(new GetPublicAccessBlockCommand({ Bucket }), { abortSignal }),
  );
  const policy = await orNone('s3:GetBucketPolicyStatus', () =>
    s3.send(new GetBucketPolicyStatusCommand({ Bucket }), { abortSignal }),
  );
  const acl = await orNone('s3:GetBucketAcl', () => s3.send(new GetBucketAclCommand({ Bucket }), { abortSignal }));
  if ('isGone' in acl || 'isGone' in policy || 'isGone' in block) return 'gone';
  return {
    name: Bucket,
    region,
    block: blockOf(block.PublicAccessBlockConfiguration),
    hasPublicPolicy: policy.PolicyStatus?.IsPublic === true,
    publicGrants: publicGrantsIn(acl.Grants ?? []),
  };
}

function blockOf(block: PublicAccessBlockConfiguration | undefined): PublicAccessBlock {
  return {
    ignoresAcls: block?.IgnorePublicAcls === true,
    restrictsPolicies: block?.RestrictPublicBuckets === true,
  };
}

function publicGrantsIn(grants: readonly Grant[]): string[] {
  const open = grants.filter(({ Grantee }) => PUBLIC_GROUPS.includes(Grantee?.URI ?? ''));
  return [...new Set(open.flatMap(({ Permission }) => Permission ?? []))];
}

/** What is asked for, nothing where S3 says that there is none, or that the bucket was deleted since it was listed. */
async function orNone<Answer extends object>(
  action: string,
  call: () => Promise<Answer>,
): Promise<Partial<Answer> | (Partial<Answer> & { readonly isGone: true })> {
  return ask(action, async () => {
    try {
      return await call();
    } catch (thrown) {
      const name = thrown instanceof Error ? thrown.name : '';
      if (name === 'NoSuchPublicAccessBlockConfiguration' || name === 'NoSuchBucketPolicy') return {};
      if (name === 'NoSuchBucket') return { isGone: true } as Partial<Answer> & { readonly isGone: true };
      throw thrown;
    }
  });
}
