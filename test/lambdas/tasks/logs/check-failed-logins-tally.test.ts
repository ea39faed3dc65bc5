import { describe, expect, test } from '@jest/globals';
import { LoginScan } from '../../../../lambdas/tasks/logs/_login-scan.ts';
import { LoginTally, MOST_ADDRESSES } from '../../../../lambdas/tasks/logs/_login-tally.ts';
import { alive, failed, hoursAgo, line, NOW } from './failed-logins-folder.ts';

const WINDOW = { fromMs: hoursAgo(24).getTime(), untilMs: NOW.getTime() };
const AT = hoursAgo(1);
const PAM = 'logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9';

/** What is counted of logs, each given as its lines. */
function count(...logs: readonly (readonly string[])[]) {
  const tally = new LoginTally(WINDOW, { suspiciousAfter: 3 });
  const scan = new LoginScan(tally, { window: WINDOW, timezone: 'UTC' });
  const results = logs.map((lines) => {
    const log = scan.begin('auth.log', NOW.getTime());
    for (const one of lines) log.take(one);
    return log.result();
  });
  return { ...tally.summary(), results };
}

describe('an attempt counts once', () => {
  test.each<[string, string[], number]>([
    [
      'where PAM speaks of it before sshd does',
      [
        `sshd[7]: pam_unix(sshd:auth): authentication failure; ${PAM}  user=root`,
        'sshd[7]: Failed password for root from 203.0.113.9 port 1 ssh2',
      ],
      1,
    ],
    [
      'where PAM sums the later ones up at the end',
      [
        `sshd[7]: pam_unix(sshd:auth): authentication failure; ${PAM}  user=root`,
        'sshd[7]: Failed password for root from 203.0.113.9 port 1 ssh2',
        'sshd[7]: message repeated 2 times: [ Failed password for root from 203.0.113.9 port 1 ssh2]',
        `sshd[7]: PAM 2 more authentication failures; ${PAM}  user=root`,
      ],
      3,
    ],
    ['where only PAM speaks of it', [`sshd[7]: pam_unix(sshd:auth): authentication failure; ${PAM}  user=root`], 1],
    [
      'where two modules speak of it',
      [
        `vsftpd[7]: pam_unix(vsftpd:auth): authentication failure; ${PAM}`,
        `vsftpd[7]: pam_sss(vsftpd:auth): authentication failure; ${PAM} user=bob`,
      ],
      1,
    ],
    [
      'where PAM runs in another process and the name of the host is resolved',
      [
        `sshd[8]: pam_unix(sshd:auth): authentication failure; ${PAM}  user=root`,
        'sshd[7]: error: PAM: Authentication failure for root from 203.0.113.9',
        'sshd[7]: Failed keyboard-interactive/pam for root from 203.0.113.9 port 1 ssh2',
      ],
      1,
    ],
    [
      'of sudo, whose own line has the sum',
      [
        'sudo: pam_unix(sudo:auth): authentication failure; logname=alice uid=1000 euid=0 tty=/dev/pts/0 ruser=alice rhost=  user=alice',
        'sudo: pam_unix(sudo:auth): 2 more authentication failures; logname=alice uid=1000 euid=0 tty=/dev/pts/0 ruser=alice rhost=  user=alice',
        'sudo:    alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh',
      ],
      3,
    ],
    [
      'of su',
      [
        'su[9]: pam_unix(su:auth): authentication failure; logname=alice uid=1000 euid=0 tty=/dev/pts/0 ruser=alice rhost=  user=root',
        'su[9]: FAILED SU (to root) alice on pts/0',
      ],
      1,
    ],
    [
      'and not where a later module let the user in',
      [
        `sshd[7]: pam_unix(sshd:auth): authentication failure; ${PAM}  user=alice`,
        `sshd[7]: pam_sss(sshd:auth): authentication success; ${PAM} user=alice`,
        'sshd[7]: Accepted password for alice from 203.0.113.9 port 1 ssh2',
      ],
      0,
    ],
    [
      'and not for sudo either',
      [
        'sudo: pam_unix(sudo:auth): authentication failure; logname=a uid=1 euid=0 tty=/dev/pts/0 ruser=a rhost=  user=a',
        'sudo: pam_sss(sudo:auth): authentication success; logname=a uid=1 euid=0 tty=/dev/pts/0 ruser=a rhost= user=a',
      ],
      0,
    ],
    [
      'and as often as an old syslog says',
      ['sshd[7]: Failed password for root from 203.0.113.9 port 1 ssh2', 'last message repeated 4 times'],
      5,
    ],
    ['and nothing is repeated that was none', ['sshd[7]: Connection closed', 'last message repeated 4 times'], 0],
  ])('%s', (_name, said, expected) => {
    expect(count(said.map((text) => line(AT, text))).failures).toBe(expected);
  });

  test('where a log was copied, and twice where it happened twice', () => {
    const [one, two] = [failed(AT), failed(hoursAgo(2))];

    expect(count([two, one], [one]).failures).toBe(2);
    expect(count([two, one, one], [one, one]).failures).toBe(3);
  });

  test('where a journal in JSON stands beside the log', () => {
    const said = 'Failed password for root from 203.0.113.9 port 1 ssh2';
    const journal = {
      __REALTIME_TIMESTAMP: `${AT.getTime()}123`,
      _HOSTNAME: 'web1',
      _COMM: 'sshd',
      _PID: '7',
      MESSAGE: said,
    };

    expect(count([line(AT, `sshd[7]: ${said}`)], [JSON.stringify(journal)]).failures).toBe(1);
  });
});

test('asks for failures in a row before a success, those of a second voice included', () => {
  const challenge = (pid: number) =>
    line(AT, `sshd[${pid}]: error: PAM: Authentication failure for root from 203.0.113.9`);
  const { suspects } = count([
    ...[1, 2, 3, 4].map(challenge),
    line(AT, 'sshd[5]: Accepted keyboard-interactive/pam for root from 203.0.113.9 port 1 ssh2'),
    line(AT, 'sshd[6]: Accepted publickey for root from 203.0.113.9 port 1 ssh2'),
  ]);

  expect(suspects).toMatchObject([{ address: '203.0.113.9', user: 'root', failuresBefore: 3 }]);
});

test('finds the busiest sixty seconds wherever they begin, in whatever order lines come', () => {
  const start = AT.getTime();
  const at = (seconds: number) => failed(new Date(start + seconds * 1_000));
  const { burst } = count([at(119), at(50), at(0), at(60), at(109), at(110), at(300)]);

  expect(burst).toEqual({ failures: 4, atMs: start + 119_000 - 0 });
});

test('counts an attack of any breadth in bounded tables and says that they were full', () => {
  const tally = new LoginTally(WINDOW, { suspiciousAfter: 10 });
  const place = { isYearless: false, host: 'web1', program: 'sshd', text: '', afterTime: '' };
  for (let i = 0; i < MOST_ADDRESSES + 100; i += 1) {
    const address = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
    tally.take(
      { ...place, pid: String(i) },
      { kind: 'failure', count: 1, user: `u${i}`, isAccount: false, address },
      AT.getTime(),
    );
  }

  const { failures, addresses, isCapped } = tally.summary();

  expect({ failures, addresses, isCapped }).toEqual({
    failures: MOST_ADDRESSES + 100,
    addresses: MOST_ADDRESSES,
    isCapped: true,
  });
});

describe('a log without years', () => {
  const monthly = Array.from({ length: 12 }, (_, month) =>
    [1, 15].map((day) =>
      line(new Date(Date.UTC(2025, 11 + month, day)), 'CRON[1]: pam_unix(cron:session): session opened'),
    ),
  ).flat();

  test('that is longer than a year has its first November in the year before', () => {
    const lastYear = [failed(AT), failed(AT)];
    const { failures, results } = count([...lastYear, ...monthly, failed(AT)]);

    expect(failures).toBe(1);
    expect(results[0]).toMatchObject({ oldestMs: -Infinity, newestMs: AT.getTime() });
  });

  test('loses nothing where a machine starts with a wrong clock and mends it', () => {
    const wrong = line(new Date('2026-01-01T00:00:05Z'), 'kernel: Booting');

    expect(count([...alive(30), failed(AT), wrong, wrong, failed(AT)]).failures).toBe(2);
  });

  test('that ended in another year has nothing of today', () => {
    const { failures, results } = count([
      failed(AT),
      line(new Date('2026-01-03T00:00:00Z'), 'sshd[1]: Server listening'),
    ]);

    expect(failures).toBe(0);
    expect(results[0]?.newestMs).toBe(Date.parse('2026-01-03T00:00:00Z'));
  });
});
