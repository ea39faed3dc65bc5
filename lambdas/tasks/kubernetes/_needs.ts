import { Unavailable } from '../../../core/errors.ts';
import type { Need } from '../../../core/need.ts';
import type { Target } from '../../../core/target-kinds.ts';
import type { NeedsContext } from '../../../core/task.ts';
import { accountIn, policyGrant } from '../../runtime/policy-grant.ts';
import { accessOn, type Access, type Identity, type Right } from './_access.ts';
import { CallRefused, type CallTime } from './_calls.ts';
import { principalOf } from './_caller.ts';
import { clusterOn, placeOf, wayTo, type Cluster, type Way } from './_client.ts';
import { DescribeDenied } from './_eks.ts';
import { describePermissions } from './_eks-permissions.ts';
import { entryGrant, rightGrant } from './_grant.ts';
import { explainNoPods } from './_namespace.ts';
import { plainText } from './_text.ts';
import { WORKLOAD_RESOURCES } from './_workload-list.ts';
import { workloadsSeen } from './_workload-needs.ts';

type Seen = Omit<Need, 'target'>;
type Context = Pick<NeedsContext<'kubernetes', unknown>, 'now' | 'deadline' | 'signal' | 'allowAddresses'>;

const ANONYMOUS = 'system:anonymous';

/** What a list of the pods of one cluster needs of it. */
export async function podNeeds(target: Target<'kubernetes'>, context: Context): Promise<Seen[]> {
  const time = timeOf(context);
  const way = await wayUnlessDenied(target, time);
  if ('need' in way) return [way];
  const access = accessOn(way.api, time);
  const version = await access.version();
  const host = new URL(way.config.getCurrentCluster()?.server ?? '').host;
  const reached = `${host} over TLS${version === undefined ? '' : `, Kubernetes ${version}`}`;
  const identity = await access.identity();
  const { namespace, eks } = target;
  const right: Right = { verb: 'list', resources: ['pods'], namespace };
  const all: Right = { ...right, resources: ['pods', ...WORKLOAD_RESOURCES] };
  const seen: Seen[] = [
    { need: 'be reached', state: 'met', detail: reached },
    identity === 'refused' ? await refusedLogin(all, way, target, context) : login(identity),
  ];
  if (identity === 'refused' || identity?.username === ANONYMOUS) return seen;
  const cluster = clusterOn(way, target, time);
  const { listed, pods } = await podsSeen(right, access, cluster, rightGrant(right, identity, eks));
  const workloads = await workloadsSeen({ access, cluster, identity, eks });
  if (namespace === undefined || pods === undefined) return [...seen, listed, workloads];
  return [...seen, listed, workloads, await namespaceSeen(target, namespace, pods, { cluster, identity })];
}

/** There is no clock here: the time of the beginning goes on by the clock that only counts. */
function timeOf({ now, deadline, signal }: Context): CallTime {
  const started = performance.now();
  return { clock: () => new Date(now.getTime() + performance.now() - started), deadline, signal };
}

async function wayUnlessDenied(target: Target<'kubernetes'>, time: CallTime): Promise<Way | Seen> {
  try {
    return await wayTo(target, time);
  } catch (thrown) {
    if (!(thrown instanceof DescribeDenied)) throw thrown;
    const permissions = describePermissions([target.eks ?? ''], { region: thrown.region, account: accountIn(thrown) });
    const grant = policyGrant(permissions, thrown);
    return { need: 'be described', state: 'missing', detail: thrown.message, grant };
  }
}

function login(identity: Identity | undefined): Seen {
  const need = 'log in';
  if (identity === undefined) return { need, state: 'met', detail: 'as whom, the cluster does not say' };
  const whom = plainText(identity.username);
  if (identity.username !== ANONYMOUS) return { need, state: 'met', detail: `as ${whom}` };
  return { need, state: 'missing', detail: `the cluster takes the credentials for those of nobody (${whom})` };
}

async function refusedLogin(
  right: Right,
  { config }: Way,
  { eks }: Target<'kubernetes'>,
  options: Context,
): Promise<Seen> {
  const refused = 'the API server does not accept the credentials (401)';
  const need = { need: 'log in', state: 'missing', detail: refused } as const;
  if (eks === undefined) return need;
  const principal = await principalUnlessSilent(config.getCurrentUser()?.token ?? '', eks, options);
  if (principal === undefined) return { ...need, detail: `${refused}: the role of this task needs an access entry` };
  return { ...need, detail: `${refused}: ${principal} has no access entry`, grant: entryGrant(right, eks, principal) };
}

async function principalUnlessSilent(token: string, eks: string, options: Context): Promise<string | undefined> {
  try {
    return await principalOf(token, eks, options);
  } catch (thrown) {
    // That the login is missing is known without the name of who lacks it.
    if (thrown instanceof Unavailable) return undefined;
    throw thrown;
  }
}

interface PodsSeen {
  readonly listed: Seen;
  /** Undefined where they were not counted. */
  readonly pods?: number;
}

async function podsSeen(right: Right, access: Access, cluster: Cluster, grant: string | undefined): Promise<PodsSeen> {
  const need = 'list pods';
  const where = placeOf(right.namespace);
  const missing = { need, state: 'missing', ...(grant !== undefined && { grant }) } as const;
  if ((await access.allows('list', 'pods', right.namespace)) === false) {
    return { listed: { ...missing, detail: `the cluster says that this account may not list pods ${where}` } };
  }
  // What the review allows counts only where the list itself comes.
  try {
    const pods = await cluster.countPods();
    return { listed: { need, state: 'met', detail: `${pods} pods ${where}` }, pods };
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    const { message: detail } = thrown;
    if (!(thrown instanceof CallRefused)) return { listed: { need, state: 'unknown', detail } };
    if (thrown.code === 403) return { listed: { ...missing, detail } };
    return { listed: { need: 'log in', state: 'missing', detail } };
  }
}

interface Asking {
  readonly cluster: Cluster;
  readonly identity: Identity | undefined;
}

/** An empty list of a namespace that does not exist looks like a quiet one. */
async function namespaceSeen(
  { name, eks }: Target<'kubernetes'>,
  namespace: string,
  pods: number,
  { cluster, identity }: Asking,
): Promise<Seen> {
  const need = 'have its namespace';
  if (pods > 0) return { need, state: 'met', detail: `${namespace}, with pods in it` };
  try {
    if (await cluster.namespaceExists(namespace)) {
      return { need, state: 'met', detail: `${namespace}, without a pod in it` };
    }
    return { need, state: 'missing', detail: (await explainNoPods(name, cluster)).summary };
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    const grant = rightGrant({ verb: 'get', resources: ['namespaces'], namespace }, identity, eks);
    const detail = `it has no pod, and whether it exists is not known: ${thrown.message}`;
    return { need, state: 'unknown', detail, ...(grant !== undefined && { grant }) };
  }
}
