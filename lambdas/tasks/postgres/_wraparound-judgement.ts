import pg from 'pg';
import type { Finding, Measurement } from '../../../core/finding.ts';
import type { ServerIdentity } from './_session.ts';
import { labelOf } from './_tables.ts';
import type { Cluster, DatabaseAge, RelationAge } from './_wraparound-ages.ts';
import type { WraparoundKind } from './_wraparound-findings.ts';
import { endingOf, type FreezeHolder, wordsOf } from './_wraparound-holders.ts';
import type { Rate } from './_wraparound-rate.ts';

export interface WraparoundLimits {
  readonly overdueTimes: number;
  readonly warnAbove: number;
  readonly failAbove: number;
  readonly failWithin: number;
  readonly holderAgeAbove: number;
}

/** All that is known of the ages of a server. */
export interface Observed {
  readonly server: Pick<ServerIdentity, 'database' | 'role' | 'version' | 'isInRecovery'>;
  readonly cluster: Cluster;
  readonly databases: readonly DatabaseAge[];
  readonly relations: readonly RelationAge[];
  /** How many tables of this database are over a limit, named or not. */
  readonly overdue: number;
  readonly holders: readonly FreezeHolder[];
  readonly hidden: number;
  /** Undefined until two moments are known. */
  readonly rate: Rate | undefined;
}

/** The two kinds of ids that wrap around. */
export type Ids = 'xid' | 'mxid';

const UNITS: Record<Ids, string> = { xid: 'transactions', mxid: 'multixacts' };
const HALF = 2 ** 31;
const PERCENT = 100;

/** The age at which the server takes no more writes. */
export function stopAge(ids: Ids, version: number): number {
  const KEEPS_THREE_MILLION = 140_000;
  if (version >= KEEPS_THREE_MILLION) return HALF - 3_000_000;
  return HALF - (ids === 'xid' ? 1_000_000 : 100);
}

/** The age above which something is said: autovacuum should have frozen long before, or half of all ids are used. */
export function overdueAge(ids: Ids, cluster: Cluster, version: number, limits: WraparoundLimits): number {
  const { autovacuum_freeze_max_age, autovacuum_multixact_freeze_max_age } = cluster;
  const forced = ids === 'xid' ? autovacuum_freeze_max_age : autovacuum_multixact_freeze_max_age;
  return Math.floor(Math.min(forced * limits.overdueTimes, (stopAge(ids, version) * limits.warnAbove) / PERCENT));
}

interface Aged {
  readonly subject: string;
  readonly database: string;
  readonly xid_age: number;
  readonly mxid_age: number;
  /** What else is to be known of it. */
  readonly note: string;
  readonly command: (ids: Ids, limit: number) => string | undefined;
}

/** Everything that is to be said of the ages of a server. */
export function judgeAges(target: string, observed: Observed, limits: WraparoundLimits): Finding<WraparoundKind>[] {
  const { databases, relations, overdue } = observed;
  const old = (one: Aged) => (['xid', 'mxid'] as const).flatMap((ids) => judgeAge(target, ids, one, observed, limits));
  const ofDatabases = databases.map((one) => ({ database: one, found: old(databaseAged(one, observed)) }));
  const late = ofDatabases.filter(({ found }) => found.length > 0);
  const left = late.length - MOST_NAMED;
  const more = (count: number, what: string): Finding<WraparoundKind>[] =>
    count > 0 ? [{ kind: 'freeze-overdue', target, summary: `${count} more ${what} are over a limit` }] : [];
  return [
    ...late.slice(0, MOST_NAMED).flatMap(({ found }) => found),
    ...more(left, 'databases'),
    ...relations.flatMap((one) => old(relationAged(one, observed))),
    ...more(overdue - relations.length, `tables of ${labelOf(observed.server.database)}`),
  ];
}

const MOST_NAMED = 20;

function judgeAge(
  target: string,
  ids: Ids,
  aged: Aged,
  { server, cluster, rate, holders }: Observed,
  limits: WraparoundLimits,
): Finding<WraparoundKind>[] {
  const age = ids === 'xid' ? aged.xid_age : aged.mxid_age;
  const stop = stopAge(ids, server.version);
  const overdue = overdueAge(ids, cluster, server.version, limits);
  const failing = Math.floor((stop * limits.failAbove) / PERCENT);
  if (age <= overdue && age <= failing) return [];
  const left = Math.max(0, stop - age);
  const seconds = secondsUntil(ids, left, rate);
  const isNear = age > failing || (seconds !== undefined && seconds < limits.failWithin);
  const limit = age > failing ? failing : overdue;
  // What is younger would let a vacuum bring the age below the limit, and what is elsewhere does not matter here.
  const holds = ({ age, database }: FreezeHolder) => {
    const isHere = database === null || database === aged.database;
    return isHere && age > overdueAge('xid', cluster, server.version, limits);
  };
  const holder = holders.find(holds);
  const failsafe = cluster.vacuum_failsafe_age !== null && ids === 'xid' && age > cluster.vacuum_failsafe_age;
  const summary = [
    `${aged.subject}${aged.note}: ${count(age)} ${UNITS[ids]} since its last freeze, limit ${count(limit)}`,
    left === 0
      ? 'the server refuses writes now'
      : `${count(left)} left until writes are refused, ${dateOf(cluster, rate, seconds)}`,
    ...(failsafe ? ['beyond vacuum_failsafe_age, so vacuum leaves the indexes as they are'] : []),
    ...(holder ? [`held by the ${wordsOf(holder)}`] : []),
  ].join('; ');
  const command = server.isInRecovery ? undefined : aged.command(ids, overdue);
  return [
    {
      kind: isNear ? 'wraparound-near' : 'freeze-overdue',
      target,
      subject: aged.subject,
      summary: server.isInRecovery ? `${summary}; this is a standby, so its primary has to be vacuumed` : summary,
      value: age,
      limit,
      unit: ids === 'xid' ? 'transactions' : 'count',
      ...(command !== undefined && { command }),
    },
  ];
}

/** Seconds until the ids are used up at the present rate; undefined where the rate is not known or is zero. */
function secondsUntil(ids: Ids, left: number, rate: Rate | undefined): number | undefined {
  const perSecond = (ids === 'xid' ? rate?.xidsPerSecond : rate?.mxidsPerSecond) ?? 0;
  return perSecond > 0 ? left / perSecond : undefined;
}

const HUNDRED_YEARS_SECONDS = 3_155_760_000;

function dateOf({ now }: Cluster, rate: Rate | undefined, seconds: number | undefined): string {
  if (!rate) return 'at a date that the next run can tell';
  if (seconds === undefined) return 'of which none was used lately';
  if (seconds > HUNDRED_YEARS_SECONDS) return 'not within a hundred years at the present rate';
  const date = new Date((now + seconds) * 1_000).toISOString();
  return `on ${date.slice(0, 10)} at ${date.slice(11, 16)} UTC at the present rate`;
}

function databaseAged(database: DatabaseAge, { server }: Observed): Aged {
  const { datname, datallowconn } = database;
  const isHere = datname === server.database;
  const closed = datallowconn ? '' : ' (which allows no connections)';
  return {
    ...database,
    subject: `database ${labelOf(datname)}`,
    database: datname,
    note: isHere ? '' : `${closed}, whose tables are not visible from ${labelOf(server.database)}`,
    command: (ids, limit) => {
      if (!datallowconn) return `ALTER DATABASE ${pg.escapeIdentifier(datname)} ALLOW_CONNECTIONS true`;
      // A name with = would be read as a connection string.
      return datname.includes('=') ? undefined : `vacuumdb --min-${ids}-age=${limit} --dbname=${shellQuoted(datname)}`;
    },
  };
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function relationAged(one: RelationAge, { server }: Observed): Aged {
  const { relation, owner, isTemporary, vacuumPid } = one;
  const notes = [
    ...(relation === owner ? [] : [`its TOAST table ${labelOf(relation)}`]),
    ...(isTemporary ? ['temporary, so that only the session that made it can vacuum it'] : []),
    ...(vacuumPid === null ? [] : [`being vacuumed now by pid ${vacuumPid}`]),
  ];
  return {
    ...one,
    subject: labelOf(owner),
    database: server.database,
    note: notes.length > 0 ? ` (${notes.join(', ')})` : '',
    command: () => {
      if (isTemporary || vacuumPid !== null) return undefined;
      const PARALLEL = 130_000;
      return `VACUUM (VERBOSE${server.version >= PARALLEL ? ', PARALLEL 0' : ''}) ${owner}`;
    },
  };
}

/** What forbids to freeze before anything is overdue, and what this role cannot see of it. */
export function judgeHolders(target: string, observed: Observed, limits: WraparoundLimits): Finding<WraparoundKind>[] {
  const { holders, hidden, cluster, server } = observed;
  const limit = Math.floor((cluster.autovacuum_freeze_max_age * limits.holderAgeAbove) / PERCENT);
  const held = holders
    .filter(({ age }) => age > limit)
    .map((holder): Finding<WraparoundKind> => {
      const { kind, id, age } = holder;
      const subject = labelOf(kind === 'session' ? `pid ${id}` : `${kind} ${id}`);
      const summary = `freezing is held by the ${wordsOf(holder)}, limit ${count(limit)} transactions`;
      const command = endingOf(holder);
      return {
        ...{ kind: 'horizon-held', target, subject, summary, value: age, limit, unit: 'transactions' },
        ...(command !== undefined && { command }),
      };
    });
  if (hidden === 0) return held;
  const summary = `the transactions of ${hidden} sessions are hidden from the role ${labelOf(server.role)}, none is expected to be`;
  const command = `GRANT pg_monitor TO ${pg.escapeIdentifier(server.role)}`;
  return [...held, { kind: 'holders-hidden', target, summary, value: hidden, limit: 0, unit: 'count', command }];
}

/** The ages and the rate as numbers. */
export function measureAges(target: string, { databases, server, rate }: Observed): Measurement[] {
  const oldest = (ids: Ids) => Math.max(0, ...databases.map((one) => (ids === 'xid' ? one.xid_age : one.mxid_age)));
  const [xids, mxids] = [oldest('xid'), oldest('mxid')];
  const used = (ids: Ids, age: number) => (age / stopAge(ids, server.version)) * PERCENT;
  const measured = (name: string, value: number, unit: Measurement['unit']) => ({ name, value, unit, target });
  const DAY_SECONDS = 86_400;
  return [
    measured('oldest-transaction-age', xids, 'transactions'),
    measured('oldest-multixact-age', mxids, 'count'),
    measured('transaction-ids-used', used('xid', xids), 'percent'),
    measured('multixact-ids-used', used('mxid', mxids), 'percent'),
    ...(rate
      ? [
          measured('transactions-per-day', rate.xidsPerSecond * DAY_SECONDS, 'transactions'),
          measured('multixacts-per-day', rate.mxidsPerSecond * DAY_SECONDS, 'count'),
        ]
      : []),
  ];
}

function count(value: number): string {
  return Math.floor(value).toLocaleString('en');
}
