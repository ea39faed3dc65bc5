import { expect, test } from '@jest/globals';
import { linesOn, profileOf } from './written.ts';
import { FAKE_CATALOGUE } from './catalogue.ts';
import { notesOn, sectionsNotActedOn } from '../../../lib/profiles/read.ts';
import { resolvePlatform } from '../../../lib/profiles/resolve.ts';

const TWO = `platform: shop
environments:
  prod:
    account: "111122223333"
    region: eu-west-1
    targets:
      postgres: { main: { url: secret:shop/db } }
  staging:
    targets:
      endpoints: { web: { url: https://staging.example.com } }
procedures:
  daily:
    tasks: [postgres-vacuum]
`;

test('a task whose kind of target an environment lacks is refused once, for that environment', async () => {
  expect(await linesOn(TWO)).toEqual([
    'mine.yaml:13:13 procedures.daily.tasks[0]: acts on postgres targets, and environment staging has none [TARGET_UNKNOWN]',
  ]);
});

test('an environment that writes its own tasks is held against those', async () => {
  const own = TWO.replace(
    'procedures:\n',
    '    procedures:\n      daily: { tasks: [certificates-check-endpoints] }\nprocedures:\n',
  );

  expect(await linesOn(own)).toEqual([]);
});

test('an override that matches no procedure is refused with the nearest name', async () => {
  const override = TWO.replace('    targets:\n      endpoints', '    procedures: { dialy: { budget: 1h } }\n$&');

  expect(await linesOn(override)).toContain(
    'mine.yaml:9:19 environments.staging.procedures.dialy: overrides a procedure that the platform does not have; did you mean "daily"? allowed: daily [CFG_OVERRIDE_UNMATCHED]',
  );
});

test.each([
  [
    TWO.replace('"111122223333"', '111122223333'),
    'mine.yaml:4:14 environments.prod.account: wrong type, found 111122223333; allowed: text (The 12 digits of the AWS account, in quotes) [CFG_TYPE]',
  ],
  [
    TWO.replace('"111122223333"', '012345678901'),
    'mine.yaml:4:14 environments.prod.account: 012345678901 begins with 0, which some read as octal; put text in quotes [CFG_NUMBER]',
  ],
  [
    TWO.replace('"111122223333"', '"1111-2222-3333"'),
    'mine.yaml:4:14 environments.prod.account: must be the 12 digits of an AWS account, in quotes, found "1111-2222-3333" [CFG_VALUE]',
  ],
  [
    TWO.replace('eu-west-1', 'Ireland'),
    'mine.yaml:5:13 environments.prod.region: must be an AWS region: eu-west-1, found "Ireland" [CFG_VALUE]',
  ],
  [
    TWO.replace('    region: eu-west-1\n', ''),
    'mine.yaml:3:3 environments.prod.region: missing: an environment with an account has a region: eu-west-1 [CFG_MISSING]',
  ],
  [
    TWO.replace('procedures:\n', 'targets: {}\nprocedures:\n'),
    'mine.yaml:11:1 targets: targets stand at the top, or in environments; move these into one of the environments [CFG_VALUE]',
  ],
])('among environments, profile %# is refused at the place that is wrong', async (text, line) => {
  expect(await linesOn(text)).toContain(line);
});

test.each`
  range                   | problem
  ${'10.0.0.1/8'}         | ${'mine.yaml:3:18 allowAddresses[0]: has bits of a host; did you mean 10.0.0.0/8, found "10.0.0.1/8" [CIDR_SYNTAX]'}
  ${'10/8'}               | ${'mine.yaml:3:18 allowAddresses[0]: is not written with four numbers; write it as 10.0.0.0/8, found "10/8" [CIDR_SYNTAX]'}
  ${'0.0.0.0/0'}          | ${'mine.yaml:3:18 allowAddresses[0]: is wider than any private range; allowed: /8 and up, found "0.0.0.0/0" [CIDR_TOO_WIDE]'}
  ${'169.254.169.254/32'} | ${'mine.yaml:3:18 allowAddresses[0]: holds link-local addresses, which are never probed, found "169.254.169.254/32" [CIDR_PROTECTED]'}
  ${'169.0.0.0/8'}        | ${'mine.yaml:3:18 allowAddresses[0]: holds link-local addresses, which are never probed, found "169.0.0.0/8" [CIDR_PROTECTED]'}
  ${'fe80::/64'}          | ${'mine.yaml:3:18 allowAddresses[0]: holds link-local addresses, which are never probed, found "fe80::/64" [CIDR_PROTECTED]'}
  ${'::ffff:a00:0/104'}   | ${'mine.yaml:3:18 allowAddresses[0]: is an IPv4 range in the guise of IPv6; write it as 10.0.0.0/8, found "::ffff:a00:0/104" [CIDR_SYNTAX]'}
`('the range $range may not be probed', async ({ range, problem }) => {
  const text = `platform: shop\ntargets: { postgres: { main: { url: env:DB } } }\nallowAddresses: ["${range}"]\n`;

  expect(await linesOn(text)).toEqual([problem]);
});

const ALARMS = TWO.replace('  staging:', '    procedures: { daily: { startedBy: { alarms: [slow] } } }\n  staging:')
  .replace('endpoints: { web: { url: https://staging.example.com } }', 'postgres: { main: { url: env:STAGING } }')
  .replace('    tasks: [', '    startedBy: { alarms: [down, late] }\n    tasks: [');

const PEOPLE = `platform: shop
targets: { postgres: { main: { url: env:DB } } }
people: { team: [ann, ben], nobody: [] }
`;

test.each([
  ['approval: { quarterly: { approvers: team, required: 2 } }', []],
  [
    'approval: { quarterly: { approvers: tean } }',
    [
      'mine.yaml:4:37 approval.quarterly.approvers: this group has nobody in it; list its members under people, found "tean"; did you mean "team"? allowed: team [CFG_APPROVERS_EMPTY]',
    ],
  ],
  [
    'approval: { quarterly: { approvers: nobody } }',
    [
      'mine.yaml:4:37 approval.quarterly.approvers: this group has nobody in it; list its members under people, found "nobody"; allowed: team [CFG_APPROVERS_EMPTY]',
    ],
  ],
  [
    'approval: { quarterly: { approvers: team, required: 3 } }',
    ['mine.yaml:4:13 approval.quarterly: needs 3 approvals of a group of 2 [CFG_FOUR_EYES_IMPOSSIBLE]'],
  ],
  [
    'notice: { quartely: 14d }',
    [
      'mine.yaml:4:11 notice.quartely: there is no such procedure; did you mean "quarterly"? allowed: daily, weekly, monthly, quarterly [CFG_UNKNOWN_PROCEDURE]',
    ],
  ],
  ['notify: { slack: secret:shop/slack, email: [ops@example.com] }', []],
  [
    'notify: { slack: https://hooks.slack.com/services/T0/B0/sesame }',
    [
      'mine.yaml:4:18 notify.slack: must be a reference: secret:…, env:… or file:…, found "https://[redacted]" [CFG_SECRET_INLINE]',
    ],
  ],
  [
    'freezes: [{ from: 2026-12-24T00:00:00Z, to: 2026-12-20T00:00:00Z, reason: Christmas }]',
    ['mine.yaml:4:11 freezes[0]: ends before it begins [CFG_VALUE]'],
  ],
  ['escalation: [{ after: 15m, to: team }]', []],
])('of people, %s is answered by %j', async (section, lines) => {
  expect(await linesOn(`${PEOPLE}${section}\n`)).toEqual(lines);
});

test('sections that nothing acts on yet are named, so that nobody relies on them', async () => {
  const profile = await profileOf(`${PEOPLE}notice: { weekly: 24h }\n`);

  expect(sectionsNotActedOn(profile)).toEqual(['notice', 'people']);
});

test('alarms that start a procedure are those of the environment, where it names any, else the common ones', async () => {
  const profile = await profileOf(ALARMS);
  const alarmsIn = (name: string) => resolvePlatform(profile, name, FAKE_CATALOGUE).procedures['daily']?.alarms;

  expect(notesOn(profile)).toEqual([]);
  expect(alarmsIn('prod')).toEqual(['slow']);
  expect(alarmsIn('staging')).toEqual(['down', 'late']);
});

test.each([
  ['[]', 'startedBy.alarms: too short'],
  ["['']", 'startedBy.alarms[0]: too short'],
  [`["${'a'.repeat(256)}"]`, 'startedBy.alarms[0]: too long'],
  ['["a\\nb"]', 'must be the name of an alarm, without control characters'],
])('alarms %s start nothing', async (alarms, problem) => {
  expect(await linesOn(ALARMS.replace('[slow]', alarms))).toEqual([expect.stringContaining(problem)]);
});
