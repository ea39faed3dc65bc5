/** A mistake in a profile, and every line that a person reads of it. */
export interface ProfileMessage {
  readonly mistake: string;
  readonly text: string;
  readonly says: readonly string[];
}

export const HEAD = `platform: shop
targets:
  postgres: { main: { url: secret:shop/db } }
  logs: { app: { url: file:///var/log/shop/ } }
`;

/** The head with a procedure in which one line is written on line 7. */
function daily(line: string): string {
  return `${HEAD}procedures:\n  daily:\n    ${line}\n    tasks: [postgres-vacuum]\n`;
}

/** The head with a procedure whose only entry is written on line 8. */
function entry(settings: string): string {
  return `${HEAD}procedures:\n  daily:\n    tasks:\n      - ${settings}\n`;
}

const ENTRY = 'mine.yaml:8:47 procedures.daily.tasks[0].logs-enforce-retention';
const BUDGET = 'mine.yaml:7:13 procedures.daily.budget:';
const WINDOW = 'mine.yaml:7:13 procedures.daily.window:';
const SCHEDULE = 'mine.yaml:7:15 procedures.daily.schedule:';
const ZONE = 'mine.yaml:7:15 procedures.daily.timezone: timezone';
const FROM = 'mine.yaml:5:19 freezes[0].from:';
const WRITTEN = 'write it as 30m, 1h30m or 14d [CFG_DURATION]';
const INSTANT = 'must be an instant with its offset: 2026-12-24T00:00:00Z';

export const PROFILE_MESSAGES: readonly ProfileMessage[] = [
  ...(
    [
      ['a cap of nothing', 'maxChanges: 0', 'maxChanges: too small, found 0; allowed: at least 1 [CFG_RANGE]'],
      ['a negative cap', 'maxChanges: -1', 'maxChanges: too small, found -1; allowed: at least 1 [CFG_RANGE]'],
      ['half a change', 'maxChanges: 1.5', 'maxChanges: wrong type, found 1.5; allowed: a whole number [CFG_TYPE]'],
      ['a cap without a limit', 'maxChanges: .inf', 'maxChanges: .inf is no number that can be compared [CFG_NUMBER]'],
      ['a cap above everything', 'maxPercent: 101%', 'maxPercent: "101%" is not a share; write it as 30% [CFG_VALUE]'],
      ['a negative share', 'maxPercent: -5%', 'maxPercent: "-5%" is not a share; write it as 30% [CFG_VALUE]'],
      [
        'a share of nothing',
        'maxPercent: 0%',
        'maxPercent: must be above 0%; leave the task out to change nothing, found "0%" [CFG_VALUE]',
      ],
      [
        'a share between 0 and 1',
        'maxPercent: 0.5',
        'maxPercent: wrong type, found 0.5; allowed: text (The largest share of the logs or log groups of a target that one run may change) [CFG_TYPE]',
      ],
    ] as const
  ).map(([mistake, setting, says]) => ({
    mistake,
    text: entry(`logs-enforce-retention: { ${setting} }`),
    says: [`${ENTRY}.${says}`],
  })),
  ...(
    [
      [
        '5',
        `${BUDGET} wrong type, found 5; allowed: text (How long a run may take: 30m, 1h30m; 30m by default) [CFG_TYPE]`,
      ],
      ['5m30', `${BUDGET} "5m30" is not a duration; ${WRITTEN}`],
      ['-1h', `${BUDGET} "-1h" is not a duration; ${WRITTEN}`],
      ['P1M', `${BUDGET} "P1M" is not a duration; ${WRITTEN}`],
      ['0m', `${BUDGET} "0m" is not a duration; ${WRITTEN}`],
      ['1.5h', `${BUDGET} "1.5h" is not a duration; ${WRITTEN}`],
      ["''", `${BUDGET} "" is not a duration; ${WRITTEN}`],
    ] as const
  ).map(([budget, says]) => ({ mistake: `the duration ${budget}`, text: daily(`budget: ${budget}`), says: [says] })),
  ...(
    [
      [
        '0 2 * * 0',
        '"0 2 * * 0" is not a schedule; write cron(minutes hours day-of-month month day-of-week year) or rate(5 minutes); did you mean cron(0 2 ? * SUN *)',
      ],
      [
        'cron(0 2 * * 0)',
        'AWS cron has six fields, minutes hours day-of-month month day-of-week year; found 5 in "cron(0 2 * * 0)"; did you mean cron(0 2 ? * SUN *)',
      ],
      [
        'cron(0 2 * * * *)',
        'exactly one of day-of-month and day-of-week must be ?; found "*" and "*"; found in "cron(0 2 * * * *)"; did you mean cron(0 2 * * ? *)',
      ],
      [
        'cron(0 2 ? * 0 *)',
        'day-of-week "0" is out of range; allowed are 1-7 or SUN-SAT, 1 is SUN; did you mean 1 or SUN; found in "cron(0 2 ? * 0 *)"',
      ],
      [
        'cron(0 2 ? * 8 *)',
        'day-of-week "8" is out of range; allowed are 1-7 or SUN-SAT, 1 is SUN; found in "cron(0 2 ? * 8 *)"',
      ],
      [
        'cron(0 2 ? * SUN#6 *)',
        'day-of-week "SUN#6" never comes; after # are 1-5, 1L is the last SUN; found in "cron(0 2 ? * SUN#6 *)"',
      ],
      ['cron(0 2 32 * ? *)', 'day-of-month "32" is out of range; allowed are 1-31; found in "cron(0 2 32 * ? *)"'],
      ['cron(0 2 30 FEB ? *)', '"cron(0 2 30 FEB ? *)" never fires: no month and year that it names has such a day'],
      ['rate(0 days)', '"rate(0 days)" is out of range; allowed are 1 minute to 3650 days'],
      ['rate(1 hours)', '"rate(1 hours)" is not how AWS counts; did you mean rate(1 hour)'],
      [
        'rate(5 weeks)',
        '"rate(5 weeks)" cannot be read; allowed are such as rate(1 minute), rate(12 hours), rate(7 days)',
      ],
      ['cron(0 2 1 1 ? 2200)', 'year "2200" is out of range; allowed are 1970-2199; found in "cron(0 2 1 1 ? 2200)"'],
    ] as const
  ).map(([schedule, says]) => ({
    mistake: `the schedule ${schedule}`,
    text: daily(`schedule: ${schedule}`),
    says: [`${SCHEDULE} ${says} [CFG_SCHEDULE]`],
  })),
  {
    mistake: 'a schedule that comes once in four years',
    text: daily('schedule: cron(0 2 29 FEB ? *)'),
    says: [
      `${SCHEDULE} cron(0 2 29 FEB ? *) has no occurrence in the 13 months from 2026-11-21 00:00 UTC; the next is 2028-02-29 02:00 UTC [CFG_CALENDAR]`,
    ],
  },
  {
    mistake: 'a schedule that is over',
    text: daily('schedule: cron(0 2 1 1 ? 2020)'),
    says: [
      `${SCHEDULE} cron(0 2 1 1 ? 2020) has no occurrence in the 13 months from 2026-11-21 00:00 UTC, and none after [CFG_CALENDAR]`,
    ],
  },
  ...(
    [
      ['Europe/Berln', 'is no IANA name; write UTC or an IANA name such as Europe/Berlin'],
      ['EST5EDT', 'is no IANA name; write UTC or an IANA name such as Europe/Berlin; did you mean America/New_York'],
      ['UTC+2', 'is an offset, which knows no summer time; write UTC or an IANA name such as Europe/Berlin'],
      ['berlin', 'is no IANA name; write UTC or an IANA name such as Europe/Berlin; did you mean Europe/Berlin'],
    ] as const
  ).map(([zone, says]) => ({
    mistake: `the time zone ${zone}`,
    text: daily(`timezone: ${zone}`),
    says: [`${ZONE} "${zone}" ${says} [TZ_UNKNOWN]`],
  })),
  {
    mistake: 'a window that is empty',
    text: daily('window: 02:00-02:00'),
    says: [
      `${WINDOW} window "02:00-02:00" is empty, for its ends are equal; leave the window out to be always open [CFG_WINDOW]`,
    ],
  },
  {
    mistake: 'a window in words',
    text: daily('window: 2am to 4am'),
    says: [
      `${WINDOW} window "2am to 4am" cannot be read; allowed are such as 02:00-04:00, or 22:00-02:00 over midnight [CFG_WINDOW]`,
    ],
  },
  ...(
    [
      ['a day without a zone', '2026-12-24', `${FROM} ${INSTANT}, found "2026-12-24" [CFG_VALUE]`],
      ['seconds since 1970', '1735000000', `${FROM} wrong type, found 1735000000; allowed: text in quotes [CFG_TYPE]`],
      [
        'a day that does not exist',
        '2026-02-30T00:00:00Z',
        `${FROM} ${INSTANT}, found "2026-02-30T00:00:00Z" [CFG_VALUE]`,
      ],
    ] as const
  ).map(([mistake, from, says]) => ({
    mistake,
    text: `${HEAD}freezes: [{ from: ${from}, to: 2026-12-27T00:00:00Z, reason: Christmas }]\n`,
    says: [says],
  })),
  {
    mistake: 'a procedure that stands twice',
    text: `${HEAD}procedures:\n  daily: { tasks: [postgres-vacuum] }\n  daily: { tasks: [postgres-analyze] }\n`,
    says: ['mine.yaml:7:3 procedures.daily: the same key stands here already: line 6, column 3 [CFG_DUPLICATE_ID]'],
  },
  {
    mistake: 'a merge key',
    text: `${HEAD}people: &a { team: [ann] }\nnotify: { <<: *a }\n`,
    says: ['mine.yaml:6:11 notify["<<"]: YAML 1.2 has no merge keys; write the keys out [CFG_YAML]'],
  },
  {
    mistake: 'a type of Python',
    text: `${HEAD}people: !!python/object:os.system [ls]\n`,
    says: [
      'mine.yaml:5:9 not valid here as YAML: Unresolved tag: tag:yaml.org,2002:python/object:os.system [CFG_YAML]',
    ],
  },
  {
    mistake: 'nothing but comments',
    text: '# nothing\n# here\n',
    says: ['mine.yaml:1:1 the file is empty; begin with platform: <name> [CFG_MISSING]'],
  },
  {
    mistake: 'a kind of target without any target',
    text: 'platform: shop\ntargets: { postgres: {} }\n',
    says: [
      'mine.yaml:2:1 targets: no task of platforms/default.yaml looks at these targets; write procedures, found nothing [CFG_NO_TASKS]',
    ],
  },
  {
    mistake: 'a target whose name has a capital',
    text: 'platform: shop\ntargets: { endpoints: { Web: { url: "https://h/" } } }\n',
    says: [
      'mine.yaml:2:25 targets.endpoints.Web: must be lower-case letters, digits, dots, hyphens or underscores [CFG_NAME]',
    ],
  },
  {
    mistake: 'no name of the platform',
    text: 'targets: { postgres: { main: { url: env:DB } } }\n',
    says: [
      'mine.yaml:1:1 platform: missing: the name of the platform, part of the name of everything in its account [CFG_MISSING]',
    ],
  },
];

const STANDS = 'stands here; put it into a secret and write secret:…, env:… or file:… [CFG_SECRET_INLINE]';
const TEAM = 'mine.yaml:5:18 people.team[0]:';
const team = (member: string) => `${HEAD}people: { team: [${member}] }\n`;

/** Secrets where no secret is looked for; each text holds `secret`, and nothing that is said may. */
export const SECRET_MESSAGES: readonly (ProfileMessage & { readonly secret: string })[] = [
  ...(
    [
      ['an AWS access key', 'AKIAIOSFODNN7EXAMPLE'],
      ['an AWS access key', 'ASIAIOSFODNN7EXAMPLE'],
      ['a GitHub token', `ghp_${'a1B2'.repeat(9)}`],
      ['a GitLab token', `glpat-${'a1B2'.repeat(5)}`],
      ['a Slack token', 'xoxb-123456789012-abcdefghijkl'],
      ['a Stripe key', `sk_live_${'a1B2'.repeat(6)}`],
      ['a Google API key', `AIza${'a1B2c'.repeat(7)}`],
      ['an npm token', `npm_${'a1B2'.repeat(9)}`],
      ['a JSON Web Token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl'],
      ['an address with its password', 'https://ann:sesame@host/'],
    ] as const
  ).map(([what, secret]) => ({
    mistake: `${what} among people`,
    text: team(`"${secret}"`),
    secret,
    says: [`${TEAM} ${what} ${STANDS}`],
  })),
  {
    mistake: 'a private key',
    text: `${HEAD}people:\n  team:\n    - |\n      -----BEGIN RSA PRIVATE KEY-----\n      MIIEsesame\n      -----END RSA PRIVATE KEY-----\n`,
    secret: 'MIIEsesame',
    says: [`mine.yaml:7:7 people.team[0]: a private key ${STANDS}`],
  },
  {
    mistake: 'an AWS access key as a key',
    text: `${HEAD}people: { AKIAIOSFODNN7EXAMPLE: [ann] }\n`,
    secret: 'AKIAIOSFODNN7EXAMPLE',
    says: [
      'mine.yaml:5:11 people["[redacted]"]: must be lower-case letters, digits and hyphens, and begin with a letter [CFG_NAME]',
      `mine.yaml:5:11 people["[redacted]"]: an AWS access key ${STANDS}`,
    ],
  },
  {
    mistake: 'an AWS access key in a comment',
    text: `${HEAD}# was: AKIAIOSFODNN7EXAMPLE\n`,
    secret: 'AKIAIOSFODNN7EXAMPLE',
    says: [
      'mine.yaml:5:8 an AWS access key stands in a comment; remove it, and replace it where it is valid [CFG_SECRET_INLINE]',
    ],
  },
];
