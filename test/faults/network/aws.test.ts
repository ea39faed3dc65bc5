import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Task } from '../../../core/task.ts';
import { task as verifyBackups } from '../../../lambdas/tasks/backups/verify.ts';
import { task as checkFailedLogins } from '../../../lambdas/tasks/logs/check-failed-logins.ts';
import { task as enforceRetention } from '../../../lambdas/tasks/logs/enforce-retention.ts';
import { task as checkResourceUsage } from '../../../lambdas/tasks/metrics/check-resource-usage.ts';
import { backupName, begunAt } from '../../../lib/demo/backups.ts';
import { fixture } from '../../lambdas/tasks/backups/backup-folder.ts';
import { logGroup } from '../../servers/cloudwatch-logs-groups.ts';
import { startCloudWatchLogs } from '../../servers/cloudwatch-logs.ts';
import { startCloudWatch, type CloudWatchServer } from '../../servers/cloudwatch.ts';
import { startFaultProxy, type FaultProxy } from '../../servers/fault-proxy.ts';
import { startS3Server } from '../../servers/s3.ts';
import { BAD_LINES, see, type Row, type Seen } from './_matrix.ts';

/** What each row is for the requests of the target that is lost; the other one's come over the same line. */
const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /ECONNREFUSED/ },
  { title: 'is reset when it is asked', fault: { kind: 'reset' }, words: /ECONNRESET|socket hang up/ },
  { title: 'is closed when it is asked', fault: { kind: 'end' }, words: /ECONNRESET|socket hang up/ },
  {
    title: 'is reset in the middle of the answer',
    fault: { kind: 'reset', afterBytes: 250 },
    words: /ECONNRESET|aborted|socket hang up/,
  },
  {
    title: 'is closed in the middle of the answer',
    fault: { kind: 'end', afterBytes: 250 },
    words: /aborted|socket hang up|ECONNRESET|Unexpected end|closed/,
  },
  { title: 'swallows the question', fault: { kind: 'stall' }, words: /no answer before the task reached its deadline/ },
  {
    title: 'swallows the end of the answer',
    fault: { kind: 'stall', afterBytes: 250 },
    words: /no answer before the task reached its deadline/,
  },
];

/** A service of AWS behind a line, and a task that has two targets there. */
interface Scene {
  readonly name: string;
  readonly task: Task;
  readonly service: keyof typeof lines;
  readonly targets: Readonly<Record<'lost' | 'well', { readonly url: string }>>;
}

const lines: Record<'s3' | 'cloudwatch' | 'logs', FaultProxy | undefined> = {
  s3: undefined,
  cloudwatch: undefined,
  logs: undefined,
};
const SCENES: readonly Scene[] = [
  {
    name: 'backups-verify',
    task: verifyBackups,
    service: 's3',
    targets: { lost: { url: 's3://lost/full/' }, well: { url: 's3://well/full/' } },
  },
  {
    name: 'metrics-check-resource-usage on CloudWatch',
    task: checkResourceUsage,
    service: 'cloudwatch',
    targets: { lost: { url: 'cloudwatch:eu-west-1' }, well: { url: 'cloudwatch:us-east-1' } },
  },
  {
    name: 'logs-check-failed-logins on a log group',
    task: checkFailedLogins,
    service: 'logs',
    targets: { lost: { url: 'cloudwatch-logs:/lost/auth' }, well: { url: 'cloudwatch-logs:/well/auth' } },
  },
  {
    name: 'logs-enforce-retention on log groups',
    task: enforceRetention,
    service: 'logs',
    targets: { well: { url: 'cloudwatch-logs:/well/auth' }, lost: { url: 'cloudwatch-logs:/lost/auth' } },
  },
];

/** What the requests for the target that is lost have in them: its bucket, its region, its log group. */
const LOST = /\/lost\b|\/eu-west-1\/monitoring\//;
const LIMIT_SECONDS = 5;
const now = new Date();
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const before = { ...process.env };
const servers: { close(): Promise<void> }[] = [];
const seen = new Map<string, Seen>();
let cloudwatch: CloudWatchServer;

beforeAll(async () => {
  cloudwatch = await startCloudWatch();
  const [s3, logs] = [await startS3Server(), await startCloudWatchLogs()];
  servers.push(s3, cloudwatch, logs);
  for (const place of [1, 2, 3, 4, 5]) {
    const dump = begunAt(await fixture('custom.dump'), ago(place * 6));
    for (const bucket of ['lost', 'well'])
      s3.put(bucket, `full/${backupName(ago(place * 6))}`, dump, { lastModified: ago(place * 6) });
  }
  cloudwatch.metrics = [
    ['FreeStorageSpace', 5e10],
    ['FreeableMemory', 2e9],
    ['CPUUtilization', 20],
  ].map(([name, value]) => ({
    ...{ namespace: 'AWS/RDS', name: String(name), dimensions: { DBInstanceIdentifier: 'main' } },
    valueAt: () => Number(value),
  }));
  const events = Array.from({ length: 30 }, (_, i) => ({
    timestamp: ago(30 - i).getTime() - 1_000,
    message: `Jan  1 00:00:00 web1 sshd[${i}]: Connection closed by 192.0.2.1 port 5`,
  }));
  for (const name of ['/lost/auth', '/well/auth']) {
    logs.groups.set(name, logGroup(name, { streams: { web1: events }, retentionInDays: 30 }));
  }
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'a-secret-key',
  });
  process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:1';
  for (const [name, variable, server] of [
    ['s3', 'AWS_ENDPOINT_URL_S3', s3],
    ['cloudwatch', 'AWS_ENDPOINT_URL_CLOUDWATCH', cloudwatch],
    ['logs', 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS', logs],
  ] as const) {
    const line = await startFaultProxy(Number(new URL(server.endpoint).port));
    lines[name] = line;
    process.env[variable] = `http://127.0.0.1:${line.port}`;
  }
  // One client of a service serves all, so that the rows of one service come one after the other.
  await Promise.all((['s3', 'cloudwatch', 'logs'] as const).map(seeAll));
}, 120_000);
afterAll(async () => {
  process.env = before;
  for (const line of Object.values(lines)) line?.close();
  for (const server of servers) await server.close();
});

async function seeAll(service: keyof typeof lines): Promise<void> {
  const scenes = SCENES.filter((one) => one.service === service);
  const line = lines[service];
  if (!line) throw new Error(`there is no line to ${service}`);
  for (const row of [...ROWS, ...BAD_LINES]) {
    line.fault = row.fault && { ...row.fault, onceAsked: LOST };
    line.pace = row.pace ?? {};
    // Or it would go on over connections of the row before.
    line.cut();
    if (row.refuses) line.refuse();
    const faults = line.counts.faults;
    const look = async ({ name, task, targets }: Scene) => {
      seen.set(`${name} ${row.title}`, await see({ task, targets, now, timeoutSeconds: LIMIT_SECONDS }));
    };
    await Promise.all(scenes.map(look));
    if (row.fault && line.counts.faults === faults)
      throw new Error(`no connection met a fault where the line ${row.title}`);
    await line.mend();
  }
}

describe.each(SCENES)('$name passes nothing, and judges the target beside it, where the line', ({ name }) => {
  test.each(ROWS)('$title', ({ title, words, refuses }) => {
    const { verdicts, said } = seen.get(`${name} ${title}`) ?? {};

    expect(verdicts).toEqual({ lost: 'unknown', well: refuses ? 'unknown' : 'pass' });
    expect(said?.['lost']).toMatch(/^not-readable: /);
    expect(said?.['lost']).toMatch(words);
    expect(said?.['lost']).not.toContain('a-secret-key');
  });

  test.each(BAD_LINES)('is broken in no way, and judges as ever where it $title', ({ title }) => {
    expect(seen.get(`${name} ${title}`)?.verdicts).toEqual({ lost: 'pass', well: 'pass' });
  });
});

test.each([
  ['numbers that are none', { Values: ['NaN'] }],
  ['infinite numbers', { Values: ['Infinity'] }],
  ['no points at all', { Values: [], Timestamps: [] }],
])('CloudWatch that answers with %s is unknown, whatever it says of the rest', async (_what, changes) => {
  cloudwatch.onRequest = ({ operation }) => {
    if (operation !== 'GetMetricData') return undefined;
    return ({ MetricDataResults = [], ...rest }) => ({
      ...rest,
      MetricDataResults: MetricDataResults.map((one) => {
        const [value] = changes.Values;
        const values = value === undefined ? [] : one.Values.map(() => value);
        return { ...one, ...changes, Values: values as never };
      }),
    });
  };

  const { verdicts } = await see({ task: checkResourceUsage, targets: { aws: { url: 'cloudwatch:us-east-1' } }, now });
  cloudwatch.onRequest = undefined;

  expect(verdicts).toEqual({ aws: 'unknown' });
});
