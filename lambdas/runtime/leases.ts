import * as z from 'zod';
import { type GrantedLease, Holder } from '../../core/run.ts';
import { readRecord, updateRecord } from './records.ts';
import type { Store } from './store.ts';

/** `state/leases/<kind>/<target>.json`. The epoch only grows, also over releases, so that an old holder is known. */
const Lease = z.object({
  kind: z.string(),
  target: z.string(),
  epoch: z.int().positive(),
  /** Absent while nobody holds the target. */
  heldBy: z
    .object({
      runId: z.string(),
      runKey: z.string(),
      takenAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
      /** Taken for an emergency: no other one takes it over. */
      emergency: z.literal(true).optional(),
      /** The run that had not ended and lost the target to the emergency. */
      takenFrom: z.string().optional(),
      holder: Holder.optional(),
    })
    .optional(),
});
export type Lease = z.infer<typeof Lease>;

export interface LeaseRequest {
  readonly kind: string;
  readonly target: string;
  readonly runId: string;
  readonly runKey: string;
  readonly now: Date;
  readonly expiresAt: Date;
  readonly holder?: Holder | undefined;
}

export const LEASES_PREFIX = 'state/leases/';

function leaseKey(kind: string, target: string): string {
  return `${LEASES_PREFIX}${kind}/${target}.json`;
}

/**
 * Takes the exclusive right to change a target: its epoch, or the run that has it.
 *
 * A run that already holds it gets the same epoch again, so that a repeated Begin goes on. A lease past its end is
 * free: its epoch grows, and whatever its old holder still tries is refused.
 */
export async function takeLease(store: Store, request: LeaseRequest): Promise<{ epoch: number } | { heldBy: string }> {
  const lease = await updateRecord(store, leaseKey(request.kind, request.target), Lease, (current) =>
    isHeld(current, request.now) ? undefined : grant(current, request),
  );
  return granted(lease, request);
}

/**
 * Takes a target for an emergency, also from a run that holds it: its epoch and the run that lost it.
 *
 * What the older holder begins from now on is refused; what it has begun at the target goes on there, so the emergency
 * must look. An emergency is not taken over by another one, which learns who has the target.
 */
export async function takeOverLease(
  store: Store,
  request: LeaseRequest,
): Promise<{ epoch: number; takenFrom?: string } | { heldBy: string }> {
  const lease = await updateRecord(store, leaseKey(request.kind, request.target), Lease, (current) => {
    const holder = isHeld(current, request.now) ? current?.heldBy : undefined;
    if (holder?.emergency) return undefined;
    return grant(current, request, { emergency: true, ...(holder && { takenFrom: holder.runId }) });
  });
  const taken = granted(lease, request);
  const takenFrom = 'epoch' in taken ? lease?.heldBy?.takenFrom : undefined;
  return { ...taken, ...(takenFrom !== undefined && { takenFrom }) };
}

function isHeld(lease: Lease | undefined, now: Date): boolean {
  return lease?.heldBy !== undefined && new Date(lease.heldBy.expiresAt) > now;
}

function grant(
  current: Lease | undefined,
  { kind, target, runId, runKey, now, expiresAt, holder }: LeaseRequest,
  emergency: Pick<NonNullable<Lease['heldBy']>, 'emergency' | 'takenFrom'> = {},
): Lease {
  const [takenAt, end] = [now.toISOString(), expiresAt.toISOString()];
  return {
    kind,
    target,
    epoch: (current?.epoch ?? 0) + 1,
    heldBy: { runId, runKey, takenAt, expiresAt: end, ...(holder && { holder }), ...emergency },
  };
}

function granted(lease: Lease | undefined, { runId }: LeaseRequest): { epoch: number } | { heldBy: string } {
  // Somebody holds it now: this run, or the one that it could not be taken from.
  const { epoch, heldBy } = lease as Lease & { heldBy: NonNullable<Lease['heldBy']> };
  return heldBy.runId === runId ? { epoch } : { heldBy: heldBy.runId };
}

/** Gives a lease back if this run still holds it in this epoch. */
export async function releaseLease(
  store: Store,
  { kind, target, runId, epoch }: { kind: string; target: string; runId: string; epoch: number },
): Promise<void> {
  await updateRecord(store, leaseKey(kind, target), Lease, (current) =>
    current?.heldBy?.runId === runId && current.epoch === epoch ? { kind, target, epoch } : undefined,
  );
}

/** Gives the lease of this key back if this run holds it, in whatever epoch. */
export async function releaseLeaseAt(store: Store, key: string, runId: string): Promise<void> {
  await updateRecord(store, key, Lease, (current) => {
    if (current?.heldBy?.runId !== runId) return undefined;
    const { kind, target, epoch } = current;
    return { kind, target, epoch };
  });
}

/** Gives back every lease of a run that it was granted. */
export async function releaseLeases(store: Store, runId: string, granted: readonly GrantedLease[]): Promise<void> {
  for (const { kind, target, epoch } of granted) {
    if (epoch !== undefined) await releaseLease(store, { kind, target, runId, epoch });
  }
}

/** Says why a run may not change a target now; undefined while it holds the lease in this epoch. */
export async function leaseProblem(
  store: Store,
  { kind, target, runId, epoch, now }: { kind: string; target: string; runId: string; epoch: number; now: Date },
): Promise<string | undefined> {
  const lease = (await readRecord(store, leaseKey(kind, target), Lease))?.value;
  if (!lease?.heldBy) return `nobody holds the lease of ${kind} ${target}`;
  if (lease.heldBy.runId !== runId) return `${lease.heldBy.runId} holds the lease of ${kind} ${target}`;
  if (lease.epoch !== epoch) return `the lease of ${kind} ${target} is at epoch ${lease.epoch}, this run has ${epoch}`;
  if (new Date(lease.heldBy.expiresAt) <= now)
    return `the lease of ${kind} ${target} ended at ${lease.heldBy.expiresAt}`;
  return undefined;
}
