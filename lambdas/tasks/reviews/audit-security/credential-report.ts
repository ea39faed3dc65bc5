import { daysBetween, type Limits } from './limits.ts';
import type { Flaw, Topic } from './flaw.ts';
import type { Level } from './levels.ts';

export interface AccessKey {
  readonly slot: 1 | 2;
  readonly isActive: boolean;
  readonly rotatedAt: Date | undefined;
  /** Undefined where it was never used. */
  readonly usedAt: Date | undefined;
}

/** A user of the account with what they can log in by. */
export interface User {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Date;
  readonly hasPassword: boolean;
  readonly passwordChangedAt: Date | undefined;
  /** Undefined where it was never used. */
  readonly passwordUsedAt: Date | undefined;
  readonly hasMfa: boolean;
  readonly keys: readonly AccessKey[];
}

const ROOT = '<root_account>';
const COLUMNS = [
  'user',
  'arn',
  'user_creation_time',
  'password_enabled',
  'password_last_used',
  'password_last_changed',
  'mfa_active',
  ...[1, 2].flatMap((slot) => [
    `access_key_${slot}_active`,
    `access_key_${slot}_last_rotated`,
    `access_key_${slot}_last_used_date`,
  ]),
] as const;

/** Who can log in, from the credential report of IAM; `undefined` where a row or a column is not what IAM writes. */
export function readCredentialReport(
  csv: string,
): { readonly users: readonly User[]; readonly root: User | undefined } | { readonly unreadable: string } {
  const [head = '', ...lines] = csv.split(/\r?\n/).filter((line) => line !== '');
  const columns = head.split(',');
  const missing = COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length > 0) return { unreadable: `the credential report has no column ${missing.join(', ')}` };
  const users: User[] = [];
  let root: User | undefined;
  for (const [i, line] of lines.entries()) {
    const fields = fieldsOf(line, columns.length);
    const row = new Map(columns.map((column, place) => [column, fields?.[place] ?? '']));
    const user = fields && userOf((column) => row.get(column) ?? '');
    if (user === undefined) return { unreadable: `row ${i + 1} of the credential report is not what IAM writes` };
    if (user.name === ROOT) root = user;
    else users.push(user);
  }
  // The account itself always has its row: without it the report is cut short or another account's scrap.
  return root === undefined
    ? { unreadable: 'the credential report has no row of the account itself' }
    : { users, root };
}

/** IAM quotes nothing, and a comma may be in the name of a user: then it is in the name's field and in the ARN's. */
function fieldsOf(line: string, columns: number): string[] | undefined {
  const fields = line.split(',');
  const more = fields.length - columns;
  if (more === 0) return fields;
  if (more < 0 || more % 2 !== 0) return undefined;
  const words = more / 2 + 1;
  return [fields.slice(0, words).join(','), fields.slice(words, 2 * words).join(','), ...fields.slice(2 * words)];
}

const NEVER = new Set(['N/A', 'no_information', 'not_supported', '']);

function userOf(field: (column: string) => string): User | undefined {
  const createdAt = dateOf(field('user_creation_time'));
  const flags = ['mfa_active', 'access_key_1_active', 'access_key_2_active'].map(field);
  // The root user's password is not told here.
  const password = field('password_enabled').toLowerCase();
  const dates = COLUMNS.filter((column) => /_(used|used_date|changed|rotated)$/.test(column)).map(field);
  const isWhole =
    createdAt !== undefined &&
    flags.every((flag) => /^(true|false)$/i.test(flag)) &&
    /^(true|false|not_supported)$/.test(password) &&
    dates.every((date) => NEVER.has(date) || dateOf(date) !== undefined);
  if (!isWhole) return undefined;
  return {
    name: field('user'),
    arn: field('arn'),
    createdAt,
    hasPassword: password === 'true',
    passwordChangedAt: dateOf(field('password_last_changed')),
    passwordUsedAt: dateOf(field('password_last_used')),
    hasMfa: isTrue(field('mfa_active')),
    keys: ([1, 2] as const).map((slot) => ({
      slot,
      isActive: isTrue(field(`access_key_${slot}_active`)),
      rotatedAt: dateOf(field(`access_key_${slot}_last_rotated`)),
      usedAt: dateOf(field(`access_key_${slot}_last_used_date`)),
    })),
  };
}

function isTrue(flag: string): boolean {
  return flag.toLowerCase() === 'true';
}

function dateOf(text: string): Date | undefined {
  const date = new Date(text);
  return NEVER.has(text) || Number.isNaN(date.getTime()) ? undefined : date;
}

type UserFlaw = Pick<Flaw, 'topic' | 'resource' | 'level' | 'title' | 'extent'>;

/** What is wrong with the ways by which a user can log in. */
export function judgeUser(user: User, limits: Limits, now: Date): UserFlaw[] {
  const { name, hasPassword, hasMfa } = user;
  const flaws: UserFlaw[] = [];
  const say = (topic: Topic, level: Level, title: string, extent: number) =>
    flaws.push({ topic, resource: name, level, title, extent });
  if (hasPassword && !hasMfa) say('console-without-mfa', 'high', `${name} can log in with a password alone`, 1);
  const unused = unusedOf(user, limits, now);
  if (unused.length > 0) {
    say(
      'unused-credentials',
      'medium',
      `${name} has what nobody uses: ${unused.join(', ')}; limit ${limits.unusedDays} days`,
      unused.length,
    );
  }
  const old = user.keys.flatMap(({ slot, isActive, rotatedAt, usedAt }) => {
    const age = isActive && rotatedAt ? daysBetween(rotatedAt, now) : 0;
    // One that nobody uses is accused of that.
    const isUsed = usedAt !== undefined && daysBetween(usedAt, now) <= limits.unusedDays;
    return age > limits.keyAgeDays && isUsed ? [`key ${slot} is ${age} days old`] : [];
  });
  if (old.length > 0) {
    say('old-key', 'medium', `${name}: ${old.join(', ')}; limit ${limits.keyAgeDays} days`, old.length);
  }
  return flaws;
}

/** What could be used and was not for too long; what was never used counts from the day on which it could be. */
function unusedOf(user: User, { unusedDays }: Limits, now: Date): string[] {
  const since = (usedAt: Date | undefined, ...made: readonly (Date | undefined)[]) => {
    const from = usedAt ?? made.find((date) => date !== undefined) ?? user.createdAt;
    return { days: daysBetween(from, now), words: usedAt ? 'not used for' : 'never used in' };
  };
  const ways = [
    ...(user.hasPassword ? [['password', since(user.passwordUsedAt, user.passwordChangedAt)] as const] : []),
    ...user.keys
      .filter(({ isActive }) => isActive)
      .map(({ slot, usedAt, rotatedAt }) => [`key ${slot}`, since(usedAt, rotatedAt)] as const),
  ];
  return ways
    .filter(([, { days }]) => days > unusedDays)
    .map(([way, { days, words }]) => `${way} ${words} ${days} days`);
}

/** What is wrong with the root user; each number undefined where IAM did not say it. */
export function judgeRoot(root: {
  readonly keys: number | undefined;
  readonly mfa: number | undefined;
  readonly password: number | undefined;
}): { readonly flaws: readonly UserFlaw[]; readonly unknown: readonly string[] } {
  const flaws: UserFlaw[] = [];
  const unknown: string[] = [];
  const resource = 'root';
  if (root.keys === undefined) unknown.push('whether the root user has an access key');
  else if (root.keys > 0) {
    flaws.push({
      topic: 'root-access-key',
      resource,
      level: 'critical',
      title: `the root user has ${root.keys} access key${root.keys > 1 ? 's' : ''}; limit 0`,
      extent: root.keys,
    });
  }
  // Where the organisation took the password of the root user away, nobody can log in as it.
  if (root.password === 0) return { flaws, unknown };
  if (root.mfa === undefined) unknown.push('whether the root user has MFA');
  else if (root.mfa === 0) {
    flaws.push({
      topic: 'root-without-mfa',
      resource,
      level: 'critical',
      title: 'the root user has no MFA',
      extent: 1,
    });
  }
  return { flaws, unknown };
}
