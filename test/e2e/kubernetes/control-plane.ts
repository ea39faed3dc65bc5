import { describe } from '@jest/globals';
import { builtControlPlane } from './build.ts';
import { startCluster, type Cluster, type ClusterOptions } from './cluster.ts';

const controlPlane = await builtControlPlane();
if ('missing' in controlPlane) {
  process.stderr.write(`skipped: what needs a real Kubernetes control plane, because ${controlPlane.missing}\n`);
}

/** Whether the control plane is there. */
export const hasControlPlane = !('missing' in controlPlane);

/** `describe` where the control plane is there; elsewhere its tests are skipped, and a line has said why. */
export const describeWithControlPlane = hasControlPlane ? describe : describe.skip;

/** A cluster of the programs that were built. */
export function startTestCluster(options: Omit<ClusterOptions, 'binary'> = {}): Promise<Cluster> {
  if ('missing' in controlPlane) throw new Error(controlPlane.missing);
  return startCluster({ binary: controlPlane.path, ...options });
}
