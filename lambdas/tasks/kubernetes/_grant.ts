import { shellWord } from '../../runtime/shell-word.ts';
import type { Identity, Right } from './_access.ts';
import { principalIn } from './_caller.ts';

const SERVICE_ACCOUNT = /^system:serviceaccount:([a-z0-9.-]+:[a-z0-9.-]+)$/;
// A name that a stranger could have chosen is put into quotes, and one that steers a terminal into no command.
const PRINTABLE = /^[\x21-\x7e][\x20-\x7e]{0,511}$/;
const GROUP = 'fettle';

/** The commands that give a right, and no other, to whom the cluster takes the caller for; undefined where nobody knows who that is. */
export function rightGrant(right: Right, identity: Identity | undefined, eks: string | undefined): string | undefined {
  if (!identity || !PRINTABLE.test(identity.username)) return undefined;
  const [, account] = SERVICE_ACCOUNT.exec(identity.username) ?? [];
  if (account !== undefined) return roleCommands(right, `--serviceaccount=${account}`);
  if (!identity.username.includes(':assumed-role/')) {
    return roleCommands(right, `--user=${shellWord(identity.username)}`);
  }
  // The user of a role has the name of its session in it, and the next session has another.
  const groups = identity.groups.filter((group) => !group.startsWith('system:') && PRINTABLE.test(group));
  if (groups.includes(GROUP)) return roleCommands(right, `--group=${GROUP}`);
  const principal = principalIn(identity.principal ?? identity.username);
  if (eks === undefined || principal === undefined) return undefined;
  return [accessEntry('update', eks, principal, [...groups, GROUP]), roleCommands(right, `--group=${GROUP}`)].join(
    '\n',
  );
}

/** The commands that let an IAM principal into an EKS cluster, with one right. */
export function entryGrant(right: Right, eks: string, principal: string): string {
  return [accessEntry('create', eks, principal, [GROUP]), roleCommands(right, `--group=${GROUP}`)].join('\n');
}

function accessEntry(verb: 'create' | 'update', eks: string, principal: string, groups: readonly string[]): string {
  const where = `--cluster-name ${shellWord(eks)} --principal-arn ${shellWord(principal)}`;
  return `aws eks ${verb}-access-entry ${where} --kubernetes-groups ${groups.map(shellWord).join(' ')}`;
}

function roleCommands({ verb, resources, namespace }: Right, subject: string): string {
  const name = `fettle-${verb}-${resources.map((resource) => resource.replace(/\..*/, '')).join('-')}`;
  const kind = namespace === undefined ? 'clusterrole' : 'role';
  const where = namespace === undefined ? '' : ` --namespace=${namespace}`;
  return [
    `kubectl create ${kind} ${name} --verb=${verb} --resource=${resources.join(',')}${where}`,
    `kubectl create ${kind}binding ${name} --${kind}=${name} ${subject}${where}`,
  ].join('\n');
}
