import { describe, expect, test } from '@jest/globals';
import { RE2JS } from 're2js';
import { parseAuthLine } from '../../../../lambdas/tasks/logs/_auth-line.ts';
import { isOfLogins, loginEvent, patternEvent } from '../../../../lambdas/tasks/logs/_login-event.ts';
import { networkOf } from '../../../../lambdas/tasks/logs/_login-address.ts';
import { TimestampReader } from '../../../../lambdas/tasks/logs/_timestamp.ts';

const AT = Date.parse('2026-11-21T02:00:01Z');

function parse(line: string, timezone = 'UTC') {
  return parseAuthLine(line, new TimestampReader({ timezone, writtenMs: Date.parse('2026-11-21T12:00:00Z') }));
}

const SAID = 'Failed password for root from 203.0.113.9 port 40022 ssh2';
const MICROSECONDS = String(AT * 1_000);

test.each([
  ['RFC 3164', `Nov 21 02:00:01 web1 sshd[42]: ${SAID}`],
  ['RFC 3164 with priority', `<38>Nov 21 02:00:01 web1 sshd[42]: ${SAID}`],
  ['RFC 3164 with a year', `Nov 21 2026 02:00:01 web1 sshd[42]: ${SAID}`],
  ['a path of the program', `Nov 21 02:00:01 web1 /usr/sbin/sshd[42]: ${SAID}`],
  ['RFC 3339 of rsyslog', `2026-11-21T03:00:01.000000+01:00 web1 sshd[42]: ${SAID}`],
  ['journalctl -o short-iso', `2026-11-20T22:00:01-0400 web1 sshd[42]: ${SAID}`],
  ['RFC 5424', `<38>1 2026-11-21T02:00:01Z web1 sshd 42 - - ${SAID}`],
  ['RFC 5424 with data', `<38>1 2026-11-21T02:00:01.0Z web1 sshd 42 ID7 [a@1 k="]x\\]"] \uFEFF${SAID}`],
  ['CR LF', `Nov 21 02:00:01 web1 sshd[42]: ${SAID}\r`],
  ['zeros of a crash', `\0\0\0Nov 21 02:00:01 web1 sshd[42]: ${SAID}`],
  [
    'journald',
    JSON.stringify({
      __REALTIME_TIMESTAMP: MICROSECONDS,
      _HOSTNAME: 'web1',
      SYSLOG_IDENTIFIER: 'sshd',
      _PID: '42',
      MESSAGE: SAID,
    }),
  ],
  [
    'journald with bytes',
    JSON.stringify({
      __REALTIME_TIMESTAMP: MICROSECONDS,
      _HOSTNAME: 'web1',
      _COMM: 'sshd',
      _PID: '42',
      MESSAGE: [...Buffer.from(SAID)],
    }),
  ],
  [
    'JSON of rsyslog',
    JSON.stringify({
      timestamp: '2026-11-21T02:00:01Z',
      host: 'web1',
      program: 'sshd',
      procid: 42,
      message: `${SAID}\n`,
    }),
  ],
])('reads %s', (_name, line) => {
  expect(parse(line)).toMatchObject({ atMs: AT, host: 'web1', program: 'sshd', pid: '42', text: SAID });
});

test.each([
  ['nothing', 'Failed password for root from 203.0.113.9 port 1 ssh2'],
  ['a day that is none', `Feb 30 02:00:01 web1 sshd[42]: ${SAID}`],
  ['an hour that is none', `2026-11-21T25:00:01Z web1 sshd[42]: ${SAID}`],
  ['JSON that is cut', '{"__REALTIME_TIMESTAMP":"1795226401000000","MESSAGE":"Fai'],
  ['JSON without a time', JSON.stringify({ MESSAGE: SAID })],
  ['JSON that is no object', '["Nov 21 02:00:01"]'],
])('finds no time in %s', (_name, line) => {
  expect(parse(line).atMs).toBeUndefined();
});

test('believes the kernel and not the program about its name', () => {
  const forged = { __REALTIME_TIMESTAMP: MICROSECONDS, SYSLOG_IDENTIFIER: 'sshd', _COMM: 'logger', MESSAGE: SAID };

  expect(loginEvent(parse(JSON.stringify(forged)))).toBeUndefined();
});

const failure = (user: string, isAccount: boolean, address?: string, count = 1) => ({
  kind: 'failure',
  user,
  isAccount,
  count,
  ...(address !== undefined && { address }),
});
const PAM = 'authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9';

describe('a line', () => {
  test.each([
    ['sshd', SAID, failure('root', true, '203.0.113.9')],
    ['sshd-session', SAID, failure('root', true, '203.0.113.9')],
    [
      'sshd',
      'Failed password for invalid user bob from 2001:db8::1 port 22 ssh2',
      failure('bob', false, '2001:db8::1'),
    ],
    ['sshd', 'Failed password for invalid user  from 203.0.113.9 port 22 ssh2', failure('', false, '203.0.113.9')],
    [
      'sshd',
      'Failed keyboard-interactive/pam for root from 203.0.113.9 port 22 ssh2 [preauth]',
      failure('root', true, '203.0.113.9'),
    ],
    [
      'sshd',
      'Failed password for invalid user Failed password for root from 6.6.6.6 port 1 ssh2 from 1.2.3.4 port 22 ssh2',
      failure('Failed password for root from 6.6.6.6 port 1 ssh2', false, '1.2.3.4'),
    ],
    ['sshd', `Failed password for invalid user ${'x'.repeat(980)}`, failure('', false)],
    ['sshd', `message repeated 5 times: [ ${SAID}]`, failure('root', true, '203.0.113.9', 5)],
    [
      'sudo',
      '   alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh',
      failure('alice', true, undefined, 3),
    ],
    ['su', 'FAILED SU (to root) alice on pts/0', failure('root', false)],
    ['su', 'FAILED su for root by alice', failure('root', false)],
    ['login', "FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure", failure('root', false)],
    ['login', 'FAILED LOGIN 2 FROM tty1 FOR bob, Authentication failure', failure('bob', false)],
    ['login', 'FAILED LOGIN 1 FROM 203.0.113.9 FOR bob, Authentication failure', failure('bob', false, '203.0.113.9')],
    [
      'sshd',
      `pam_unix(sshd:auth): ${PAM}  user=root`,
      { ...failure('root', true, '203.0.113.9'), kind: 'echo', source: 'unix' },
    ],
    [
      'sshd',
      `pam_sss(sshd:auth): ${PAM} user=hunter2`,
      { ...failure('hunter2', false, '203.0.113.9'), kind: 'echo', source: 'sss' },
    ],
    [
      'sshd',
      `PAM 2 more ${PAM.replace('failure', 'failures')}`,
      { ...failure('', false, '203.0.113.9', 2), kind: 'echo', source: 'unix' },
    ],
    ['auth', `pam_unix(dovecot:auth): ${PAM}`, { ...failure('', false, '203.0.113.9'), kind: 'echo', source: 'unix' }],
    [
      'gdm-password',
      `pam_unix(gdm-password:auth): ${PAM.replace('203.0.113.9', '')}  user=alice`,
      { ...failure('alice', true), kind: 'echo', source: 'unix' },
    ],
    [
      'sshd',
      'error: PAM: Authentication failure for root from 203.0.113.9',
      { ...failure('root', true, '203.0.113.9'), kind: 'echo', source: 'challenge' },
    ],
    [
      'sudo',
      'pam_sss(sudo:auth): authentication success; logname=a uid=1 euid=0 tty=/dev/pts/0 ruser=a rhost= user=a',
      { kind: 'pardon', user: 'a' },
    ],
    [
      'sshd',
      'Accepted publickey for alice from 203.0.113.9 port 22 ssh2: ED25519 SHA256:x from 6.6.6.6 port 1 ssh2',
      { kind: 'success', user: 'alice', address: '203.0.113.9', method: 'publickey' },
    ],
  ])('of %s counts: %s', (program, text, expected) => {
    expect(loginEvent({ program, text })).toEqual(expected);
  });

  test.each([
    ['shop', SAID],
    ['sshd-proxy', SAID],
    ['', SAID],
    ['constructor', SAID],
    ['sshd', `Invalid user ${SAID} from 1.2.3.4 port 22`],
    ['sshd', `error: ${SAID}`],
    ['sshd', `${SAID} and more`],
    ['sshd', 'Failed publickey for alice from 203.0.113.9 port 22 ssh2: RSA SHA256:x'],
    ['sshd', 'Failed none for invalid user bob from 203.0.113.9 port 22 ssh2'],
    ['sshd', 'error: maximum authentication attempts exceeded for root from 203.0.113.9 port 22 ssh2 [preauth]'],
    ['sudo', 'alice : TTY=pts/0 ; COMMAND=/bin/echo 3 incorrect password attempts ; '],
    ['sudo', 'alice : user NOT in sudoers ; TTY=pts/0'],
    ['su', '(to root) alice on pts/0'],
    ['shop', `pam_unix(sshd:auth): ${PAM}`],
    ['sshd', 'pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)'],
    ['cron', 'pam_unix(cron:account): authentication failure; logname='],
  ])('of %s does not count: %s', (program, text) => {
    expect(loginEvent({ program, text })).toBeUndefined();
  });

  test.each([
    ['sshd', 'Server listening on 0.0.0.0 port 22.', true],
    ['CRON', 'pam_unix(cron:session): session opened', true],
    ['nginx', 'GET / 200', false],
    ['constructor', 'x', false],
  ])('of %s that says "%s" is one of logins: %s', (program, text, expected) => {
    expect(isOfLogins({ program, text })).toBe(expected);
  });

  test('costs no noticeable time, however it is made', () => {
    const hostile = [' from x port', " for a'", ' : ', ' user=', "' FOR '", '] '].map((part) =>
      part.repeat(65_536 / part.length),
    );
    const starts = [
      'Failed password for ',
      'error: PAM: Aaaa',
      `pam_unix(sshd:auth): ${PAM} `,
      "FAILED LOGIN (1) on 'a' FOR '",
      'message repeated 5 times: [ ',
      'Accepted password for ',
    ];
    const programs = ['sshd', 'login', 'sudo'];

    const events = programs.flatMap((program) =>
      starts.flatMap((start) => hostile.map((rest) => loginEvent({ program, text: start + rest }))),
    );

    expect(events.filter((event) => event?.kind === 'success')).toEqual([]);
  }, 5_000);
});

test.each([
  ['in plain text', '2026-11-21T02:00:01Z WARN login failed user=bob ip=1.2.3.4', true],
  ['of syslog', 'Nov 21 02:00:01 web1 shop[3]: WARN login failed user=bob ip=1.2.3.4', true],
  ['of JSON', JSON.stringify({ time: '2026-11-21T02:00:01Z', msg: 'WARN login failed user=bob ip=1.2.3.4' }), true],
  ['that quotes it', '2026-11-21T02:00:01Z INFO q="WARN login failed user=bob ip=1.2.3.4"', false],
])('a pattern matches a message %s only from its beginning', (_name, text, isMatch) => {
  const pattern = RE2JS.compile(String.raw`WARN login failed user=(?P<user>\S+) ip=(?P<address>\S+)`);

  expect(patternEvent(pattern, parse(text))).toEqual(isMatch ? failure('bob', false, '1.2.3.4') : undefined);
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0000:0000:ffff::', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['scan.example.org', 'scan.example.org'],
])('counts %s under %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
