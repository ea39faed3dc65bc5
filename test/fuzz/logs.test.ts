import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { RE2JS } from 're2js';
import { Temporal } from 'temporal-polyfill';
import { parseAuthLine } from '../../lambdas/tasks/logs/_auth-line.ts';
import { networkOf } from '../../lambdas/tasks/logs/_login-address.ts';
import { familyOf, isOfLogins, loginEvent, multiplied, patternEvent } from '../../lambdas/tasks/logs/_login-event.ts';
import { LoginTally } from '../../lambdas/tasks/logs/_login-tally.ts';
import { epochMs, TimestampReader } from '../../lambdas/tasks/logs/_timestamp.ts';
import { anyText, holds } from './property.ts';

const WRITTEN = Date.parse('2026-11-21T12:00:00Z');

const readerIn = (timezone: string) => new TimestampReader({ timezone, writtenMs: WRITTEN });

const lately = fc.date({ min: new Date('2026-01-02'), max: new Date(WRITTEN), noInvalidDate: true });

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'] as const;

test('the time of a line is read as it was written, with an offset, without one, and without a year', () => {
  const offset = fc.integer({ min: -14 * 60, max: 14 * 60 });
  const two = (value: number) => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  holds(
    fc.property(lately, offset, fc.constantFrom(...ZONES), fc.constantFrom('T', ' '), (at, minutes, zone, mark) => {
      const ms = Math.floor(at.getTime() / 1_000) * 1_000;
      const sign = minutes < 0 ? '-' : '+';
      const shifted = new Date(ms + minutes * 60_000).toISOString().slice(0, 19).replace('T', mark);
      const written = `${shifted}${sign}${two(minutes / 60)}:${two(minutes % 60)}`;
      expect(readerIn(zone).read(`${written} host`)?.atMs).toBe(ms);

      const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toPlainDateTime();
      const first = local.toZonedDateTime(zone).epochMilliseconds;
      const wall = local.toString({ smallestUnit: 'second' });
      expect(readerIn(zone).read(`${wall} host`)?.atMs).toBe(first);
      const bsd = `${MONTHS[local.month - 1]} ${String(local.day).padStart(2, ' ')} ${wall.slice(11)} host`;
      expect(readerIn(zone).read(bsd)).toMatchObject({ atMs: first, isYearless: true });
    }),
    200,
  );
});

test('what is no time of the calendar is no time', () => {
  const digits = (most: number, width: number) => fc.nat(most).map((value) => String(value).padStart(width, '0'));
  const parts = fc.tuple(digits(2_100, 4), digits(14, 2), digits(33, 2), digits(26, 2), digits(62, 2), digits(62, 2));
  const zone = fc
    .tuple(fc.constantFrom('+', '-'), digits(99, 2), digits(99, 2))
    .map(([sign, h, m]) => `${sign}${h}:${m}`);
  holds(
    fc.property(parts, fc.oneof(fc.constant('Z'), zone), ([year, month, day, hour, minute, second], place) => {
      const text = `${year}-${month}-${day}T${hour}:${minute}:${second}${place}`;
      const read = readerIn('UTC').read(text)?.atMs;
      // A leap second is the first of the next minute, to the one who asks when it was.
      const meant = instantOf(text.replace(/:60([Z+-])/, ':59$1'));
      expect(read).toBe(meant === undefined ? undefined : meant + (second === '60' ? 1_000 : 0));
    }),
    400,
    {
      examples: [
        [['0026', '03', '01', '02', '00', '00'], 'Z'],
        [['2026', '03', '01', '02', '00', '00'], '+99:00'],
      ],
    },
  );
});

function instantOf(text: string): number | undefined {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}

test('a number is a time in the unit in which it lies near ours', () => {
  holds(
    fc.property(lately, fc.constantFrom(1_000, 1, 1e-3, 1e-6), (at, unitMs) => {
      expect(epochMs(at.getTime() / unitMs)).toBeCloseTo(at.getTime(), 0);
    }),
  );
  holds(
    fc.property(fc.double(), (value) => {
      const ms = epochMs(value);
      expect(ms === undefined || ms > 0).toBe(true);
    }),
  );
});

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('bastion.example', 'UNKNOWN', '::ffff:10.1.2.3', 'fe80::1%eth0'),
);

const user = fc.oneof(
  fc.constantFrom('root', 'app'),
  fc.stringMatching(/^[a-z]{1,12}$/),
  anyText.map((text) => text.replace(/[\n\r\0]/g, '')),
);

test('a failed login is found whatever name was tried, and its address is the one of the connection', () => {
  holds(
    fc.property(user, fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(65_535), (name, from, port) => {
      const text = `Failed password for invalid user ${name} from ${from} port ${port} ssh2`;
      expect(loginEvent({ program: 'sshd', text })).toMatchObject({
        kind: 'failure',
        count: 1,
        user: name,
        address: from,
      });
      const line = `2026-11-21T11:00:00Z web1 sshd[4711]: ${text}`;
      const parsed = parseAuthLine(line, readerIn('UTC'));
      expect(parsed).toMatchObject({ host: 'web1', program: 'sshd', pid: '4711' });
      expect(parsed.text).toBe(text);
      expect(parsed.atMs).toBe(Date.parse('2026-11-21T11:00:00Z'));
    }),
    200,
    { examples: [['x from 9.9.9.9 port 1 ssh2', '1.2.3.4', 22]] },
  );
});

const program = fc.oneof(fc.constantFrom('sshd', 'sshd-session', 'sudo', 'su', 'login', 'cron'), anyText);

const START = fc.constantFrom(
  'Failed password for ',
  'message repeated 9 times: [ ',
  'pam_unix(sshd:auth): ',
  'Accepted publickey for ',
  '',
);

test('any line of a log is read without an error, and counts as no more attempts than one line can tell of', () => {
  holds(
    fc.property(
      program,
      START,
      anyText,
      fc.constantFrom('{', '<34>1 ', 'Nov 21 11:00:00 h ', '\0\0', ''),
      (name, start, rest, before) => {
        const text = `${start}${rest}`;
        const event = loginEvent({ program: name, text });
        if (event && 'count' in event) expect(event.count).toBeLessThanOrEqual(999_999 * 999);
        expect(typeof isOfLogins({ program: name, text })).toBe('boolean');
        expect(familyOf(familyOf(name))).toBe(familyOf(name));
        const parsed = parseAuthLine(`${before}${text}`, readerIn('UTC'));
        expect(parsed.atMs === undefined || Number.isFinite(parsed.atMs)).toBe(true);
        expect(parsed.text.length).toBeLessThanOrEqual(before.length + text.length);
      },
    ),
    400,
    {
      examples: [
        [
          'sshd',
          '',
          `${'message repeated 999999 times: [ '.repeat(3)}Failed password for a from 1.2.3.4 port 1]]]`,
          '',
        ],
      ],
    },
  );
});

test('a line in JSON is read by its own fields, those that every object has excepted', () => {
  const fields = fc.dictionary(
    fc.constantFrom(
      'MESSAGE',
      'message',
      '_COMM',
      '__REALTIME_TIMESTAMP',
      'hostname',
      '_PID',
      'constructor',
      '__proto__',
      'time',
    ),
    fc.oneof(anyText, fc.integer(), fc.constant(null), fc.array(fc.nat(255)), fc.dictionary(anyText, anyText)),
  );
  holds(
    fc.property(fields, (given) => {
      const line = JSON.stringify(given);
      const parsed = parseAuthLine(line, readerIn('UTC'));
      expect(parsed.afterTime).toBe(line);
      for (const text of [parsed.text, parsed.host, parsed.program ?? '', parsed.pid ?? ''])
        expect(typeof text).toBe('string');
      if (typeof given['MESSAGE'] === 'string' && given['MESSAGE'] !== '') {
        expect(parsed.text).toBe(given['MESSAGE'].replace(/\r?\n$/, ''));
      }
    }),
    200,
  );
});

test('an IPv6 address counts under its /64, an IPv4 address under itself in each of its forms', () => {
  holds(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), fc.nat(0xffff), (given, end) => {
      if (!given.includes(':')) {
        expect(networkOf(given)).toBe(given);
        expect(networkOf(`::ffff:${given}`)).toBe(given);
        return;
      }
      const ip = ipaddr.IPv6.parse(given);
      if (ip.isIPv4MappedAddress()) return;
      const parts = ip.parts.slice(0, 4).map((part) => part.toString(16));
      expect(networkOf(given)).toBe(`${parts.join(':')}::/64`);
      const neighbour = new ipaddr.IPv6([...ip.parts.slice(0, 7), end]).toNormalizedString();
      expect(networkOf(neighbour)).toBe(networkOf(given));
    }),
    300,
  );
});

test('no attempt is lost or counted twice: failures add up, whoever they came from and whatever a crash repeats', () => {
  const attempt = fc.record({
    user,
    address,
    second: fc.nat(599),
    isAccount: fc.boolean(),
    count: fc.integer({ min: 1, max: 5 }),
  });
  const window = { fromMs: WRITTEN - 600_000, untilMs: WRITTEN };
  const line = { isYearless: false, host: 'web1', program: 'sshd', text: '', afterTime: '' };
  holds(
    fc.property(fc.array(attempt, { maxLength: 30 }), fc.nat(30), (attempts, lost) => {
      const tally = new LoginTally(window, { suspiciousAfter: 5 });
      const inOrder = attempts.toSorted((a, b) => a.second - b.second);
      const take = (one: (typeof attempts)[number]) => {
        const { second, ...event } = one;
        tally.take(line, { kind: 'failure', ...event }, window.fromMs + second * 1_000);
      };
      inOrder.forEach((one, place) => {
        const before = tally.snapshot();
        take(one);
        if (place !== lost) return;
        tally.restore(before);
        take(one);
      });
      const { failures, busiest, burst } = tally.summary();
      const sum = attempts.reduce((total, { count }) => total + count, 0);
      expect(failures).toBe(sum);
      expect(busiest.reduce((total, one) => total + one.failures, 0)).toBe(sum);
      const inMinute = attempts.map(({ second }) =>
        attempts
          .filter((one) => one.second <= second && one.second > second - 60)
          .reduce((total, { count }) => total + count, 0),
      );
      expect(burst.failures).toBe(Math.max(0, ...inMinute));
    }),
    100,
  );
});

test('a pattern of the profile gives a name and an address only from where it matches', () => {
  holds(
    fc.property(anyText, anyText, (text, name) => {
      const event = patternEvent(RE2JS.compile('denied (?P<user>\\S*)'), {
        isYearless: false,
        host: '',
        text,
        afterTime: `denied ${name}`,
      });
      expect(event === undefined || ('count' in event && event.count === 1)).toBe(true);
      expect(multiplied(event, 3)).toEqual(event && { ...event, count: 3 });
    }),
    100,
  );
});
