import { chainOf, messageOf } from '../../core/errors.ts';
import type { Permission } from '../../core/task.ts';

const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'Forbidden', 'UnauthorizedOperation']);

/** True where AWS said that the caller may not do this, also where that is the cause of another error. */
export function isDenied(thrown: unknown): boolean {
  return chainOf(thrown).some(
    (one) =>
      typeof one === 'object' && one !== null && 'name' in one && typeof one.name === 'string' && DENIED.has(one.name),
  );
}

/** The account of the caller, which AWS names when it refuses; undefined where it does not. */
export function accountIn(thrown: unknown): string | undefined {
  return /\barn:aws[\w-]*:(?:sts|iam)::(\d{12}):/.exec(messageOf(thrown))?.[1];
}

/**
 * The IAM policy that gives these permissions and no others; with what AWS named when it refused, where that is
 * something else, such as the key that an object is encrypted with.
 */
export function policyGrant(permissions: readonly Permission[], refusal?: unknown): string {
  const named = namedIn(refusal);
  const isKnown = named === undefined || permissions.some(({ actions }) => actions.includes(named.action));
  const statements = [
    ...permissions.map(({ actions, resources }) => ({ Effect: 'Allow', Action: actions, Resource: resources })),
    ...(isKnown ? [] : [{ Effect: 'Allow', Action: [named.action], Resource: [named.resource] }]),
  ];
  const lines = statements.map((statement) => `  ${JSON.stringify(statement)}`).join(',\n');
  return `{"Version":"2012-10-17","Statement":[\n${lines}\n]}`;
}

function namedIn(refusal: unknown): { readonly action: string; readonly resource: string } | undefined {
  const named = /not authorized to perform: ([a-z0-9-]+:\w+) on (?:the )?resource: "?(arn:[^\s"]+)/;
  const [, action, resource] = named.exec(messageOf(refusal)) ?? [];
  return action === undefined || resource === undefined ? undefined : { action, resource };
}
