import * as z from 'zod';
import { arnOf, LogsRefusal, matches, type LogGroup } from './cloudwatch-logs-groups.ts';

/** How many things a page holds; by default as many as the service gives at most. */
export interface Pages {
  readonly groups?: number;
  readonly streams?: number;
  readonly events?: number;
  /** FilterLogEvents gives this many pages without any event, each with a token, before those with events. */
  readonly emptyFirst?: number;
}

export interface State {
  readonly groups: Map<string, LogGroup>;
  readonly pages: Pages;
  readonly now: Date;
}

const DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
const DAY_MS = 86_400_000;
const GroupName = z.string().regex(/^[.\-_/#A-Za-z0-9]{1,512}$/);
const StreamName = z.string().regex(/^[^:*]{1,512}$/);
const Token = z.string().min(1).optional();
const Moment = z.int().nonnegative().optional();
const Limit = (most: number) => z.int().min(1).max(most).optional();
const Group = {
  logGroupName: GroupName.optional(),
  logGroupIdentifier: z
    .string()
    .regex(/^[\w#+=/:,.@-]{1,2048}$/)
    .optional(),
};

const DescribeLogGroups = z.strictObject({
  accountIdentifiers: z.array(z.string()).max(20).optional(),
  logGroupNamePrefix: GroupName.optional(),
  logGroupNamePattern: z
    .string()
    .regex(/^[.\-_/#A-Za-z0-9]{0,512}$/)
    .optional(),
  nextToken: Token,
  limit: Limit(50),
  includeLinkedAccounts: z.boolean().optional(),
  logGroupClass: z.enum(['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY']).optional(),
  logGroupIdentifiers: z.array(z.string()).max(50).optional(),
});
const PutRetentionPolicy = z.strictObject({ logGroupName: GroupName, retentionInDays: z.int() });
const DescribeLogStreams = z.strictObject({
  ...Group,
  logStreamNamePrefix: StreamName.optional(),
  orderBy: z.enum(['LogStreamName', 'LastEventTime']).default('LogStreamName'),
  descending: z.boolean().default(false),
  nextToken: Token,
  limit: Limit(50),
});
const FilterLogEvents = z.strictObject({
  ...Group,
  logStreamNames: z.array(StreamName).min(1).max(100).optional(),
  logStreamNamePrefix: StreamName.optional(),
  startTime: Moment,
  endTime: Moment,
  filterPattern: z.string().max(1024).default(''),
  nextToken: Token,
  limit: Limit(10_000),
  interleaved: z.boolean().optional(),
  startFromHead: z.boolean().optional(),
  unmask: z.boolean().optional(),
});

type Operation = (input: unknown, state: State) => unknown;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  DescribeLogGroups: (sent, { groups, pages }) => {
    const input = parse(DescribeLogGroups, sent);
    const { logGroupNamePrefix = '', logGroupNamePattern = '', logGroupClass } = input;
    if (input.logGroupNamePrefix !== undefined && input.logGroupNamePattern !== undefined) {
      throw invalid('logGroupNamePrefix and logGroupNamePattern are mutually exclusive');
    }
    const fitting = [...groups.values()]
      .filter(({ logGroupName }) => logGroupName.startsWith(logGroupNamePrefix))
      .filter(({ logGroupName }) => logGroupName.toLowerCase().includes(logGroupNamePattern.toLowerCase()))
      .filter((group) => logGroupClass === undefined || group.logGroupClass === logGroupClass)
      .sort(by(({ logGroupName }) => logGroupName));
    const { items, next } = pageOf(fitting, input, pages.groups ?? 50);
    const logGroups = items.map((group) => ({
      ...group,
      // Undefined is not sent.
      streams: undefined,
      metricFilterCount: 0,
      arn: `${arnOf(group)}:*`,
      logGroupArn: arnOf(group),
    }));
    return { logGroups, ...next };
  },
  PutRetentionPolicy: (sent, { groups }) => {
    const { logGroupName, retentionInDays } = parse(PutRetentionPolicy, sent);
    if (!DAYS.includes(retentionInDays)) {
      throw invalid(`1 validation error detected: Value '${retentionInDays}' at 'retentionInDays' is not allowed`);
    }
    const group = groupOf({ logGroupName }, groups);
    if (group.logGroupClass === 'DELIVERY') throw invalid('The retention of a DELIVERY log group cannot be changed');
    groups.set(logGroupName, { ...group, retentionInDays });
    return undefined;
  },
  DescribeLogStreams: (sent, { groups, pages }) => {
    const input = parse(DescribeLogStreams, sent);
    const { logStreamNamePrefix = '', orderBy, descending } = input;
    if (orderBy === 'LastEventTime' && logStreamNamePrefix !== '') {
      throw invalid('Cannot order by LastEventTime with a logStreamNamePrefix.');
    }
    const group = groupOf(input, groups);
    const streams = Object.entries(group.streams)
      .filter(([name]) => name.startsWith(logStreamNamePrefix))
      .map(([logStreamName, events]) => streamOf(group, logStreamName, events))
      .sort(by((stream) => (orderBy === 'LogStreamName' ? stream.logStreamName : (stream.lastEventTimestamp ?? 0))));
    if (descending) streams.reverse();
    const { items, next } = pageOf(streams, input, pages.streams ?? 50);
    return { logStreams: items, ...next };
  },
  FilterLogEvents: (sent, { groups, pages, now }) => {
    const input = parse(FilterLogEvents, sent);
    const { logStreamNames, logStreamNamePrefix, startTime = 0, endTime = Infinity, filterPattern } = input;
    if (logStreamNames && logStreamNamePrefix !== undefined) {
      throw invalid('logStreamNames and logStreamNamePrefix are mutually exclusive');
    }
    if (startTime > endTime) throw invalid('The startTime must not be later than the endTime');
    const group = groupOf(input, groups);
    for (const name of logStreamNames ?? []) {
      if (!(name in group.streams)) throw notFound('stream');
    }
    const expired = now.getTime() - (group.retentionInDays ?? Infinity) * DAY_MS;
    const events = Object.entries(group.streams)
      .filter(([name]) => logStreamNames?.includes(name) ?? name.startsWith(logStreamNamePrefix ?? ''))
      .flatMap(([logStreamName, held]) =>
        held.map((event, place) => ({ logStreamName, ...event, eventId: `${logStreamName}/${place}` })),
      )
      .filter(({ timestamp }) => timestamp >= Math.max(startTime, expired) && timestamp <= endTime)
      .filter(({ message }) => matches(message, filterPattern))
      .map((event) => ({ ...event, ingestionTime: event.timestamp }))
      .sort(by(({ timestamp }) => timestamp));
    const { items, next } = pageOf(events, input, pages.events ?? 10_000, pages.emptyFirst);
    return { events: items, searchedLogStreams: [], ...next };
  },
};

/** Does what an operation says; throws a `LogsRefusal` where the service would refuse it. */
export function carryOut(name: string, input: unknown, state: State): unknown {
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (operation === undefined) throw new LogsRefusal('UnknownOperationException', name);
  return operation(input, state);
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

interface Addressed {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

function groupOf(input: Addressed, groups: State['groups']): LogGroup {
  const { logGroupName, logGroupIdentifier } = input;
  if ((logGroupName === undefined) === (logGroupIdentifier === undefined)) {
    throw invalid('Exactly one of logGroupName and logGroupIdentifier must be given');
  }
  const name = logGroupName ?? logGroupIdentifier?.replace(/^arn:.*:log-group:/, '') ?? '';
  const group = groups.get(name);
  if (group === undefined) throw notFound('group');
  return group;
}

function streamOf(group: LogGroup, logStreamName: string, events: LogGroup['streams'][string]) {
  const moments = events.map(({ timestamp }) => timestamp);
  const known = moments.length > 0;
  return {
    logStreamName,
    creationTime: group.creationTime,
    arn: `${arnOf(group)}:log-stream:${logStreamName}`,
    storedBytes: 0,
    ...(known && {
      firstEventTimestamp: Math.min(...moments),
      lastEventTimestamp: Math.max(...moments),
      lastIngestionTime: Math.max(...moments),
    }),
  };
}

interface Paged {
  readonly nextToken?: string | undefined;
  readonly limit?: number | undefined;
}

/** A token is good for the very question that it was given for, and says how far its answer has come. */
function pageOf<Item>(all: readonly Item[], { nextToken, ...question }: Paged, most: number, emptyFirst = 0) {
  const asked = Buffer.from(JSON.stringify(question)).toString('base64url');
  const [before, at = '0', empty = '0'] = nextToken?.split('.') ?? [asked];
  if (before !== asked || !/^\d+$/.test(at)) throw invalid('The specified nextToken is invalid.');
  const tokenFor = (from: number, blanks: number) => ({ nextToken: `${asked}.${from}.${blanks}` });
  if (Number(empty) < emptyFirst) return { items: [], next: tokenFor(0, Number(empty) + 1) };
  const end = Number(at) + Math.min(question.limit ?? most, most);
  return { items: all.slice(Number(at), end), next: end < all.length ? tokenFor(end, Number(empty)) : {} };
}

function by<Item>(key: (item: Item) => string | number): (a: Item, b: Item) => number {
  return (a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b)));
}

function invalid(message: string): LogsRefusal {
  return new LogsRefusal('InvalidParameterException', message);
}

function notFound(what: 'group' | 'stream'): LogsRefusal {
  return new LogsRefusal('ResourceNotFoundException', `The specified log ${what} does not exist.`);
}
