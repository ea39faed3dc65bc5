import { daysBetween } from './limits.ts';

/** A machine of EC2, or one that SSM knows, with the state of its patches. */
export interface Host {
  readonly id: string;
  readonly name: string;
  /** False where EC2 runs it and SSM does not know it. */
  readonly isManaged: boolean;
  readonly patches: PatchState | undefined;
}

/** What the last look of Patch Manager found. */
export interface PatchState {
  readonly scannedAt: Date | undefined;
  readonly missing: number | undefined;
  readonly failed: number | undefined;
  /** Installed, and not in force before a reboot. */
  readonly pendingReboot: number | undefined;
  readonly security: number | undefined;
  readonly critical: number | undefined;
}

export interface JudgedHost extends Host {
  /** Security patches that wait; undefined where that is not known. */
  readonly securityUpdates: number | undefined;
  /** Undefined where nothing is wrong. */
  readonly flaw: { readonly title: string; readonly isSecurity: boolean; readonly count: number } | undefined;
  /** Why its patches are not known; undefined where they are. */
  readonly unknown: string | undefined;
}

/** What is known of the patches of a machine; a machine without a fresh state is not known, whatever it said once. */
export function judgeHost(host: Host, patchScanDays: number, now: Date): JudgedHost {
  const nothing = { ...host, securityUpdates: undefined, flaw: undefined };
  if (!host.isManaged) return { ...nothing, unknown: 'EC2 runs it and SSM does not know it' };
  const { patches } = host;
  if (patches?.scannedAt === undefined) return { ...nothing, unknown: 'its patches were never looked at' };
  const days = daysBetween(patches.scannedAt, now);
  if (days > patchScanDays) {
    return { ...nothing, unknown: `its patches were looked at ${days} days ago; limit ${patchScanDays} days` };
  }
  const { missing, failed, pendingReboot = 0, security, critical } = patches;
  if (missing === undefined || failed === undefined) {
    return { ...nothing, unknown: 'Patch Manager does not say how many patches it misses' };
  }
  // Without the division by kind each missing patch may be one of security.
  const securityUpdates = security ?? missing + failed;
  const count = missing + failed + pendingReboot;
  const words = [
    ...(missing > 0 ? [`${missing} missing`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(pendingReboot > 0 ? [`${pendingReboot} waiting for a reboot`] : []),
  ];
  const isSecurity = securityUpdates > 0 || (critical ?? 0) > 0;
  const title = `patches of ${host.name}: ${words.join(', ')}; of security ${securityUpdates}`;
  return { ...host, securityUpdates, unknown: undefined, flaw: count > 0 ? { title, isSecurity, count } : undefined };
}
