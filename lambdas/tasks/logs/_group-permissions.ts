import { targetsOf, type ResolvedPlatform } from '../../../core/platform.ts';
import type { Permission } from '../../../core/task.ts';
import { groupName } from './_log-groups.ts';

/** The rights on the groups under the addresses, and on no others. */
export function groupPermissions(platform: ResolvedPlatform): readonly Permission[] {
  return permissionsOn(
    [...targetsOf(platform, 'logs').values()].map(({ url }) => url),
    platform,
  );
}

export function permissionsOn(
  urls: readonly string[],
  { account = '*', region = '*' }: Pick<ResolvedPlatform, 'account' | 'region'>,
): readonly Permission[] {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  const arn = (pattern: string) => `arn:${partition}:logs:${region}:${account}:log-group:${pattern}:*`;
  const named = urls.flatMap((url) => groupName(url) ?? []);
  const secret = urls.filter((url) => url.startsWith('secret:'));
  const actions = ['logs:PutRetentionPolicy'];
  const resources = [...new Set(named.flatMap((name) => [arn(name), arn(`${name.replace(/\/$/, '')}/*`)]))];
  if (named.length + secret.length === 0) return [];
  return [
    // AWS holds a list against a group without a name, also one by a prefix: a policy that names groups denies it.
    {
      actions: ['logs:DescribeLogGroups'],
      resources: [arn('*')],
      because: 'a list of log groups is of no single group',
    },
    ...(resources.length > 0 ? [{ actions, resources }] : []),
    ...(secret.length > 0
      ? [{ actions, resources: [arn('*')], because: 'the name of a log group is kept in a secret' }]
      : []),
  ];
}
