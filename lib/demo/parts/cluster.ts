import { join } from 'node:path';
import * as z from 'zod';
import type { V1Pod } from '@kubernetes/client-node';
import { keepFilesLive } from '../live-files.ts';
import type { DemoPart, PartOptions } from '../part.ts';
import { completedPod, crashLoopingPod, healthyPod, imagePullPod, podsOf } from '../pods.ts';
import { startKubernetesApi } from '../servers/kubernetes.ts';
import { lateJob, refusedDeployment } from '../workloads.ts';

/**
 * A Kubernetes API that serves the pods of a file: a worker that crash-loops and a mailer without its image; reports
 * that a quota keeps from having any pod, and an import whose time was up.
 */
export async function startCluster({ folder, now, say }: PartOptions): Promise<DemoPart> {
  const pods = [
    ...podsOf(3, { workload: 'web', now }, healthyPod),
    ...podsOf(2, { workload: 'api', now }, healthyPod),
    crashLoopingPod({ workload: 'worker', now }),
    imagePullPod({ workload: 'mailer', now }),
    completedPod({ workload: 'nightly-export', kind: 'Job', now }),
  ];
  const api = await startKubernetesApi({ pods });
  api.setWorkloads({
    deployments: [refusedDeployment({ workload: 'reports', now })],
    jobs: [lateJob({ workload: 'import', now })],
  });
  const file = join(folder, 'pods.json');
  const served = await keepFilesLive(
    { [file]: JSON.stringify(pods, null, 2) },
    ({ [file]: text = '[]' }) => api.setPods(podsIn(text)),
    say,
  );
  return {
    addresses: { kubeconfig: api.kubeconfig },
    places: { cluster: `${api.url}, its pods in ${file}` },
    hints: [`echo '[]' > ${file}   # no pod at all`],
    findings: ['crash-looping', 'image-not-pulled', 'pods-not-created', 'job-failed'].map(
      (kind) => `kubernetes-check-pods ${kind} cluster`,
    ),
    actions: [],
    plantedAnew: false,
    stop: async () => {
      served.stop();
      await api.close();
    },
  };
}

/** Only that it is a list of objects: a person may write any pod, also one that no cluster would have. */
function podsIn(text: string): V1Pod[] {
  return z.array(z.looseObject({})).parse(JSON.parse(text));
}
