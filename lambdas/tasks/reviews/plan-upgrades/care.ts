import type { HopKind } from './hop-kinds.ts';
import type { Hop } from './hop.ts';
import type { UpgradeInput } from './input.ts';
import { ROLLBACK_DAYS } from './cluster-rollback.ts';

export interface Care {
  readonly preChecks: readonly string[];
  readonly minutes: number;
  readonly minutesAre: 'measured here' | 'an estimate';
  readonly rollback: Rollback;
  readonly risk: { readonly level: 'low' | 'medium' | 'high'; readonly reason: string };
}

export interface Rollback {
  readonly method: string;
  /** Absent where nobody measured it. */
  readonly minutes: number | undefined;
  readonly minutesAre: 'measured here' | 'an estimate' | 'not known: rehearse it and write it into the profile';
  /** What the way back loses or leaves. */
  readonly loses: string;
  /** For how many days after the change there is this way; without end where absent. */
  readonly days: number | undefined;
}

type Usual = Pick<Care, 'preChecks' | 'risk'> & {
  readonly minutes: number;
  readonly back: { readonly method: string; readonly minutes?: number; readonly loses: string; readonly days?: number };
};

const NEW_DATABASE =
  'a restore to a point in time makes a new database: what was written since the change is lost, and clients must be led to it';

/** What holds for every change of a kind. The minutes are estimates of a small platform, and are called so. */
const USUAL: Readonly<Record<HopKind, Usual>> = {
  'add-on': {
    preChecks: ['the configuration of the add-on is written down'],
    minutes: 10,
    risk: { level: 'low', reason: 'one part of the cluster, replaced pod by pod' },
    back: { method: 'install the version before with update-addon', minutes: 10, loses: 'nothing' },
  },
  'control-plane': {
    preChecks: [
      'every upgrade insight of EKS for the new version is green',
      'at least two subnets of the cluster have five free addresses each',
      'no node is older than the control plane by more than the skew that Kubernetes allows',
    ],
    minutes: 20,
    risk: { level: 'high', reason: 'APIs that the new version no longer serves fail at once for everyone' },
    back: {
      method: 'update-cluster-version to the minor version before',
      minutes: 30,
      loses: 'nothing in etcd; add-ons and nodes stay as they are, so nodes must not have been upgraded yet',
      days: ROLLBACK_DAYS,
    },
  },
  'node-group': {
    preChecks: ['the subnets of the group have free addresses for the nodes that come before others go'],
    minutes: 45,
    risk: { level: 'medium', reason: 'every pod of the group is moved once' },
    back: {
      method: 'update-nodegroup-version to the release before',
      minutes: 45,
      loses: 'nothing; every pod moves once more',
    },
  },
  'database-minor': {
    preChecks: ['a snapshot is taken by hand', 'clients connect again by themselves after a restart'],
    minutes: 15,
    risk: { level: 'medium', reason: 'the database restarts, and there is no way back to the version before' },
    back: { method: 'restore to the point in time before the change', loses: NEW_DATABASE },
  },
  'database-major': {
    preChecks: [
      'the application was tested against the new major on a restored copy',
      'extensions and parameter groups exist for the new major',
      'no prepared transaction and no replication slot is open',
    ],
    minutes: 60,
    risk: { level: 'high', reason: 'plans of queries change, and there is no way back to the major before' },
    back: {
      method:
        'with a blue/green deployment: lead clients back to the old database; else restore to the point in time before',
      loses: NEW_DATABASE,
    },
  },
  'database-maintenance': {
    preChecks: ['a snapshot is taken by hand'],
    minutes: 20,
    risk: { level: 'low', reason: 'a restart, and with a standby a failover of about a minute' },
    back: { method: 'none: maintenance of the vendor is not undone', loses: 'nothing' },
  },
  'certificate-authority': {
    preChecks: ['one client of each kind was tested against the new authority'],
    minutes: 10,
    risk: { level: 'medium', reason: 'a client that does not know the new authority refuses to connect' },
    back: { method: 'change the authority back, while the old one is valid', minutes: 10, loses: 'nothing' },
  },
  'cache-minor': {
    preChecks: ['clients bear a failover of seconds'],
    minutes: 30,
    risk: { level: 'medium', reason: 'nodes are replaced one by one, and there is no way back' },
    back: {
      method: 'make a new cache of the old version from the snapshot',
      loses: 'what was written since the snapshot',
    },
  },
  'cache-major': {
    preChecks: ['the client library was tested against the new major', 'a parameter group exists for the new major'],
    minutes: 45,
    risk: { level: 'high', reason: 'commands and defaults change, and there is no way back' },
    back: {
      method: 'make a new cache of the old version from the snapshot',
      loses: 'what was written since the snapshot',
    },
  },
  'cache-update': {
    preChecks: ['clients bear a failover of seconds'],
    minutes: 30,
    risk: { level: 'low', reason: 'a patch within the same version, node by node' },
    back: { method: 'none: service updates are not undone', loses: 'nothing' },
  },
  image: {
    preChecks: ['one instance of the new image was started and answers'],
    minutes: 45,
    risk: { level: 'medium', reason: 'the kernel and the packages of the system change' },
    back: {
      method: 'start from the version of the launch template before',
      minutes: 30,
      loses: 'what lies on disks of replaced instances',
    },
  },
  runtime: {
    preChecks: ['the version in use is published, so that an alias can go back to it'],
    minutes: 15,
    risk: { level: 'medium', reason: 'the language changes under the code' },
    back: {
      method: 'lead the alias back to the published version before',
      minutes: 5,
      loses: 'nothing, while Lambda still lets the old runtime be set',
    },
  },
};

const RESTORED: ReadonlySet<HopKind> = new Set(['database-minor', 'database-major']);

/** What to check before a change, how long it takes, how to go back and how risky it is. */
export function careOf(hop: Hop, { minutes, restoreMinutes }: Pick<UpgradeInput, 'minutes' | 'restoreMinutes'>): Care {
  const { preChecks, minutes: usual, risk, back } = USUAL[hop.kind];
  const own = minutes[hop.kind];
  const restored = RESTORED.has(hop.kind) ? restoreMinutes : undefined;
  const minutesBack = restored ?? back.minutes;
  return {
    preChecks: [...hop.preChecks, ...preChecks],
    minutes: own ?? usual,
    minutesAre: own === undefined ? 'an estimate' : 'measured here',
    rollback: {
      method: back.method,
      minutes: minutesBack,
      minutesAre:
        minutesBack === undefined
          ? 'not known: rehearse it and write it into the profile'
          : restored === undefined
            ? 'an estimate'
            : 'measured here',
      loses: back.loses,
      days: back.days,
    },
    risk: hop.danger === undefined ? risk : { level: 'high', reason: `${hop.danger}; ${risk.reason}` },
  };
}
