import { isIP, type LookupFunction, Socket } from 'node:net';
import { Unavailable } from '../../core/errors.ts';
import { pinnedLookup, refusalOf, requireCallable, systemLookup } from './address-guard.ts';

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
    const callable = async () => {
      const found = await systemLookup(hostname);
      const checked = found.map((address) => ({ address, refusal: refusalOf(address, allowAddresses) }));
      return pinnedLookup(requireCallable(hostname, checked));
    };
    callable().then(
      (look) => look(hostname, options, callback),
      (thrown: NodeJS.ErrnoException) => callback(thrown, '', 0),
    );
  };
}
