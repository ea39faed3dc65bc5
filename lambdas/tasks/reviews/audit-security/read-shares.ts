import { DescribeImagesCommand, DescribeSnapshotsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { allPages } from '../_asking.ts';
import { awsCommand } from '../_recommendation.ts';
import type { Flaw, Topic } from './flaw.ts';
import { look, type Look, type Place, type Reading } from './looking.ts';

const PAGE = 1_000;

/** A snapshot or an image that everybody with an AWS account can copy. */
export interface Share {
  readonly id: string;
  readonly of: 'snapshot' | 'image';
  /** The volume of a snapshot, the name of an image. */
  readonly from: string;
  readonly isEncrypted: boolean;
  readonly madeAt: Date | undefined;
}

/** Asks EC2 which of the account's own snapshots and images are shared with the world. */
export async function readShares(ec2: EC2Client, place: Place): Promise<Reading<readonly Share[]>> {
  const { target, region, signal: abortSignal } = place;
  const snapshots = await look(
    { name: `snapshots@${region}`, target, part: `public snapshots of ${region}` },
    async () => {
      const pages = await allPages(
        'ec2:DescribeSnapshots',
        (NextToken) =>
          ec2.send(
            new DescribeSnapshotsCommand({
              OwnerIds: ['self'],
              RestorableByUserIds: ['all'],
              NextToken,
              MaxResults: PAGE,
            }),
            { abortSignal },
          ),
        ({ NextToken }) => NextToken,
      );
      return pages
        .flatMap(({ Snapshots = [] }) => Snapshots)
        .map(({ SnapshotId = '', VolumeId = '', Encrypted = false, StartTime }): Share => {
          return { id: SnapshotId, of: 'snapshot', from: VolumeId, isEncrypted: Encrypted, madeAt: StartTime };
        });
    },
  );
  const images = await look({ name: `images@${region}`, target, part: `public images of ${region}` }, async () => {
    const pages = await allPages(
      'ec2:DescribeImages',
      (NextToken) =>
        ec2.send(
          new DescribeImagesCommand({
            Owners: ['self'],
            ExecutableUsers: ['all'],
            IncludeDeprecated: true,
            NextToken,
            MaxResults: PAGE,
          }),
          { abortSignal },
        ),
      ({ NextToken }) => NextToken,
    );
    return pages
      .flatMap(({ Images = [] }) => Images)
      .map(({ ImageId = '', Name = '', CreationDate }): Share => {
        return {
          id: ImageId,
          of: 'image',
          from: Name,
          isEncrypted: false,
          madeAt: CreationDate === undefined ? undefined : new Date(CreationDate),
        };
      });
  });
  const shares = [...(snapshots.value ?? []), ...(images.value ?? [])];
  const looks: Look[] = [snapshots.look, images.look];
  return { flaws: shares.map((share) => flawOf(share, place)), looks, table: shares };
}

function flawOf({ id, of, from }: Share, { target, region }: Place): Flaw {
  const topic: Topic = of === 'snapshot' ? 'public-snapshot' : 'public-image';
  const command =
    of === 'snapshot'
      ? [
          ...['ec2', 'modify-snapshot-attribute', '--snapshot-id', id, '--attribute', 'createVolumePermission'],
          ...['--operation-type', 'remove', '--group-names', 'all'],
        ]
      : ['ec2', 'modify-image-attribute', '--image-id', id, '--launch-permission', 'Remove=[{Group=all}]'];
  return {
    id: `${topic} ${id}`,
    topic,
    resource: id,
    region,
    level: of === 'snapshot' ? 'critical' : 'high',
    title: `${of} ${id} of ${from} can be copied by every AWS account`,
    sources: [{ name: 'ec2', id, severity: of === 'snapshot' ? 'critical' : 'high' }],
    targets: [target],
    looks: [`${of}s@${region}`],
    extent: 1,
    command: awsCommand(region, ...command),
  };
}
