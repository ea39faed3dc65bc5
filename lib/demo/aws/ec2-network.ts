import {
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  GetManagedPrefixListEntriesCommand,
  type NetworkInterface,
  type PrefixListEntry,
  type SecurityGroup,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import { answer, AnswerError, type Answer } from './answer.ts';
import { page } from './page.ts';

export interface Ec2NetworkFixture {
  readonly securityGroups?: readonly SecurityGroup[];
  readonly networkInterfaces?: readonly NetworkInterface[];
  /** By their ids. */
  readonly prefixLists?: Readonly<Record<string, readonly PrefixListEntry[]>>;
  readonly snapshots?: readonly Snapshot[];
  /** The ids of snapshots that everybody can restore. */
  readonly publicSnapshots?: readonly string[];
}

/** What EC2 answers of security groups, network interfaces, lists of ranges, and snapshots. */
export function ec2NetworkAnswers(fixture: Ec2NetworkFixture): Answer[] {
  const {
    securityGroups = [],
    networkInterfaces = [],
    prefixLists = {},
    snapshots = [],
    publicSnapshots = [],
  } = fixture;
  return [
    answer(DescribeSecurityGroupsCommand, ({ NextToken, MaxResults = 1_000 }) => {
      const { items, next } = page(securityGroups, NextToken, MaxResults);
      return { SecurityGroups: items, NextToken: next };
    }),
    answer(DescribeNetworkInterfacesCommand, ({ NextToken, MaxResults = 1_000 }) => {
      const { items, next } = page(networkInterfaces, NextToken, MaxResults);
      return { NetworkInterfaces: items, NextToken: next };
    }),
    answer(GetManagedPrefixListEntriesCommand, ({ PrefixListId = '', NextToken, MaxResults = 100 }) => {
      const entries = prefixLists[PrefixListId];
      if (entries === undefined) {
        throw new AnswerError('InvalidPrefixListID.NotFound', `The prefix list ID '${PrefixListId}' does not exist`);
      }
      const { items, next } = page(entries, NextToken, MaxResults);
      return { Entries: items, NextToken: next };
    }),
    answer(DescribeSnapshotsCommand, ({ RestorableByUserIds = [], NextToken, MaxResults = 1_000 }) => {
      const isAll = RestorableByUserIds.includes('all');
      const its = snapshots.filter(({ SnapshotId = '' }) => !isAll || publicSnapshots.includes(SnapshotId));
      const { items, next } = page(its, NextToken, MaxResults);
      return { Snapshots: items, NextToken: next };
    }),
  ];
}
