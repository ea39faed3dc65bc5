import { createAccount, grantReading } from './kubernetes/accounts.ts';
import { startTestCluster } from './kubernetes/control-plane.ts';
import { begun, createJob, createWorkload, freshNamespace } from './kubernetes/workloads.ts';

/** A cluster of a real control plane, with what its one reader needs to get in. */
export interface ClusterTarget {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** Kind and subject of what is planted, none of which changes with time. */
export const PLANTED_IN_CLUSTER: readonly string[] = [
  'crash-looping shop/deployment/worker',
  'image-not-pulled shop/deployment/mailer',
  'job-failed shop/job/export',
];

/**
 * Starts a real control plane with workloads that are well and some that are not; its tasks change nothing, so it is
 * planted once for all runs.
 */
export async function startClusterTarget(): Promise<ClusterTarget> {
  const cluster = await startTestCluster();
  try {
    const { client } = cluster;
    const shop = await freshNamespace(client, 'shop');
    await createWorkload(client, shop, 'deployment', { name: 'web', replicas: 3 });
    await createWorkload(client, shop, 'deployment', { name: 'worker', plays: 'crash-loop' });
    await createWorkload(client, shop, 'deployment', { name: 'mailer', plays: 'image-pull' });
    await createJob(client, shop, { name: 'export', plays: 'failure' });
    await begun(client, shop, 'web', 3, 'Running');
    await begun(client, shop, 'worker');
    await begun(client, shop, 'mailer');
    await begun(client, shop, 'export', 1, 'Failed');
    const { kubeconfig, username } = await createAccount(cluster, shop, 'fettle');
    await grantReading(client, username);
    return { kubeconfig, stop: () => cluster.stop() };
  } catch (thrown) {
    await cluster.stop();
    throw thrown;
  }
}
