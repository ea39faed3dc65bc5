import { expect, test } from '@jest/globals';
import { linesOn } from './written.ts';

const TASKS =
  'postgres-vacuum, postgres-analyze, postgres-terminate-sessions, certificates-check-endpoints, kubernetes-check-pods, backups-verify';
const KINDS = 'postgres, redis, kubernetes, endpoints, backups, buckets, logs, metrics, hosts, repositories, aws';

/** A profile that is right but for the line that a test puts into its procedure. */
function procedureWith(line: string, tasks = '[postgres-vacuum]'): string {
  return `platform: shop
targets:
  postgres: { main: { url: "postgres://localhost/shop" } }
  backups: { nightly: { url: file:///var/backups/ } }
procedures:
  daily:
    ${line}
    tasks: ${tasks}
`;
}

function entry(text: string): string {
  return procedureWith('budget: 30m', `\n      - ${text}`);
}

const REFUSED: readonly (readonly [text: string, ...lines: string[]])[] = [
  [
    procedureWith('vaccum: yes'),
    'CFG_UNKNOWN_KEY mine.yaml:7:5 procedures.daily.vaccum: unknown key; allowed: schedule, timezone, startedBy, window, budget, tasks',
  ],
  [
    procedureWith('windw: 02:00-04:00'),
    'CFG_UNKNOWN_KEY mine.yaml:7:5 procedures.daily.windw: unknown key; did you mean "window"? allowed: schedule, timezone, startedBy, window, budget, tasks',
  ],
  [
    procedureWith('budget: 30'),
    'CFG_TYPE mine.yaml:7:13 procedures.daily.budget: wrong type, found 30; allowed: text (How long a run may take: 30m, 1h30m; 30m by default)',
  ],
  [
    procedureWith('budget: 5m30'),
    'CFG_DURATION mine.yaml:7:13 procedures.daily.budget: "5m30" is not a duration; write it as 30m, 1h30m or 14d',
  ],
  [
    procedureWith('schedule: cron(0 2 * * *)'),
    'CFG_SCHEDULE mine.yaml:7:15 procedures.daily.schedule: AWS cron has six fields, minutes hours day-of-month month day-of-week year; found 5 in "cron(0 2 * * *)"; did you mean cron(0 2 * * ? *)',
  ],
  [
    procedureWith('window: 02:00-26:00'),
    'CFG_WINDOW mine.yaml:7:13 procedures.daily.window: window "02:00-26:00" is out of range; hours are 00-23 and minutes 00-59',
  ],
  [
    procedureWith('window: 02:00-02:10'),
    'CFG_WINDOW_TOO_SHORT mine.yaml:7:13 procedures.daily.window: the window is open for 10m, which is shorter than the budget of 30m',
  ],
  [
    procedureWith('schedule: cron(0 5 * * ? *)\n    window: 02:00-04:00'),
    'CFG_CALENDAR mine.yaml:7:15 procedures.daily.schedule: cron(0 5 * * ? *) is due 2026-11-21 05:00 UTC, outside its window 02:00-04:00',
  ],
  [
    procedureWith('timezone: UTC+2'),
    'TZ_UNKNOWN mine.yaml:7:15 procedures.daily.timezone: timezone "UTC+2" is an offset, which knows no summer time; write UTC or an IANA name such as Europe/Berlin',
  ],
  [
    entry('postgres-vacum'),
    `CFG_UNKNOWN_TASK mine.yaml:9:9 procedures.daily.tasks[0]: unknown task, found "postgres-vacum"; did you mean "postgres-vacuum"? allowed: ${TASKS}`,
  ],
  [
    entry('vacuum: {}'),
    `CFG_UNKNOWN_TASK mine.yaml:9:9 procedures.daily.tasks[0].vacuum: unknown task; did you mean "postgres-vacuum"? allowed: ${TASKS}`,
  ],
  [
    entry('7'),
    'CFG_TYPE mine.yaml:9:9 procedures.daily.tasks[0]: not a task, found 7; allowed: a task, a task with its settings',
  ],
  [
    entry('postgres-vacuum: { order: odlest }'),
    'CFG_VALUE mine.yaml:9:35 procedures.daily.tasks[0].postgres-vacuum.order: not one of the allowed words, found "odlest"; did you mean "oldest"? allowed: oldest, largest',
  ],
  [
    entry('postgres-vacuum: { capTables: 0 }'),
    'CFG_RANGE mine.yaml:9:39 procedures.daily.tasks[0].postgres-vacuum.capTables: too small, found 0; allowed: at least 1',
  ],
  [
    entry('postgres-vacuum: { capTables: "5" }'),
    'CFG_TYPE mine.yaml:9:39 procedures.daily.tasks[0].postgres-vacuum.capTables: wrong type, found "5"; allowed: a number',
  ],
  [
    entry('postgres-vacuum: { timeoutSeconds: 400 }'),
    'CFG_RANGE mine.yaml:9:44 procedures.daily.tasks[0].postgres-vacuum.timeoutSeconds: too large, found 400; allowed: at most 300',
  ],
  [
    entry('postgres-vacuum: { targets: [] }'),
    'TARGET_EMPTY mine.yaml:9:37 procedures.daily.tasks[0].postgres-vacuum.targets: names no target',
  ],
  [
    entry('postgres-vacuum: { targets: [mian] }'),
    'TARGET_UNKNOWN mine.yaml:9:38 procedures.daily.tasks[0].postgres-vacuum.targets[0]: environment local has no postgres target "mian"; did you mean "main"? allowed: main',
  ],
  [
    entry('postgres-vacuum: { targets: [nightly] }'),
    'TARGET_KIND_MISMATCH mine.yaml:9:38 procedures.daily.tasks[0].postgres-vacuum.targets[0]: "nightly" is one of backups, and postgres-vacuum acts on postgres; allowed: main',
  ],
  [
    entry('kubernetes-check-pods'),
    'TARGET_UNKNOWN mine.yaml:9:9 procedures.daily.tasks[0]: acts on kubernetes targets, and environment local has none',
  ],
  [
    entry('postgres-terminate-sessions'),
    'CFG_MISSING mine.yaml:9:9 procedures.daily.tasks[0]: needs settings: write "- postgres-terminate-sessions: { targets: … }"; a destructive task acts on targets that are named',
  ],
  [
    entry('postgres-terminate-sessions: {}'),
    'CFG_MISSING mine.yaml:9:9 procedures.daily.tasks[0].postgres-terminate-sessions.targets: missing: the postgres targets to act on; must be named',
  ],
  [
    entry('backups-verify'),
    'CFG_MISSING mine.yaml:9:9 procedures.daily.tasks[0]: needs settings: write "- backups-verify: { maxAge: … }"',
  ],
  [
    entry('backups-verify:\n        maxAge: 8h'),
    'CFG_UNKNOWN_KEY mine.yaml:10:9 procedures.daily.tasks[0].maxAge: a setting of backups-verify; indent it deeper than backups-verify',
  ],
  [
    entry('parallel: [{ postgres-vacuum: { required: true } }]'),
    'CFG_UNKNOWN_KEY mine.yaml:9:41 procedures.daily.tasks[0].parallel[0].postgres-vacuum.required: not allowed inside parallel: a group never ends a run',
  ],
  [
    entry('parallel: [{ parallel: [postgres-vacuum] }]'),
    'CFG_UNKNOWN_KEY mine.yaml:9:22 procedures.daily.tasks[0].parallel[0].parallel: a group cannot hold a group; list its tasks beside the others',
  ],
  [
    entry('{ postgres-vacuum: {}, postgres-analyze: {} }'),
    'CFG_VALUE mine.yaml:9:9 procedures.daily.tasks[0]: needs exactly one task; give each its own - in the list',
  ],
  [
    procedureWith('budget: 30m', '[]'),
    'CFG_RANGE mine.yaml:8:12 procedures.daily.tasks: too short, found a list of 0; allowed: at least 1 entry',
  ],
  [
    'platform: Shop\ntargets: { hosts: { all: { tag: a=b } } }\nprocedures: {}\n',
    'CFG_VALUE mine.yaml:1:11 platform: must be lower-case letters, digits and hyphens, and begin with a letter, found "Shop"',
    'CFG_NO_TASKS mine.yaml:3:13 procedures: holds no procedure; leave it out to plan `daily` of platforms/default.yaml',
  ],
  [
    'platform: shop\ntargets: { postgress: { main: { url: env:DB } } }\n',
    `CFG_UNKNOWN_KEY mine.yaml:2:12 targets.postgress: unknown key; did you mean "postgres"? allowed: ${KINDS}`,
  ],
  [
    'platform: shop\ntargets: { hosts: { all: { tag: a=b } } }\n',
    'CFG_NO_TASKS mine.yaml:2:1 targets: no task of platforms/default.yaml looks at these targets; write procedures, found hosts',
  ],
  ['platform: shop\n', 'CFG_MISSING mine.yaml:1:1 targets: missing: targets, or environments with targets in each'],
];

test.each(REFUSED.map(([text, ...lines]) => ({ text, lines, said: lines.join(' + ') })))(
  'says $said',
  async ({ text, lines }) => {
    expect(await linesOn(text)).toEqual(lines);
  },
);
