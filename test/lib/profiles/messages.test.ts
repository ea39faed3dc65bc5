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
    'mine.yaml:7:5 procedures.daily.vaccum: unknown key; allowed: schedule, timezone, startedBy, window, budget, tasks [CFG_UNKNOWN_KEY]',
  ],
  [
    procedureWith('windw: 02:00-04:00'),
    'mine.yaml:7:5 procedures.daily.windw: unknown key; did you mean "window"? allowed: schedule, timezone, startedBy, window, budget, tasks [CFG_UNKNOWN_KEY]',
  ],
  [
    procedureWith('budget: 30'),
    'mine.yaml:7:13 procedures.daily.budget: wrong type, found 30; allowed: text (How long a run may take: 30m, 1h30m; 30m by default) [CFG_TYPE]',
  ],
  [
    procedureWith('budget: 5m30'),
    'mine.yaml:7:13 procedures.daily.budget: "5m30" is not a duration; write it as 30m, 1h30m or 14d [CFG_DURATION]',
  ],
  [
    procedureWith('schedule: cron(0 2 * * *)'),
    'mine.yaml:7:15 procedures.daily.schedule: AWS cron has six fields, minutes hours day-of-month month day-of-week year; found 5 in "cron(0 2 * * *)"; did you mean cron(0 2 * * ? *) [CFG_SCHEDULE]',
  ],
  [
    procedureWith('window: 02:00-26:00'),
    'mine.yaml:7:13 procedures.daily.window: window "02:00-26:00" is out of range; hours are 00-23 and minutes 00-59 [CFG_WINDOW]',
  ],
  [
    procedureWith('window: 02:00-02:10'),
    'mine.yaml:7:13 procedures.daily.window: the window is open for 10m, which is shorter than the budget of 30m [CFG_WINDOW_TOO_SHORT]',
  ],
  [
    procedureWith('schedule: cron(0 5 * * ? *)\n    window: 02:00-04:00'),
    'mine.yaml:7:15 procedures.daily.schedule: cron(0 5 * * ? *) is due 2026-11-21 05:00 UTC, outside its window 02:00-04:00 [CFG_CALENDAR]',
  ],
  [
    procedureWith('timezone: UTC+2'),
    'mine.yaml:7:15 procedures.daily.timezone: timezone "UTC+2" is an offset, which knows no summer time; write UTC or an IANA name such as Europe/Berlin [TZ_UNKNOWN]',
  ],
  [
    entry('postgres-vacum'),
    `mine.yaml:9:9 procedures.daily.tasks[0]: unknown task, found "postgres-vacum"; did you mean "postgres-vacuum"? allowed: ${TASKS} [CFG_UNKNOWN_TASK]`,
  ],
  [
    entry('vacuum: {}'),
    `mine.yaml:9:9 procedures.daily.tasks[0].vacuum: unknown task; did you mean "postgres-vacuum"? allowed: ${TASKS} [CFG_UNKNOWN_TASK]`,
  ],
  [
    entry('7'),
    'mine.yaml:9:9 procedures.daily.tasks[0]: not a task, found 7; allowed: a task, a task with its settings [CFG_TYPE]',
  ],
  [
    entry('postgres-vacuum: { order: odlest }'),
    'mine.yaml:9:35 procedures.daily.tasks[0].postgres-vacuum.order: not one of the allowed words, found "odlest"; did you mean "oldest"? allowed: oldest, largest [CFG_VALUE]',
  ],
  [
    entry('postgres-vacuum: { capTables: 0 }'),
    'mine.yaml:9:39 procedures.daily.tasks[0].postgres-vacuum.capTables: too small, found 0; allowed: at least 1 [CFG_RANGE]',
  ],
  [
    entry('postgres-vacuum: { capTables: "5" }'),
    'mine.yaml:9:39 procedures.daily.tasks[0].postgres-vacuum.capTables: wrong type, found "5"; allowed: a number [CFG_TYPE]',
  ],
  [
    entry('postgres-vacuum: { timeoutSeconds: 400 }'),
    'mine.yaml:9:44 procedures.daily.tasks[0].postgres-vacuum.timeoutSeconds: too large, found 400; allowed: at most 300 [CFG_RANGE]',
  ],
  [
    entry('postgres-vacuum: { targets: [] }'),
    'mine.yaml:9:37 procedures.daily.tasks[0].postgres-vacuum.targets: names no target [TARGET_EMPTY]',
  ],
  [
    entry('postgres-vacuum: { targets: [mian] }'),
    'mine.yaml:9:38 procedures.daily.tasks[0].postgres-vacuum.targets[0]: environment local has no postgres target "mian"; did you mean "main"? allowed: main [TARGET_UNKNOWN]',
  ],
  [
    entry('postgres-vacuum: { targets: [nightly] }'),
    'mine.yaml:9:38 procedures.daily.tasks[0].postgres-vacuum.targets[0]: "nightly" is one of backups, and postgres-vacuum acts on postgres; allowed: main [TARGET_KIND_MISMATCH]',
  ],
  [
    entry('kubernetes-check-pods'),
    'mine.yaml:9:9 procedures.daily.tasks[0]: acts on kubernetes targets, and environment local has none [TARGET_UNKNOWN]',
  ],
  [
    entry('postgres-terminate-sessions'),
    'mine.yaml:9:9 procedures.daily.tasks[0]: needs settings: write "- postgres-terminate-sessions: { targets: … }"; a destructive task acts on targets that are named [CFG_MISSING]',
  ],
  [
    entry('postgres-terminate-sessions: {}'),
    'mine.yaml:9:9 procedures.daily.tasks[0].postgres-terminate-sessions.targets: missing: the postgres targets to act on; must be named [CFG_MISSING]',
  ],
  [
    entry('backups-verify'),
    'mine.yaml:9:9 procedures.daily.tasks[0]: needs settings: write "- backups-verify: { maxAge: … }" [CFG_MISSING]',
  ],
  [
    entry('backups-verify:\n        maxAge: 8h'),
    'mine.yaml:10:9 procedures.daily.tasks[0].maxAge: a setting of backups-verify; indent it deeper than backups-verify [CFG_UNKNOWN_KEY]',
  ],
  [
    entry('parallel: [{ postgres-vacuum: { required: true } }]'),
    'mine.yaml:9:41 procedures.daily.tasks[0].parallel[0].postgres-vacuum.required: not allowed inside parallel: a group never ends a run [CFG_UNKNOWN_KEY]',
  ],
  [
    entry('parallel: [{ parallel: [postgres-vacuum] }]'),
    'mine.yaml:9:22 procedures.daily.tasks[0].parallel[0].parallel: a group cannot hold a group; list its tasks beside the others [CFG_UNKNOWN_KEY]',
  ],
  [
    entry('{ postgres-vacuum: {}, postgres-analyze: {} }'),
    'mine.yaml:9:9 procedures.daily.tasks[0]: needs exactly one task; give each its own - in the list [CFG_VALUE]',
  ],
  [
    procedureWith('budget: 30m', '[]'),
    'mine.yaml:8:12 procedures.daily.tasks: too short, found a list of 0; allowed: at least 1 entry [CFG_RANGE]',
  ],
  [
    'platform: Shop\ntargets: { hosts: { all: { tag: a=b } } }\nprocedures: {}\n',
    'mine.yaml:1:11 platform: must be lower-case letters, digits and hyphens, and begin with a letter, found "Shop" [CFG_VALUE]',
    'mine.yaml:3:13 procedures: holds no procedure; leave it out to plan `daily` of platforms/default.yaml [CFG_NO_TASKS]',
  ],
  [
    'platform: shop\ntargets: { postgress: { main: { url: env:DB } } }\n',
    `mine.yaml:2:12 targets.postgress: unknown key; did you mean "postgres"? allowed: ${KINDS} [CFG_UNKNOWN_KEY]`,
  ],
  [
    'platform: shop\ntargets: { hosts: { all: { tag: a=b } } }\n',
    'mine.yaml:2:1 targets: no task of platforms/default.yaml looks at these targets; write procedures, found hosts [CFG_NO_TASKS]',
  ],
  ['platform: shop\n', 'mine.yaml:1:1 targets: missing: targets, or environments with targets in each [CFG_MISSING]'],
];

test.each(REFUSED.map(([text, ...lines]) => ({ text, lines, said: lines.join(' + ') })))(
  'says $said',
  async ({ text, lines }) => {
    expect(await linesOn(text)).toEqual(lines);
  },
);
