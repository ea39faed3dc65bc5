import { lookup } from 'node:dns';
import { isIP, type LookupFunction, Socket } from 'node:net';
import { Unavailable } from '../../core/errors.ts';
import { refusalOf } from './address-guard.ts';

/**
 * A socket whose `connect(port, host)` calls allowed addresses only, for clients that look up names themselves: each
 * address is checked that the name leads to, at the look-up whose answer is called.
 */
export function guardedSocket(allowAddresses: readonly string[]): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  const guarded = (port: number, host: string): Socket => {
    const refusal = isIP(host) ? refusalOf(host, allowAddresses) : undefined;
    if (refusal === undefined) return connect({ port, host, lookup: guardedLookup(allowAddresses) });
    return socket.destroy(new Unavailable(`${host} is not called: it ${refusal}`));
  };
  return Object.assign(socket, { connect: guarded });
}

function guardedLookup(allowAddresses: readonly string[]): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true, order: 'verbatim' }, (error, found) => {
      if (error) return callback(error, '', 0);
      const checked = found.map((entry) => ({ ...entry, refusal: refusalOf(entry.address, allowAddresses) }));
      const callable = checked.filter(({ refusal }) => refusal === undefined);
      const [first] = callable;
      if (!first) {
        const reasons = checked.map(({ address, refusal }) => `${address} ${refusal ?? ''}`).join('; ');
        return callback(new Unavailable(`${hostname} is not called: ${reasons}`), '', 0);
      }
      if (options.all) return callback(null, callable);
      callback(null, first.address, first.family);
    });
  };
}
