import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { task as reviewDependencies } from '../../../lambdas/tasks/vulnerabilities/review-dependencies/index.ts';
import { task as reviewImages } from '../../../lambdas/tasks/vulnerabilities/review-images/index.ts';
import { task as reviewSecrets } from '../../../lambdas/tasks/vulnerabilities/review-secrets/index.ts';
import { pointSdkAt } from '../../contract/store-backends.ts';
import { hoursAgo, NOW, trivy, written } from '../../lambdas/tasks/vulnerabilities/_reports.ts';
import { startFaultProxy, type FaultProxy } from '../../servers/fault-proxy.ts';
import { startS3Server, type S3Server } from '../../servers/s3.ts';
import { BAD_LINES, see, type Row, type Seen } from './_matrix.ts';

/** What each row is for the bucket that is lost; the requests for the other one come over the same line. */
const ROWS: readonly Row[] = [
  { title: 'refuses the connection', refuses: true, words: /ECONNREFUSED/ },
  { title: 'is reset when it is asked', fault: { kind: 'reset' }, words: /ECONNRESET|socket hang up/ },
  { title: 'is closed when it is asked', fault: { kind: 'end' }, words: /ECONNRESET|socket hang up|closed/ },
  {
    title: 'is closed in the middle of the answer',
    fault: { kind: 'end', afterBytes: 250 },
    words: /aborted|socket hang up|ECONNRESET|Unexpected|closed|char|no list/,
  },
  { title: 'swallows the question', fault: { kind: 'stall' }, words: /before the task reached its deadline/ },
];
const TASKS = [
  ['images', reviewImages, 's3://lost/images/', 's3://well/images/'],
  ['dependencies', reviewDependencies, 's3://lost/audits/', 's3://well/audits/'],
  ['secrets', reviewSecrets, 's3://lost/code/', 's3://well/code/'],
] as const;
/** The bucket in the first line of a request. */
const LOST = /^[A-Z]+ \/lost[/?]/m;
const LIMIT_SECONDS = 6;

const before = { ...process.env };
const seen = new Map<string, Seen>();
let server: S3Server;
let line: FaultProxy;

beforeAll(async () => {
  server = await startS3Server();
  const audit = await written('npm-audit-clean.json');
  for (const bucket of ['lost', 'well']) {
    const young = { lastModified: hoursAgo(1) };
    server.put(bucket, 'images/shop.json', JSON.stringify(trivy('shop:1')), young);
    server.put(bucket, 'audits/clean/npm-audit.json', audit, young);
    server.put(bucket, 'code/a.ts', 'export {};\n'.repeat(40), young);
  }
  line = await startFaultProxy(Number(new URL(server.endpoint).port));
  pointSdkAt(`http://127.0.0.1:${line.port}`);
  // The whole lines first: a client that has met too many faults does not try again for a while.
  for (const row of [...BAD_LINES, ...ROWS] as readonly Omit<Row, 'words'>[]) {
    for (const [name, task, lost, well] of TASKS) {
      line.fault = row.fault && { ...row.fault, onceAsked: LOST };
      line.pace = row.pace ?? {};
      // Or it would go on over connections of the row before.
      line.cut();
      // Until the client has seen that they are gone: its question would meet the cut and not the fault.
      await sleep(50);
      if (row.refuses) line.refuse();
      const targets = { lost: { url: lost }, well: { url: well } };
      seen.set(`${name} ${row.title}`, await see({ task, targets, now: NOW, timeoutSeconds: LIMIT_SECONDS }));
      await line.mend();
    }
  }
}, 240_000);
afterAll(async () => {
  process.env = before;
  line.close();
  await server.close();
});

const NAMES = TASKS.map(([name]) => name);

test.each(ROWS)('a review passes nothing of a bucket to which the line $title', ({ title, words, refuses }) => {
  for (const name of NAMES) {
    const { verdicts, said, measured } = seen.get(`${name} ${title}`) ?? {};

    expect({ name, verdicts }).toEqual({ name, verdicts: { lost: 'unknown', well: refuses ? 'unknown' : 'pass' } });
    expect(said?.['lost']).toMatch(words);
    expect(measured).toEqual(refuses ? [] : ['well']);
  }
});

test.each(BAD_LINES)('a review is as ever where the line $title', ({ title }) => {
  for (const name of NAMES) expect(seen.get(`${name} ${title}`)?.verdicts).toEqual({ lost: 'pass', well: 'pass' });
});
