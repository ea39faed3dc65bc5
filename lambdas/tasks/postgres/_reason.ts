/** Why a table is due. */
export type ReasonKind =
  | 'freeze-age'
  | 'multixact-age'
  | 'dead-rows'
  | 'dead-toast-rows'
  | 'inserted-rows'
  | 'changed-rows'
  | 'never-analysed'
  | 'old-analysis';

export interface Reason {
  readonly kind: ReasonKind;
  readonly value: number;
  readonly limit: number;
}

const WORDS: Record<ReasonKind, string> = {
  'freeze-age': 'transactions since its last freeze',
  'multixact-age': 'multixacts since its last freeze',
  'dead-rows': 'dead rows',
  'dead-toast-rows': 'dead rows of TOAST',
  'inserted-rows': 'rows inserted since its last vacuum',
  'changed-rows': 'rows changed since its last analyze',
  'never-analysed': 'rows and never analysed',
  'old-analysis': 'seconds since its last analyze',
};

/** The number first, then its limit. */
export function inWords({ kind, value, limit }: Reason): string {
  return `${count(value)} ${WORDS[kind]}, limit ${count(limit)}`;
}

/** By how much a value exceeds its limit; of no reason it is 0. */
export function excess(reason: Reason | undefined): number {
  return reason ? reason.value / Math.max(1, reason.limit) : 0;
}

function count(value: number): string {
  return Math.floor(value).toLocaleString('en');
}
