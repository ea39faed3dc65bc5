import { isIP } from 'node:net';
import { messageOf, Unavailable } from '../../core/errors.ts';
import type { Need } from '../../core/need.ts';
import { type CheckedAddress, type LookupAll, refusalOf, resolveAddresses } from './address-guard.ts';

type Seen = Omit<Need, 'target'>;

interface AddressOptions {
  readonly allowAddresses: readonly string[];
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly lookupAll?: LookupAll;
}

/** What was seen of a host before anything is called; `isCallable` says whether any of its addresses may be. */
export interface AddressSeen {
  readonly needs: readonly Seen[];
  readonly isCallable: boolean;
}

/** Looks whether a host has addresses and whether the profile lets them be called; calls none. */
export async function addressNeeds(host: string, options: AddressOptions): Promise<AddressSeen> {
  try {
    const checked = await resolveAddresses(host, options);
    const isNamed = isIP(host) === 0;
    const addresses = checked.map(({ address }) => address).join(', ');
    const named: Seen[] = isNamed
      ? [{ need: 'be found by its name', state: 'met', detail: `${host} is ${addresses}` }]
      : [];
    const isCallable = checked.some(({ refusal }) => refusal === undefined);
    return { needs: [...named, allowance(checked, options.allowAddresses)], isCallable };
  } catch (thrown) {
    // A name that is not found may be the fault of the resolver as well.
    if (!(thrown instanceof Unavailable)) throw thrown;
    return {
      needs: [{ need: 'be found by its name', state: 'unknown', detail: messageOf(thrown) }],
      isCallable: false,
    };
  }
}

function allowance(checked: readonly CheckedAddress[], allowAddresses: readonly string[]): Seen {
  const need = 'be allowed by allowAddresses';
  const refused = checked.filter(({ refusal }) => refusal !== undefined);
  if (refused.length === 0) {
    return { need, state: 'met', detail: `${checked.map(({ address }) => address).join(', ')} may be called` };
  }
  const detail = refused.map(({ address, refusal = '' }) => `${address} ${refusal}`).join('; ');
  const wanted = refused.map(({ address }) => rangeOf(address)).filter(isAllowable);
  if (wanted.length === 0) return { need, state: 'missing', detail };
  const ranges = [...new Set([...allowAddresses, ...wanted])].map(yamlText).join(', ');
  return { need, state: 'missing', detail, grant: `allowAddresses: [${ranges}]` };
}

/** The range of one address and nothing beside it. */
function rangeOf(address: string): string {
  return `${address}/${isIP(address) === 6 ? 128 : 32}`;
}

// The metadata services of clouds are never called, whatever a profile says.
function isAllowable(range: string): boolean {
  return refusalOf(range.slice(0, range.lastIndexOf('/')), [range]) === undefined;
}

function yamlText(range: string): string {
  return range.includes(':') ? `"${range}"` : range;
}
