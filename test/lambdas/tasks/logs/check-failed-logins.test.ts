import { afterAll, describe, expect, test } from '@jest/globals';
import {
  alive,
  check,
  failed,
  failures,
  folderWith,
  hoursAgo,
  line,
  NOW,
  removeFolders,
  syslogTime,
} from './failed-logins-folder.ts';

afterAll(removeFolders);

const LIVING = alive(30);

/** A log of 30 hours with these lines of the last hour at its end. */
async function checkLines(lines: readonly string[], input = {}) {
  return check(await folderWith({ 'auth.log': [...LIVING, ...lines] }), input);
}

describe('what is counted', () => {
  test('passes a living log in which people mistype now and then', async () => {
    const { words, counted } = await checkLines(failures(5, hoursAgo(1), { address: '198.51.100.7', user: 'alice' }));

    expect(words).toEqual([]);
    expect(counted).toEqual({
      'failed-logins': 5,
      'failing-addresses': 1,
      'attempted-users': 1,
      'busiest-minute': 2,
    });
  });

  test('warns of more failures than allowed, and names the address, the account and the number', async () => {
    const { findings, words } = await checkLines([
      ...failures(60, hoursAgo(1), { everySeconds: 20 }),
      ...failures(41, hoursAgo(0.5), { address: '198.51.100.7', user: 'invalid user hunter2', everySeconds: 20 }),
    ]);

    expect(words).toEqual(['failed-logins', 'persistent-address 203.0.113.9']);
    expect(findings[0]).toMatchObject({
      summary:
        '101 failed logins within 1d, limit 100; most from 203.0.113.9 (60), 198.51.100.7 (41) of 2 addresses; accounts root; 1 other names',
      value: 101,
      limit: 100,
    });
    expect(findings[1]?.command).toMatch(/^zgrep -hwF -- 203\.0\.113\.9 '\/.*\/auth\.log'\*$/);
  });

  test('is silent at exactly the limits', async () => {
    const spread = Array.from({ length: 10 }, (_, i) =>
      failures(10, hoursAgo(20 - i), { address: `203.0.113.${i % 2}`, everySeconds: 2 }),
    ).flat();
    const folder = await folderWith({ 'auth.log': [...alive(30), ...spread].sort((a, b) => order(a) - order(b)) });

    const { words, counted } = await check(folder);

    expect(words).toEqual([]);
    expect(counted).toMatchObject({ 'failed-logins': 100, 'busiest-minute': 10 });
  });

  test('never shows a name that is no account, for it may be a password', async () => {
    const { findings } = await checkLines(
      failures(120, hoursAgo(1), { user: 'invalid user Tr0ub4dor&3', everySeconds: 20 }),
    );

    expect(findings).not.toHaveLength(0);
    expect(JSON.stringify(findings)).not.toContain('Tr0ub4dor');
  });

  test('warns of more failures within a minute than a person types, whatever the sum', async () => {
    const { words, findings } = await checkLines(failures(11, hoursAgo(1), { everySeconds: 5 }));

    expect(words).toEqual(['burst']);
    expect(findings[0]?.summary).toBe('11 failed logins in the minute up to 2026-11-21T11:00:50Z, limit 10');
  });

  test('counts what lies within the window to the second: its beginning and not its end', async () => {
    const oneSecondMs = 1_000;
    const { counted } = await check(
      await folderWith({
        'auth.log': [
          ...alive(30).slice(0, 6),
          failed(new Date(hoursAgo(24).getTime() - oneSecondMs)),
          failed(hoursAgo(24)),
          failed(new Date(NOW.getTime() - oneSecondMs)),
          failed(NOW),
        ],
      }),
    );

    expect(counted['failed-logins']).toBe(2);
  });

  test('passes a whole file of old failures: only the last day counts', async () => {
    const { words, counted } = await check(
      await folderWith({ 'auth.log': [...failures(500, hoursAgo(72)), ...alive(24)] }),
    );

    expect(words).toEqual([]);
    expect(counted['failed-logins']).toBe(0);
  });

  test('counts nothing that only quotes a failure', async () => {
    const quote = 'Failed password for root from 6.6.6.6 port 22 ssh2';
    const at = hoursAgo(1);
    const { counted } = await checkLines([
      line(at, `shop[12]: ${quote}`),
      line(at, `kernel: ${quote}`),
      line(at, `sshd[13]: Invalid user ${quote} from 198.51.100.7 port 40022`),
      line(at, `sshd[13]: Connection closed by invalid user ${quote} 198.51.100.7 port 40022 [preauth]`),
      line(at, `sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/grep ${quote}`),
      line(at, `sudo:    alice : (command continued) 3 incorrect password attempts ; TTY=pts/0`),
      line(
        at,
        `shop[12]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=6.6.6.6`,
      ),
    ]);

    expect(counted).toMatchObject({ 'failed-logins': 0, 'failing-addresses': 0 });
  });

  test('takes the address that sshd wrote and not the one that a user name holds', async () => {
    const forged = 'invalid user Failed password for root from 6.6.6.6 port 1 ssh2';
    const { words } = await checkLines(
      failures(60, hoursAgo(1), { user: forged, address: '198.51.100.7', everySeconds: 20 }),
    );

    expect(words).toEqual(['persistent-address 198.51.100.7']);
  });
});

describe('who got in', () => {
  const accepted = (at: Date, user = 'alice', address = '203.0.113.9') =>
    line(at, `sshd[99]: Accepted password for ${user} from ${address} port 40022 ssh2`);

  test('fails where an address got in after many failures in a row', async () => {
    const { words, findings } = await checkLines([...failures(10, hoursAgo(1)), accepted(hoursAgo(0.5))]);

    expect(words).toEqual(['success-after-failures 203.0.113.9']);
    expect(findings[0]?.summary).toBe(
      '203.0.113.9 got in as alice by password at 2026-11-21T11:30:00.000Z after 10 failed logins',
    );
  });

  test('is silent where somebody mistyped, another address got in, or successes came between', async () => {
    const { words } = await checkLines([
      ...failures(9, hoursAgo(3)),
      accepted(hoursAgo(2.5)),
      ...failures(9, hoursAgo(2)),
      accepted(hoursAgo(1.5)),
      ...failures(20, hoursAgo(1), { address: '198.51.100.7' }),
      accepted(hoursAgo(0.1)),
    ]);

    expect(words).toEqual([]);
  });

  test('notes that root logged in, and takes nothing away for it', async () => {
    const { findings } = await checkLines([accepted(hoursAgo(1), 'root', '2001:db8::1')]);

    expect(findings).toMatchObject([
      { kind: 'root-login', summary: 'root logged in 1 times within 1d, from 2001:db8:0:0::/64' },
    ]);
  });
});

describe('what is unknown', () => {
  test('a log that stopped three days ago is unknown and no pass, and nothing is measured', async () => {
    const { words, findings, measurements } = await check(
      await folderWith({ 'auth.log': { content: alive(48, hoursAgo(72)), written: hoursAgo(73) } }),
    );

    expect(words).toEqual(['log-stopped auth.log']);
    expect(findings[0]?.summary).toBe('the newest line of auth.log is 3d1h old, limit 1d');
    expect(measurements).toEqual([]);
  });

  test('one of two logs that stopped is unknown, however alive the other is', async () => {
    const { words } = await check(
      await folderWith({ 'auth.log': alive(30), secure: { content: alive(48, hoursAgo(72)), written: hoursAgo(73) } }),
    );

    expect(words).toEqual(['log-stopped secure']);
  });

  test('a log that begins within the window with nothing before it is unknown', async () => {
    const { words, findings } = await check(await folderWith({ 'auth.log': alive(3) }));

    expect(words).toEqual(['window-not-covered auth.log']);
    expect(findings[0]?.summary).toContain('the oldest line of auth.log is of 2026-11-21T09:00:00.000Z');
  });

  test.each([
    ['no folder', async () => `${await folderWith({})}/none`, 'is no folder'],
    ['no log', () => folderWith({ syslog: alive(30) }), 'holds no file called auth.log* or secure*'],
  ])('%s is unknown', async (_name, make, reason) => {
    const { words, findings, measurements } = await check(await make());

    expect(words).toEqual(['not-readable']);
    expect(findings[0]?.summary).toContain(reason);
    expect(measurements).toEqual([]);
  });

  test('an empty log is unknown', async () => {
    expect((await check(await folderWith({ 'auth.log': [] }))).words).toEqual(['window-not-covered auth.log']);
  });

  test('a log of which nothing speaks of logins is unknown: it is another log', async () => {
    const other = Array.from({ length: 30 }, (_, i) => line(hoursAgo(30 - i), 'nginx[7]: GET /health 200'));

    expect((await check(await folderWith({ 'auth.log': other }))).words).toEqual(['no-login-lines auth.log']);
  });

  test('lines without a time are unknown where they are many, and nothing where a few follow others', async () => {
    const rubbish = Array.from({ length: 3 }, () => 'Failed password for root from 6.6.6.6 port 22 ssh2');
    const trace = ['  at Object.login (shop.js:1)', '', '\t... 12 more'];

    expect((await checkLines(rubbish)).words).toEqual(['not-parsable auth.log']);
    expect((await checkLines(trace)).words).toEqual([]);
  });

  test('lines of a time that has not come are unknown: the clock or the time zone is wrong', async () => {
    const ahead = [failed(hoursAgo(-5))];

    const { words, findings } = await checkLines(ahead);

    expect(words).toEqual(['future-lines auth.log']);
    expect(findings[0]?.summary).toBe('auth.log: 1 lines are of up to 5h from now');
  });
});

test('reads the log of an application by its own pattern, from where the message begins', async () => {
  const stamped = (i: number, said: string) => `${hoursAgo(30 - i / 10).toISOString()} ${said}`;
  const shop = Array.from({ length: 290 }, (_, i) =>
    stamped(i, i > 100 ? `WARN login failed user=u${i} ip=198.51.100.7` : 'INFO up'),
  );
  const quoting = stamped(291, 'INFO search for "WARN login failed user=x ip=6.6.6.6"');
  const pattern = String.raw`WARN login failed user=(?P<user>\S+) ip=(?P<address>\S+)`;

  const { words, findings } = await check(await folderWith({ 'shop.log': [...shop, quoting] }), {
    files: ['shop.log*'],
    pattern,
  });

  expect(words).toEqual(['failed-logins', 'persistent-address 198.51.100.7']);
  expect(findings[0]?.summary).toContain('189 names');
});

test('counts what two instances of an application say in the same second twice', async () => {
  const lines = Array.from({ length: 26 }, (_, i) => `${hoursAgo(26 - i).toISOString()} login failed user=x`);
  const folder = await folderWith({ 'shop-a.log': lines, 'shop-b.log': lines });

  const { counted } = await check(folder, { files: ['shop-?.log*'], pattern: 'login failed' });

  expect(counted['failed-logins']).toBe(48);
});

function order(text: string): number {
  return Date.parse(`${text.slice(0, 6)} 2026 ${text.slice(7, 15)} UTC`);
}

test('writes times as syslog does', () => {
  expect(syslogTime(new Date('2026-03-05T04:05:06Z'))).toBe('Mar  5 04:05:06');
});
