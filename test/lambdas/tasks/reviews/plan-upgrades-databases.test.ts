import { describe, expect, test } from '@jest/globals';
import type { Database, DatabaseVendor } from '../../../../lambdas/tasks/reviews/plan-upgrades/database.ts';
import { judgeDatabase } from '../../../../lambdas/tasks/reviews/plan-upgrades/databases.ts';
import type { EngineVersion } from '../../../../lambdas/tasks/reviews/plan-upgrades/database-versions.ts';
import { mondayFrom, quarterOf } from '../../../../lambdas/tasks/reviews/plan-upgrades/days.ts';
import { Input } from '../../../../lambdas/tasks/reviews/plan-upgrades/input.ts';
import {
  compareVersions,
  newestVersion,
  nextMinor,
  previousMinor,
} from '../../../../lambdas/tasks/reviews/plan-upgrades/versions.ts';
import { day, PLANTED_FOR as NOW } from '../../../../lib/demo/account/day.ts';

describe('versions', () => {
  test.each([
    ['15.9', '15.10'],
    ['15.10', '15.13'],
    ['9.6.24', '10.1'],
    ['11.22', '11.22-RDS.20240208'],
    ['11.22-RDS.20240208', '11.22-RDS.20240509'],
    ['8.0.mysql_aurora.3.9.0', '8.0.mysql_aurora.3.10.0'],
    ['v1.9.3-eksbuild.11', 'v1.11.1-eksbuild.2'],
    ['python3.9', 'python3.10'],
    ['6.2', '6.2.6'],
  ])('%s is older than %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
    expect(newestVersion([newer, older])).toBe(newer);
  });

  test('are the same where their numbers are, and the newest of none is none', () => {
    expect(compareVersions('1.33', '1.33')).toBe(0);
    expect(newestVersion([])).toBeUndefined();
  });

  test('of Kubernetes go on from 1.9 to 1.10', () => {
    expect(nextMinor('1.9')).toBe('1.10');
    expect(previousMinor('1.10')).toBe('1.9');
  });
});

test.each([
  ['2026-01-01T00:00:00Z', 1],
  ['2026-03-31T23:59:59Z', 1],
  ['2026-04-01T00:00:00Z', 2],
  ['2026-12-31T23:59:59Z', 4],
])('%s is in quarter %d', (moment, quarter) => {
  expect(quarterOf(new Date(moment))).toEqual({ year: 2026, quarter });
});

test('a Monday is its own first one, and after it comes the next', () => {
  expect(mondayFrom(new Date('2026-07-06T00:00:00Z'))).toEqual(day('2026-07-06'));
  expect(mondayFrom(new Date('2026-07-06T00:00:01Z'))).toEqual(day('2026-07-13'));
  expect(mondayFrom(new Date('2026-07-12T12:00:00Z'))).toEqual(day('2026-07-13'));
});

const version = (name: string, major: string, targets: readonly string[]): readonly [string, EngineVersion] => [
  name,
  {
    version: name,
    major,
    targets: targets.map((one) => ({ version: one, isMajor: !one.startsWith(`${major}.`) })),
    authorities: ['rds-ca-2019', 'rds-ca-ecc384-g1', 'rds-ca-rsa2048-g1'],
  },
];

function vendor(standardEnd: Date | undefined, extendedEnd: Date | undefined = day('2030-01-01')): DatabaseVendor {
  return {
    versions: new Map([
      [
        'postgres',
        new Map([
          version('13.9', '13', ['13.10', '13.20']),
          version('13.20', '13', ['14.18', '16.9']),
          version('14.18', '14', ['16.9', '17.5']),
          version('16.9', '16', []),
          version('17.5', '17', []),
        ]),
      ],
    ]),
    lifecycles: new Map([
      ['postgres 13', { standardEnd, extendedEnd }],
      ['postgres 14', { standardEnd: day('2027-02-28'), extendedEnd: day('2030-02-28') }],
      ['postgres 16', { standardEnd: day('2029-02-28'), extendedEnd: day('2032-02-28') }],
      ['postgres 17', { standardEnd: day('2030-02-28'), extendedEnd: day('2033-02-28') }],
    ]),
    authorities: new Map([
      ['rds-ca-2019', day('2026-08-22')],
      ['rds-ca-ecc384-g1', day('2121-05-25')],
      ['rds-ca-rsa2048-g1', day('2061-05-25')],
    ]),
    knowsAuthorities: true,
  };
}

const MAIN: Database = {
  id: 'main',
  arn: 'arn:aws:rds:us-east-1:123456789012:db:main',
  isCluster: false,
  engine: 'postgres',
  version: '13.20',
  stage: 'critical',
  classes: ['db.r5.xlarge'],
  isExtendedSupportOn: true,
  replicaOf: undefined,
  window: undefined,
  backupDays: 7,
  certificates: [{ instance: 'main', authority: 'rds-ca-rsa2048-g1' }],
  pending: [],
};

const judge = (more: Partial<Database>, of: DatabaseVendor, input: object = {}, region = 'us-east-1') =>
  judgeDatabase({ ...MAIN, ...more }, of, { now: NOW, region, input: Input.parse(input) });
const kinds = ({ notes }: ReturnType<typeof judge>) => notes.map(({ kind }) => kind);

describe('the support of a database', () => {
  test.each([
    ['2026-10-30', []],
    ['2026-10-29', ['support-ending']],
    ['2026-08-01', ['support-ending']],
    ['2026-07-31', ['support-ending-soon']],
    ['2026-07-02', ['support-ending-soon']],
    ['2026-07-01', ['extended-support-paid']],
    ['2024-02-29', ['extended-support-paid']],
  ])('that ends on %s is %j', (end, expected) => {
    expect(kinds(judge({}, vendor(day(end))))).toEqual(expected);
  });

  test('that has ended without extended support is upgraded by force, and that is a failure', () => {
    const { notes } = judge({ isExtendedSupportOn: false }, vendor(day('2026-06-01')));

    expect(notes).toMatchObject([{ kind: 'support-ending-soon', summary: expect.stringContaining('RDS upgrades it') }]);
  });

  test('that is paid for and ends too says both', () => {
    expect(kinds(judge({}, vendor(day('2023-08-01'), day('2026-07-20'))))).toEqual([
      'extended-support-paid',
      'support-ending-soon',
    ]);
  });

  test('of which RDS names no date is not known, and neither is a version that it does not name', () => {
    expect(kinds(judge({}, vendor(undefined)))).toEqual(['not-known']);
    expect(kinds(judge({ version: '13.99' }, vendor(day('2030-01-01'))))).toEqual(['not-known']);
  });

  test.each([
    ['2025-07-01', 'us-east-1', {}, 'db.r5.xlarge', /: 292 USD a month, 4 vCPUs at 0.1 USD/],
    [
      '2023-07-01',
      'us-east-1',
      {},
      'db.r5.xlarge',
      /: 584 USD a month, 4 vCPUs at 0.2 USD an hour, as in the third year/,
    ],
    ['2025-07-01', 'eu-west-1', {}, 'db.r5.xlarge', /has no price of extended support in eu-west-1/],
    ['2025-07-01', 'eu-west-1', { extendedSupportUsdPerVcpuHour: 0.112 }, 'db.r5.xlarge', /: 327.04 USD a month/],
    ['2025-07-01', 'us-east-1', {}, 'db.serverless', /how many vCPUs db.serverless has is not known/],
  ])(
    'past since %s costs in %s with %j on %s what the table says, or is not priced',
    (end, region, input, size, words) => {
      const { notes } = judge({ classes: [size] }, vendor(day(end), day('2029-01-01')), input, region);

      expect(notes[0]).toMatchObject({ kind: 'extended-support-paid', summary: expect.stringMatching(words) });
    },
  );

  test('has no price where no instance of a cluster could be read', () => {
    expect(judge({ classes: [] }, vendor(day('2026-07-01'))).rows[0]?.extended_support).toHaveProperty('unknown');
  });
});

describe('the way to a new major', () => {
  const wayOf = (more: Partial<Database>) => judge(more, vendor(day('2026-12-31'))).rows[0]?.way_to_next_major;

  test('is the shortest to the lowest major that is supported for two years more', () => {
    expect(wayOf({})).toEqual(['16.9']);
  });

  test('begins with a minor where this very minor cannot go there, over the newest one', () => {
    expect(wayOf({ version: '13.9' })).toEqual(['13.20', '16.9']);
    expect(judge({ version: '13.9' }, vendor(day('2026-12-31'))).hops.map(({ kind, after }) => [kind, after])).toEqual([
      ['database-minor', []],
      ['database-major', [{ id: 'database-minor: database main 13.9 → 13.20', weeks: 1 }]],
    ]);
  });

  test('is not known where RDS names none, and not asked for while support lasts', () => {
    const ending = vendor(day('2026-12-31'));
    const { notes } = judge(
      { version: '16.9' },
      { ...ending, lifecycles: new Map([['postgres 16', { standardEnd: day('2026-12-31'), extendedEnd: undefined }]]) },
    );

    expect(notes.map(({ kind }) => kind)).toEqual(['not-known']);
    expect(judge({}, vendor(day('2028-12-31'))).hops).toEqual([]);
  });

  test('is riskier without backups, and says to switch them on first', () => {
    const [hop] = judge({ backupDays: 0 }, vendor(day('2026-12-31'))).hops;

    expect(hop).toMatchObject({ danger: 'there is no backup to go back to' });
    expect(hop?.preChecks.join()).toContain('switch them on first');
  });
});

describe('maintenance and certificates of a database', () => {
  const pending = (forcedOn: Date | undefined, appliedAfter?: Date) => [
    { action: 'system-update', arn: MAIN.arn, forcedOn, appliedAfter, plannedFor: undefined },
  ];

  test.each([
    [day('2026-07-31'), undefined, ['forced-maintenance']],
    [day('2026-08-01'), undefined, []],
    [day('2026-12-01'), day('2026-07-10'), ['forced-maintenance']],
    [undefined, undefined, []],
  ])('forced on %s or applied after %s is %j, and has a week booked', (forcedOn, appliedAfter, expected) => {
    const said = judge({ pending: pending(forcedOn, appliedAfter) }, vendor(day('2030-01-01')));

    expect(kinds(said)).toEqual(expected);
    expect(said.hops).toMatchObject([{ kind: 'database-maintenance', command: expect.stringContaining(MAIN.arn) }]);
  });

  test.each([
    ['rds-ca-2019', '2026-08-22', ['certificate-authority-expiring']],
    ['rds-ca-2019', '2026-07-20', ['certificate-authority-urgent']],
    ['rds-ca-2019', '2026-06-20', ['certificate-authority-urgent']],
    ['rds-ca-rsa2048-g1', '2026-08-22', []],
    ['rds-ca-lost', '2026-08-22', ['not-known']],
    [undefined, '2026-08-22', ['not-known']],
  ])('the authority %s, where rds-ca-2019 ends on %s, is %j', (authority, end, expected) => {
    const of = vendor(day('2030-01-01'));
    const authorities = new Map([...of.authorities, ['rds-ca-2019', day(end)] as const]);
    const said = judge({ certificates: [{ instance: 'main', authority }] }, { ...of, authorities });

    expect(kinds(said)).toEqual(expected);
    if (expected[0]?.startsWith('certificate')) expect(said.hops[0]?.to).toBe('rds-ca-rsa2048-g1');
  });
});
