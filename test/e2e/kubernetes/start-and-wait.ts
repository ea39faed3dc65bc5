import { builtControlPlane } from './build.ts';
import { startCluster } from './cluster.ts';

/** A cluster to break by hand: starts it, prints its folder, in which `administrator.kubeconfig` is, and runs until it is ended. */
const controlPlane = await builtControlPlane();
if ('missing' in controlPlane) throw new Error(controlPlane.missing);
const cluster = await startCluster({ binary: controlPlane.path });
process.stdout.write(`${cluster.folder}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cluster.stop());
