import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../core/errors.ts';
import { TARGET_KINDS } from '../../core/target-kinds.ts';
import type { Permission, Task } from '../../core/task.ts';
import { secretPermissions } from '../../lambdas/runtime/secret-permissions.ts';
import { EXAMPLE_ACCOUNT, EXAMPLE_REGION, EXAMPLE_WORD, examplePlatform } from '../../lib/docs/example-platform.ts';

const ACTION = /^[a-z0-9-]+:[A-Za-z]+$/;
const CHANGES =
  /:(Add|Associate|Attach|Authorize|Cancel|Copy|Create|Delete|Deregister|Detach|Disassociate|Modify|Put|Reboot|Register|Remove|Replace|Restore|Revoke|Rotate|Set|Terminate|Update)[A-Z]/;

/** What is wrong with the permissions of a task, asked for a platform with everything and for one with nothing. */
export function permissionProblems(task: Task): string[] {
  return [examplePlatform(), examplePlatform({ empty: true })].flatMap((platform) => {
    try {
      const permissions = task.permissions(deepFrozen(platform));
      const again = task.permissions(deepFrozen(structuredClone(platform)));
      const impure = isDeepStrictEqual(permissions, again) ? [] : ['they differ from call to call'];
      return [...impure, ...permissions.flatMap((permission) => problemsOf(permission, task))];
    } catch (thrown) {
      return [`they throw: ${messageOf(thrown)}`];
    }
  });
}

/** The secrets that a task may not read and that its targets refer to: the runtime resolves them with its role. */
export function secretProblems(task: Task): string[] {
  if (!Object.hasOwn(TARGET_KINDS, task.target)) return [];
  const platform = examplePlatform();
  const readable = task
    .permissions(platform)
    .filter(({ actions }) => actions.includes('secretsmanager:GetSecretValue'))
    .flatMap(({ resources }) => resources);
  return secretPermissions(platform, task.target)
    .flatMap(({ resources }) => resources)
    .filter((resource) => !readable.includes(resource))
    .map((resource) => `${resource} cannot be read`);
}

function problemsOf({ actions, resources, because }: Permission, { effect }: Task): string[] {
  const explained = because !== undefined && /^\S.{9,}$/s.test(because);
  return [
    ...(actions.length > 0 ? [] : ['a permission without actions']),
    ...actions.filter((action) => !ACTION.test(action)).map((action) => `${action} is not one action by its name`),
    ...actions
      .filter((action) => effect === 'read-only' && CHANGES.test(action) && !explained)
      .map((action) => `${action} changes something, the task only reads, and there is no because`),
    ...resources.flatMap((resource) =>
      resourceProblems(resource, explained).map((problem) => `${actions.join(', ')}: ${problem}`),
    ),
  ];
}

function resourceProblems(resource: string, explained: boolean): string[] {
  if (resource === '*') return explained ? [] : ['"*" without a because'];
  const [arn, , service, region, account] = resource.split(':');
  if (arn !== 'arn' || !service) return [`${resource} is no ARN`];
  const foreign = [
    ...(account && account !== EXAMPLE_ACCOUNT && account !== 'aws' ? [`${resource} is in another account`] : []),
    ...(region && region !== EXAMPLE_REGION ? [`${resource} is in another region`] : []),
  ];
  if (resource.includes(EXAMPLE_WORD) || explained) return foreign;
  return [...foreign, `${resource} names nothing of this platform and has no because`];
}

function deepFrozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}
