import { createHash } from 'node:crypto';
import { covers } from './iam-pattern.ts';
import type { Recorded } from './recorder.ts';
import { rightsOf, textOf, type FunctionRole, type Right } from './role-policy.ts';

/** The key of the session that the emulator gives to a function, which it makes of the two names. */
export function accessKeyOf({ functionArn, roleArn }: Pick<FunctionRole, 'functionArn' | 'roleArn'>): string {
  const digest = createHash('sha256').update(`${functionArn}:${roleArn}`).digest('hex');
  return `ASIA${digest.slice(0, 16).toUpperCase()}`;
}

/** The calls that no right of their caller's role covers, and those of nobody or of an unknown kind. */
export function uncoveredCalls(calls: readonly Recorded[], roles: readonly FunctionRole[]): string[] {
  const byKey = new Map(roles.map((role) => [accessKeyOf(role), role]));
  return calls.flatMap(({ accessKey, needs, request }) => {
    const role = byKey.get(accessKey);
    if (role === undefined) return [`${request} by ${accessKey}, which is no function's`];
    if (needs === undefined) return [`${request} by ${role.functionArn} is of no known action`];
    const rights = rightsOf(role.policy);
    return needs
      .filter((call) => !rights.some((right) => covers(right, call)))
      .map((call) => `${textOf(call)} by ${role.functionArn}`);
  });
}

/** The rights of a role that no call which went through needed. */
export function unusedRights(role: FunctionRole, calls: readonly Recorded[]): Right[] {
  const used = calls.filter(({ accessKey }) => accessKey === accessKeyOf(role)).flatMap(usedBy);
  return rightsOf(role.policy).filter((right) => !used.some((call) => covers(right, call)));
}

function usedBy({ needs, status }: Recorded): readonly Right[] {
  // What a condition of the request does not hold for was allowed before it was looked at.
  if (status < 400 || status === 412) return needs ?? [];
  // Only to those who may list a bucket S3 says that a key is not there.
  if (status !== 404) return [];
  const read = (needs ?? []).filter(({ action }) => action === 's3:GetObject');
  const buckets = read.flatMap(({ resource }) => /^arn:aws:s3:::[^/]+/.exec(resource)?.[0] ?? []);
  return [...read, ...buckets.map((resource) => ({ action: 's3:ListBucket', resource }))];
}
