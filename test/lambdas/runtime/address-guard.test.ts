import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import {
  callableAddresses,
  pinnedLookup,
  refusalOf,
  resolveAddresses,
} from '../../../lambdas/runtime/address-guard.ts';

const everything = ['0.0.0.0/0', '::/0'];

describe('public addresses may be called without a word in the profile', () => {
  test.each(['8.8.8.8', '2606:4700:4700::1111', '64:ff9b::808:808'])('%s', (address) => {
    expect(refusalOf(address, [])).toBeUndefined();
  });
});

describe('metadata and link-local addresses are never called, whatever the profile allows', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '::ffff:0:a9fe:a9fe',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    'fd00:0ec2:0:0::23',
    'fd20:ce::254',
    '168.63.129.16',
  ])('%s', (address) => {
    expect(refusalOf(address, everything)).toMatch(/never called$/);
  });
});

describe('other special addresses are called only where a range of the profile covers them', () => {
  test.each([
    { address: '127.0.0.1', range: '127.0.0.0/8' },
    { address: '127.255.0.3', range: '127.0.0.0/8' },
    { address: '10.1.2.3', range: '10.0.0.0/8' },
    { address: '172.16.0.1', range: '172.16.0.0/12' },
    { address: '192.168.1.1', range: '192.168.1.1/32' },
    { address: '100.64.0.1', range: '100.64.0.0/10' },
    { address: '0.0.0.0', range: '0.0.0.0/32' },
    { address: '224.0.0.1', range: '224.0.0.0/4' },
    { address: '255.255.255.255', range: '255.255.255.255/32' },
    { address: '192.0.2.1', range: '192.0.2.0/24' },
    { address: '::1', range: '::1/128' },
    { address: '::', range: '::/128' },
    { address: 'fd12:3456::1', range: 'fc00::/7' },
    { address: 'fec0::1', range: 'fec0::/10' },
    { address: '::7f00:1', range: '::/96' },
    { address: '::ffff:127.0.0.1', range: '127.0.0.0/8' },
    { address: '::ffff:10.0.0.1', range: '::ffff:0:0/96' },
    { address: '::ffff:8.8.8.8', range: '8.8.8.0/24' },
    { address: '64:ff9b::a00:1', range: '10.0.0.0/8' },
    { address: '2002:7f00:1::', range: '2002::/16' },
    { address: '2001:0:7f00:1::', range: '2001::/32' },
  ])('$address with $range', ({ address, range }) => {
    expect(refusalOf(address, [])).toMatch(/allowAddresses does not cover$/);
    expect(refusalOf(address, ['203.0.113.0/24'])).toMatch(/allowAddresses does not cover$/);
    expect(refusalOf(address, ['203.0.113.0/24', range])).toBeUndefined();
  });
});

test.each(['localhost', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '', '1.2.3.4.5', '10.0.0.1 '])(
  'what only some read as an address is none: "%s"',
  (text) => {
    expect(refusalOf(text, everything)).toBe('is not an IP address');
  },
);

test('a range of the profile that is none stops the check, not the guard', () => {
  expect(() => refusalOf('10.0.0.1', ['10.0.0.0'])).toThrow('allowAddresses has "10.0.0.0", which is not a range');
});

describe('a host is resolved to all of its addresses, and each is judged', () => {
  test.each(['localhost', '2130706433', '0x7f000001', '0177.0.0.1', '127.1'])(
    '%s is the loopback, by the real look-up of the system',
    async (host) => {
      const options = { allowAddresses: [], timeoutSeconds: 5 };
      await expect(callableAddresses(host, options)).rejects.toThrow(/127\.0\.0\.1 is a loopback address/);
      expect(await callableAddresses(host, { ...options, allowAddresses: ['127.0.0.0/8'] })).toContain('127.0.0.1');
    },
  );

  test('a name with a public and a forbidden address gives the public one only, and says so of the other', async () => {
    const options = {
      allowAddresses: everything,
      timeoutSeconds: 5,
      lookupAll: async () => ['8.8.8.8', '169.254.169.254', '8.8.8.8'],
    };
    expect(await callableAddresses('rebound.test', options)).toEqual(['8.8.8.8']);
    expect(await resolveAddresses('rebound.test', options)).toEqual([
      { address: '8.8.8.8', refusal: undefined },
      { address: '169.254.169.254', refusal: expect.stringContaining('never called') },
    ]);
  });

  test('an IP address is not looked up', async () => {
    const lookupAll = () => Promise.reject(new Error('was asked'));
    const options = { allowAddresses: [], timeoutSeconds: 5, lookupAll };
    await expect(callableAddresses('10.0.0.1', options)).rejects.toThrow(
      '10.0.0.1 is not called: is a private address that allowAddresses does not cover',
    );
  });

  test.each([
    { title: 'never answers', lookupAll: () => new Promise<never>(() => {}), reason: 'was not found within 0.05 s' },
    { title: 'answers nothing', lookupAll: async () => [], reason: 'x.test has no address' },
    { title: 'fails', lookupAll: () => Promise.reject(new Error('SERVFAIL')), reason: 'was not found: SERVFAIL' },
  ])('a look-up that $title makes the host unavailable', async ({ lookupAll, reason }) => {
    const resolved = resolveAddresses('x.test', { allowAddresses: [], timeoutSeconds: 0.05, lookupAll });
    await expect(resolved).rejects.toMatchObject({
      name: 'Fettle.Unavailable',
      message: expect.stringContaining(reason),
    });
  });

  test('a look-up ends with the task that asked for it', async () => {
    const lookupAll = () => new Promise<never>(() => {});
    const options = { allowAddresses: [], timeoutSeconds: 60, lookupAll, signal: AbortSignal.timeout(20) };
    await expect(resolveAddresses('x.test', options)).rejects.toThrow('was not found before the deadline');
  });
});

describe('a pinned look-up', () => {
  test('connects a request to the checked address and leaves the name in it', async () => {
    const hosts: (string | undefined)[] = [];
    const server = createServer(({ headers }, response) => {
      hosts.push(headers.host);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://no-such-host.invalid:${port}/`;
    const status = await new Promise((resolve, reject) => {
      get(url, { lookup: pinnedLookup(['127.0.0.1']), agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    server.close();
    expect([status, hosts]).toEqual([200, [`no-such-host.invalid:${port}`]]);
  });

  test('asks nobody where it has no address of the family', () => {
    const lookup = pinnedLookup(['127.0.0.1']);
    lookup('x.test', { family: 6 }, (error) => expect(error?.message).toContain('no checked address of this family'));
    lookup('x.test', { family: 4 }, (error, address) => expect([error, address]).toEqual([null, '127.0.0.1']));
    expect.assertions(2);
  });
});
