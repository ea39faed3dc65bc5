import { Unavailable } from '../../../core/errors.ts';
import type { Need } from '../../../core/need.ts';
import type { Access, Identity } from './_access.ts';
import { CallRefused } from './_calls.ts';
import { placeOf, type Cluster } from './_client.ts';
import { rightGrant } from './_grant.ts';
import { WORKLOAD_RESOURCES, type WorkloadResource } from './_workload-list.ts';

interface Asked {
  readonly access: Access;
  readonly cluster: Cluster;
  readonly identity: Identity | undefined;
  readonly eks: string | undefined;
}

/** Whether what makes the pods can be listed: each kind of it is asked for, whatever the others say. */
export async function workloadsSeen({ access, cluster, identity, eks }: Asked): Promise<Omit<Need, 'target'>> {
  const { namespace } = cluster;
  const need = 'list workloads';
  const answers = await Promise.all(
    WORKLOAD_RESOURCES.map(async (resource) => ({ resource, refused: await refusalOf(resource, access, cluster) })),
  );
  const missing = answers.filter(({ refused }) => refused instanceof CallRefused || refused === 'denied');
  const silent = answers.flatMap(({ refused }) => (refused instanceof Unavailable ? [refused.message] : []));
  if (missing.length > 0) {
    const resources = missing.map(({ resource }) => resource);
    const grant = rightGrant({ verb: 'list', resources, namespace }, identity, eks);
    const detail = `this account may not list ${resources.join(', ')} ${placeOf(namespace)}`;
    return { need, state: 'missing', detail, ...(grant !== undefined && { grant }) };
  }
  if (silent.length > 0) return { need, state: 'unknown', detail: silent.join('; ') };
  return { need, state: 'met', detail: `${WORKLOAD_RESOURCES.join(', ')} ${placeOf(namespace)}` };
}

async function refusalOf(
  resource: WorkloadResource,
  access: Access,
  cluster: Cluster,
): Promise<Unavailable | 'denied' | undefined> {
  if ((await access.allows('list', resource, cluster.namespace)) === false) return 'denied';
  try {
    await cluster.probeWorkloads(resource);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Unavailable) return thrown;
    throw thrown;
  }
}
