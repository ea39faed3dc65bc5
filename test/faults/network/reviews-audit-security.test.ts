import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/reviews/audit-security/index.ts';
import { PLANTED_FOR as now } from '../../../lib/demo/account/day.ts';
import { ALL_ON } from '../../../lib/demo/account/security-planted.ts';
import { startSecurityAccount, type SecurityServers } from '../../lambdas/tasks/reviews/_security-account.ts';
import type { FaultProxy } from '../../servers/fault-proxy.ts';
import { BAD_LINES, type Seen } from './_matrix.ts';
import {
  BYTE_BY_BYTE,
  LOST_FIRST,
  openLine,
  partsMissed,
  ROWS,
  seeReview,
  WELL_FIRST,
  WHOLLY_LOST,
} from './_reviews-line.ts';

const SLOW = [...BAD_LINES, BYTE_BY_BYTE];
/** What is the same in every region, as the audit calls it. */
const GLOBAL = ['the credential report', 'the list of buckets', 'the roles of the account'];
/** What is of the region that is lost. */
const REGIONAL = [
  'ECR of eu-west-1',
  'GuardDuty of eu-west-1',
  'Inspector of eu-west-1',
  'Security Hub of eu-west-1',
  'instances of eu-west-1',
  'machines and patches of eu-west-1 in SSM',
  'public images of eu-west-1',
  'public snapshots of eu-west-1',
  'security groups of eu-west-1',
];
/** The ways of a line that tells regions apart. */
const ONE_REGION = ROWS.filter(({ refuses }) => refuses !== true);
const before = { ...process.env };
let servers: SecurityServers;
let line: FaultProxy;
let lostFirst: ReadonlyMap<string, Seen>;
let wellFirst: ReadonlyMap<string, Seen>;

beforeAll(async () => {
  servers = await startSecurityAccount({ ...ALL_ON, s3: { buckets: [{ name: 'data', isPolicyPublic: false }] } });
  line = await openLine();
  wellFirst = await seeReview(line, { task, targets: WELL_FIRST, now }, [...ROWS, ...SLOW]);
  lostFirst = await seeReview(line, { task, targets: LOST_FIRST, now }, ONE_REGION);
}, 240_000);
afterAll(async () => {
  process.env = before;
  line.close();
  await servers.stop();
});

describe.each([
  { order: 'the other', rows: ROWS, seenOf: () => wellFirst, lost: [] },
  { order: 'this one', rows: ONE_REGION, seenOf: () => lostFirst, lost: GLOBAL },
])('an audit that asks $order for what is the same in every region', ({ rows, seenOf, lost }) => {
  test.each(rows)('passes nothing of a region to which the line $title', ({ title, words, refuses }) => {
    const { verdicts, said } = seenOf().get(title) ?? {};

    expect(verdicts).toEqual({ lost: 'unknown', well: refuses ? 'unknown' : 'pass' });
    expect(said?.['lost']).toMatch(words);
    expect(JSON.stringify(said)).not.toContain('of-a-test');
  });

  test.each(rows.filter((row) => WHOLLY_LOST.includes(row)))(
    'names all that it does not know where the line $title',
    (row) => {
      expect(partsMissed(seenOf().get(row.title)?.said['lost'], [...GLOBAL, ...REGIONAL])).toEqual([
        ...lost,
        ...REGIONAL,
      ]);
    },
  );
});

test.each(SLOW)('an audit is as ever where the line $title', ({ title }) => {
  const { verdicts, said } = wellFirst.get(title) ?? {};

  expect(verdicts).toEqual({ lost: 'pass', well: 'pass' });
  expect(said).toEqual({});
});
