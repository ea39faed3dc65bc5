import type { KubernetesRight } from '../../../../lib/demo/servers/_kubernetes-rights.ts';

/** What these commands give, and to whom; throws where one is not what kubectl or the AWS CLI takes. */
export interface Granted {
  readonly rights: readonly KubernetesRight[];
  /** `serviceaccount=fettle:fettle`, `user=…` or `group=…`. */
  readonly subjects: readonly string[];
  /** The groups of an access entry, and the principal that gets them. */
  readonly entries: readonly {
    readonly verb: string;
    readonly principal: string;
    readonly groups: readonly string[];
  }[];
}

const ROLE =
  /^kubectl create (clusterrole|role) (\S+) --verb=([a-z,]+) --resource=([a-z,.]+)(?: --namespace=([a-z0-9-]+))?$/;
const BINDING =
  /^kubectl create (clusterrole|role)binding (\S+) --(clusterrole|role)=(\S+) --(serviceaccount=\S+|user=(?:'[^']+'|\S+)|group=\S+)(?: --namespace=([a-z0-9-]+))?$/;
const ENTRY =
  /^aws eks (create|update)-access-entry --cluster-name (\S+) --principal-arn (arn:aws:iam::\d{12}:\S+) --kubernetes-groups (.+)$/;

/** Reads a grant as strictly as the programs would. */
export function carryOut(grant: string): Granted {
  const roles = new Map<string, KubernetesRight[]>();
  const granted = {
    rights: [] as KubernetesRight[],
    subjects: [] as string[],
    entries: [] as Granted['entries'][number][],
  };
  for (const line of grant.split('\n')) {
    const role = ROLE.exec(line);
    const binding = BINDING.exec(line);
    const entry = ENTRY.exec(line);
    if (role) roles.set(`${role[1]} ${role[2]} ${role[5]}`, rightsOf(role));
    else if (binding) {
      const [, kind, , bound, name, subject = '', namespace] = binding;
      const rights = roles.get(`${kind} ${name} ${namespace}`);
      if (kind !== bound || !rights) throw new Error(`${line} binds a role that was not made`);
      granted.rights.push(...rights);
      granted.subjects.push(subject.replaceAll("'", ''));
    } else if (entry) {
      const [, verb = '', , principal = '', groups = ''] = entry;
      granted.entries.push({ verb, principal, groups: groups.split(' ') });
    } else throw new Error(`neither kubectl nor aws takes: ${line}`);
  }
  return granted;
}

function rightsOf([, kind, , verbs = '', resources = '', namespace]: RegExpExecArray): KubernetesRight[] {
  if ((kind === 'role') !== (namespace !== undefined)) throw new Error(`a ${kind} in namespace ${namespace}`);
  return verbs
    .split(',')
    .flatMap((verb) => resources.split(',').map((resource) => ({ verb, resource, ...(namespace && { namespace }) })));
}
