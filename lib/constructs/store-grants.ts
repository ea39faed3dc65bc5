import type { Task } from '../../core/task.ts';
import { documentFolder } from '../../lambdas/runtime/documents.ts';
import type { StepName } from '../../state-machines/procedure.ts';
import type { Grant } from './granted-role.ts';

/** The keys of the store that a handler reads, writes and removes, each with a star for what a run decides. */
interface Keys {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly remove: readonly string[];
}

const END_KEYS: Keys = {
  read: ['runs/*', 'state/leases/*', 'state/executions/*', 'maintenance/*', 'index/*', 'chain/*'],
  write: [
    ...['ended.json', 'report.json', 'report.html', 'plan.json', 'manifest.json'].map((file) => `runs/*/${file}`),
    'state/leases/*',
    'maintenance/*',
    'index/*',
    'chain/*',
  ],
  remove: ['state/open/*'],
};

const STEP_KEYS: Readonly<Record<StepName, Keys>> = {
  'begin-run': {
    read: ['runs/*', 'state/executions/*', 'state/open/*', 'state/leases/*'],
    write: [
      ...['started.json', 'profile.json', 'leases.json'].map((file) => `runs/*/${file}`),
      'state/executions/*',
      'state/open/*',
      'state/leases/*',
    ],
    remove: [],
  },
  'finish-run': END_KEYS,
  'reap-run': { ...END_KEYS, remove: [...END_KEYS.remove, 'state/executions/*'] },
  // It ends the runs that never began, so that it claims them besides.
  tick: {
    read: [...END_KEYS.read, 'state/open/*', 'state/tick.json'],
    write: [
      ...END_KEYS.write,
      ...['started.json', 'profile.json'].map((file) => `runs/*/${file}`),
      'state/executions/*',
      'state/open/*',
      'state/tick.json',
    ],
    remove: END_KEYS.remove,
  },
};

/** What a step may do in the store: the records that it writes, and no other's. */
export function stepStoreGrants(step: StepName, bucketArn: string): readonly Grant[] {
  return grantsOf(STEP_KEYS[step], bucketArn, step);
}

/** What a task may do in the store: its own records and its own memory; of others it only reads. */
export function taskStoreGrants(
  { name, effect, baseline, documentKey, attaches }: Task,
  bucketArn: string,
): readonly Grant[] {
  const memory = baseline ? [`state/baselines/${name}.json`] : [];
  const stem = `*-${name}`;
  const documents = documentKey ? [`${documentFolder(documentKey)}*`] : [];
  const keeps = attaches || documentKey !== undefined;
  const keys: Keys = {
    read: ['runs/*', ...memory, ...documents, ...(effect === 'read-only' ? [] : ['state/leases/*'])],
    write: [
      `runs/*/steps/${stem}.*`,
      ...(keeps ? [`runs/*/evidence/${stem}/*`] : []),
      ...(effect === 'read-only' ? [] : [`runs/*/actions/${stem}/*`]),
      ...memory,
      ...documents,
    ],
    remove: [],
  };
  return grantsOf(keys, bucketArn, name);
}

function grantsOf({ read, write, remove }: Keys, bucketArn: string, handler: string): readonly Grant[] {
  const each = (action: string, verb: string, keys: readonly string[]): Grant[] =>
    keys.map((key) => ({
      actions: [action],
      resources: [`${bucketArn}/${key}`],
      because: `${handler} ${verb} ${key}: the names of runs, executions and days are made when they begin`,
    }));
  return [
    // Without it, and with a condition on its prefix as well, a missing key looks like one that is forbidden.
    {
      actions: ['s3:ListBucket'],
      resources: [bucketArn],
      because: 'a missing record must not look like a forbidden one',
    },
    ...each('s3:GetObject', 'reads', read),
    ...each('s3:PutObject', 'writes', write),
    ...each('s3:DeleteObject', 'removes', remove),
  ];
}
