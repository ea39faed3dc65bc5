import { setTimeout as sleep } from 'node:timers/promises';
import {
  GenerateServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsCommand,
  ListRolesCommand,
  NoSuchEntityException,
  type IAMClient,
  type ServiceLastAccessed,
} from '@aws-sdk/client-iam';
import { Unavailable } from '../../../../core/errors.ts';
import { inParallel } from '../../../runtime/in-parallel.ts';
import { allPages, ask } from '../_asking.ts';
import type { User } from './credential-report.ts';
import type { Flaw } from './flaw.ts';
import { daysBetween, type Limits } from './limits.ts';
import { look, type Look, type Place, type Reading } from './looking.ts';

const AT_ONCE = 4;
const POLL_SECONDS = 1;
const POLLS = 20;

/** Who may ask AWS for something: a user or a role. */
export interface Principal {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Date | undefined;
}

/** What a principal may use, and what of it was used within the limit. */
export interface Access extends Principal {
  /** Undefined where it could not be read. */
  readonly granted: number | undefined;
  readonly unused: readonly string[];
  readonly lastUsedAt: Date | undefined;
}

export interface AccessTable {
  readonly principals: readonly Access[];
  /** Principals that were not looked at, because there are more than the limit. */
  readonly notLookedAt: number;
}

/** What of its rights a principal used: services that it may use and did not within the limit are unused. */
export function judgeAccess(
  principal: Principal,
  services: readonly ServiceLastAccessed[],
  { unusedDays }: Limits,
  now: Date,
): Access & { readonly isUnused: boolean } {
  const isRecent = (date: Date | undefined) => date !== undefined && daysBetween(date, now) <= unusedDays;
  const unused = services
    .filter(({ LastAuthenticated }) => !isRecent(LastAuthenticated))
    .flatMap(({ ServiceNamespace }) => ServiceNamespace ?? []);
  const lastUsedAt = services
    .flatMap(({ LastAuthenticated }) => LastAuthenticated ?? [])
    .toSorted((a, b) => Number(b) - Number(a))[0];
  // One that is younger than the limit had no chance yet.
  const isOld = principal.createdAt !== undefined && !isRecent(principal.createdAt);
  const isUnused = isOld && services.length > 0 && unused.length === services.length;
  return { ...principal, granted: services.length, unused: unused.toSorted(), lastUsedAt, isUnused };
}

/** Asks the access advisor what each user and role used; those of AWS itself are not ours to change. */
export async function readAccess(
  iam: IAMClient,
  users: readonly User[] | undefined,
  limits: Limits,
  place: Place,
): Promise<Reading<AccessTable>> {
  const { target, now, signal: abortSignal } = place;
  const roles = await look({ name: 'access@global', target, part: 'the roles of the account' }, async () => {
    const pages = await allPages(
      'iam:ListRoles',
      (Marker) => iam.send(new ListRolesCommand({ Marker, MaxItems: 1_000 }), { abortSignal }),
      ({ IsTruncated, Marker }) => (IsTruncated ? Marker : undefined),
    );
    return pages
      .flatMap(({ Roles = [] }) => Roles)
      .filter(({ Path = '' }) => !Path.startsWith('/aws-service-role/') && !Path.startsWith('/aws-reserved/'))
      .map(({ RoleName = '', Arn = '', CreateDate }): Principal => {
        return { name: `role ${RoleName}`, arn: Arn, createdAt: CreateDate };
      });
  });
  const people = (users ?? []).map(({ name, arn, createdAt }): Principal => ({ name: `user ${name}`, arn, createdAt }));
  const all = [...people, ...(roles.value ?? [])];
  const wanted = all.slice(0, limits.principals);
  const flaws: Flaw[] = [];
  const looks: Look[] = [roles.look];
  const principals = await inParallel(wanted, AT_ONCE, async (principal): Promise<Access | undefined> => {
    const name = `access@global/${principal.name}`;
    const part = `what ${principal.name} used`;
    const used = await look({ name, target, part }, () => lastAccessed(iam, principal.arn, abortSignal));
    if (used.look.outcome !== 'read') looks.push(used.look);
    if (used.value === 'gone') return undefined;
    if (used.value === undefined) return { ...principal, granted: undefined, unused: [], lastUsedAt: undefined };
    const { isUnused, ...access } = judgeAccess(principal, used.value, limits, now);
    if (isUnused) flaws.push(unusedAccess(access, name, limits, place));
    return access;
  });
  return {
    flaws,
    looks,
    table: { principals: principals.filter((one) => one !== undefined), notLookedAt: all.length - wanted.length },
  };
}

function unusedAccess(access: Access, look: string, { unusedDays }: Limits, { target }: Place): Flaw {
  const { name, granted = 0, lastUsedAt, arn } = access;
  const last = lastUsedAt ? `last on ${lastUsedAt.toISOString().slice(0, 10)}` : 'never';
  return {
    id: `unused-access ${name}`,
    topic: 'unused-access',
    resource: name,
    region: 'global',
    level: 'low',
    title: `${name} may use ${granted} services and used none in ${unusedDays} days, ${last}`,
    sources: [{ name: 'iam', id: arn, severity: 'low' }],
    targets: [target],
    looks: [look],
    extent: granted,
  };
}

/** Has the advisor make the list for one principal, and waits for it. */
async function lastAccessed(
  iam: IAMClient,
  Arn: string,
  abortSignal: AbortSignal,
): Promise<readonly ServiceLastAccessed[] | 'gone'> {
  const action = 'iam:GetServiceLastAccessedDetails';
  const JobId = await jobOf(iam, Arn, abortSignal);
  if (JobId === 'gone') return 'gone';
  for (let poll = 0; poll < POLLS; poll += 1) {
    const first = await ask(action, () =>
      iam.send(new GetServiceLastAccessedDetailsCommand({ JobId }), { abortSignal }),
    );
    if (first.JobStatus === 'FAILED') throw new Unavailable(`${action}: ${first.Error?.Message ?? 'the job failed'}`);
    if (first.JobStatus === 'COMPLETED') {
      const pages = await allPages(
        action,
        (Marker) =>
          iam.send(new GetServiceLastAccessedDetailsCommand({ JobId, Marker, MaxItems: 1_000 }), { abortSignal }),
        ({ IsTruncated, Marker }) => (IsTruncated ? Marker : undefined),
      );
      return pages.flatMap(({ ServicesLastAccessed = [] }) => ServicesLastAccessed);
    }
    await ask(action, () => sleep(POLL_SECONDS * 1_000, undefined, { signal: abortSignal }));
  }
  throw new Unavailable(`${action}: the job was not done after ${POLLS * POLL_SECONDS} s`);
}

async function jobOf(iam: IAMClient, Arn: string, abortSignal: AbortSignal): Promise<string | 'gone'> {
  const action = 'iam:GenerateServiceLastAccessedDetails';
  return ask(action, async () => {
    try {
      const command = new GenerateServiceLastAccessedDetailsCommand({ Arn });
      return (await iam.send(command, { abortSignal })).JobId ?? '';
    } catch (thrown) {
      // Deleted since it was listed.
      if (thrown instanceof NoSuchEntityException) return 'gone';
      throw thrown;
    }
  });
}
