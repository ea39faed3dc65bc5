import { BlockList, isIP } from 'node:net';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { InvalidInput, Unavailable } from '../../core/errors.ts';
import { pinnedLookup, refusalOf } from '../../lambdas/runtime/address-guard.ts';
import { anyText, holds, holdsAsync } from './property.ts';

const ipv4 = fc.ipV4();

const ipv6 = fc.oneof(
  fc.ipV6(),
  ipv4.map((address) => `::ffff:${address}`),
  ipv4.map((address) => `64:ff9b::${address}`),
  fc
    .tuple(fc.constantFrom('fe80', 'fd00:ec2', '2001:db8', '2002:a9fe:a9fe', '2600'), fc.nat(0xffff))
    .map(([start, end]) => `${start}::${end.toString(16)}`),
);

const near = fc
  .tuple(
    fc.constantFrom('169.254', '10.0', '127.0', '192.168', '172.16', '100.64', '168.63', '0.0', '224.0'),
    fc.nat(255),
    fc.nat(255),
  )
  .map((parts) => parts.join('.'));

const address = fc.oneof(ipv4, near, ipv6);

const PRIVATE = [
  '10.0.0.0/8',
  '127.0.0.0/8',
  '192.168.0.0/16',
  '172.16.0.0/12',
  '100.64.0.0/10',
  'fc00::/7',
  '::1/128',
];

/** Every form of an address that some network would take to the same place. */
function formsOf(text: string): string[] {
  const bytes = ipaddr.parse(text).toByteArray();
  const last = bytes.slice(-4).join('.');
  const isEmbedded = /^::ffff:|^64:ff9b::/i.test(text);
  const in6to4 = text.startsWith('2002:') ? [bytes.slice(2, 6).join('.')] : [];
  return [text, ...(isEmbedded ? [last] : []), ...in6to4];
}

test("no address of a cloud's metadata service may be called in any form, whatever a profile allows", () => {
  const metadata = new BlockList();
  metadata.addSubnet('169.254.0.0', 16, 'ipv4');
  metadata.addSubnet('fe80::', 10, 'ipv6');
  metadata.addSubnet('fd00:ec2::', 32, 'ipv6');
  metadata.addAddress('168.63.129.16', 'ipv4');
  const isMetadata = (one: string) => metadata.check(one, isIP(one) === 6 ? 'ipv6' : 'ipv4');
  holds(
    fc.property(address, fc.subarray([...PRIVATE, '0.0.0.0/0', '::/0']), (given, allowed) => {
      const refusal = refusalOf(given, allowed);
      if (formsOf(given).some(isMetadata)) expect(refusal).toMatch(/never called/);
    }),
    500,
    {
      examples: [
        ['::ffff:169.254.169.254', ['::/0']],
        ['2002:a9fe:a9fe::1', ['::/0']],
        ['64:ff9b::a9fe:a9fe', ['::/0']],
      ],
    },
  );
});

test('a private address is called only where a range covers it, and more ranges never close an address', () => {
  const inside = new BlockList();
  for (const range of PRIVATE) {
    const [network = '', bits] = range.split('/');
    inside.addSubnet(network, Number(bits), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  const isPrivate = (one: string) => inside.check(one, isIP(one) === 6 ? 'ipv6' : 'ipv4');
  holds(
    fc.property(address, fc.subarray(PRIVATE), fc.constantFrom(...PRIVATE), (given, allowed, more) => {
      if (formsOf(given).some(isPrivate)) expect(refusalOf(given, [])).toBeDefined();
      const open = refusalOf(given, allowed) === undefined;
      if (open) expect(refusalOf(given, [...allowed, more])).toBeUndefined();
    }),
    500,
  );
});

test('a connection goes to the addresses that were checked and to none that is looked up anew', async () => {
  await holdsAsync(
    fc.asyncProperty(
      fc.uniqueArray(address, { maxLength: 4 }),
      anyText,
      fc.constantFrom(0, 4, 6),
      async (checked, host, family) => {
        const fitting = checked.filter((one) => family === 0 || isIP(one) === family);
        const { promise: all, resolve } = Promise.withResolvers<unknown>();
        pinnedLookup(checked)(host, { all: true, family }, (error, found) => resolve(error ?? found));
        if (fitting.length === 0) expect(await all).toBeInstanceOf(Unavailable);
        else expect(await all).toEqual(fitting.map((one) => ({ address: one, family: isIP(one) })));
      },
    ),
    60,
  );
});

test('what is no IP address in its one plain form is refused, and a range that is none is an error', () => {
  const odd = fc.oneof(
    anyText,
    fc.constantFrom(
      '0177.0.0.1',
      '2130706433',
      '0x7f.1',
      '127.1',
      '[::1]',
      '::1%lo',
      '1.2.3.4.',
      ' 8.8.8.8',
      '8.8.8.8\n',
    ),
  );
  holds(
    fc.property(odd, (text) => {
      if (!isIP(text)) expect(refusalOf(text, ['127.0.0.0/8', '::/0'])).toBe('is not an IP address');
      if (!ipaddr.isValidCIDR(text)) expect(() => refusalOf('8.8.8.8', [text])).toThrow(InvalidInput);
    }),
    200,
    // A zone names an interface of this machine.
    { examples: [['fe80::1%eth0']] },
  );
});
