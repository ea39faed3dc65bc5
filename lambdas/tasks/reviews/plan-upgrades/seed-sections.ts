import { careOf, type Rollback } from './care.ts';
import type { HopKind } from './hop-kinds.ts';
import type { Hop } from './hop.ts';
import type { UpgradeInput } from './input.ts';
import { hopText } from './timeline.ts';

/** The changes of a plan by their risk. */
export interface RiskAssessment {
  /** Each change in words, with the reason of its risk. */
  readonly high_risk: readonly string[];
  readonly medium_risk: readonly string[];
  readonly low_risk: readonly string[];
  /** What this very plan does about them. */
  readonly mitigation_strategies: readonly string[];
}

/** The way back of one sort of change; null in a plan without such a change. */
export interface RollbackEntry {
  readonly method: string;
  /** `30 minutes (an estimate)`, or that it is not known. */
  readonly estimated_time: string;
  readonly prerequisites: readonly string[];
  readonly loses: string;
}

/** The ways back, by the sorts of the plan that came before Fettle. */
export interface RollbackPlan {
  readonly database_rollback: RollbackEntry | null;
  /** Of functions. */
  readonly application_rollback: RollbackEntry | null;
  /** Of images, node groups and add-ons. */
  readonly infrastructure_rollback: RollbackEntry | null;
  /** Of control planes, within the seven days of EKS. */
  readonly control_plane_rollback: RollbackEntry | null;
  readonly cache_rollback: RollbackEntry | null;
}

type Settings = Pick<UpgradeInput, 'minutes' | 'restoreMinutes'>;

/** Sorts the changes of this plan by their risk; a plan without changes has none. */
export function riskAssessmentOf(hops: readonly Hop[], settings: Settings): RiskAssessment {
  const rated = hops.map((hop) => ({ hop, risk: careOf(hop, settings).risk }));
  const of = (level: string) =>
    rated.filter(({ risk }) => risk.level === level).map(({ hop, risk }) => `${hopText(hop)}: ${risk.reason}`);
  const isIn = (stage: string) => hops.some((hop) => hop.stage === stage);
  return {
    high_risk: of('high'),
    medium_risk: of('medium'),
    low_risk: of('low'),
    mitigation_strategies: [
      ...(isIn('staging') ? ['Staging has each kind of change a week before the others'] : []),
      ...(hops.length > 0 && !isIn('staging')
        ? ['No staging stands in this plan: test each change on a copy first']
        : []),
      ...(isIn('non-critical') && isIn('critical') ? ['What is critical comes last, a week after what is not'] : []),
      ...(hops.some(({ kind }) => kind === 'control-plane')
        ? ['Node groups wait a week after the control plane, so that it can be rolled back']
        : []),
      ...(hops.length > 0 ? ['Tell those concerned of each week before it begins'] : []),
    ],
  };
}

/** The way back of each sort of change that this plan has. */
export function rollbackPlanOf(hops: readonly Hop[], settings: Settings): RollbackPlan {
  const entry = (prerequisites: readonly string[], ...kinds: readonly HopKind[]): RollbackEntry | null => {
    // Of several kinds of one sort, the first one that is there is the one with most to lose.
    const hop = kinds.map((kind) => hops.find((one) => one.kind === kind)).find((one) => one !== undefined);
    if (hop === undefined) return null;
    const { rollback } = careOf(hop, settings);
    return { method: rollback.method, estimated_time: timeOf(rollback), prerequisites, loses: rollback.loses };
  };
  return {
    database_rollback: entry(
      ['a verified backup of the same day', 'a rehearsed restore', 'a maintenance window'],
      'database-major',
      'database-minor',
    ),
    application_rollback: entry(['a published version before the change', 'an alias that callers use'], 'runtime'),
    infrastructure_rollback: entry(
      ['the release before is written down', 'health checks that tell good from bad'],
      'node-group',
      'image',
      'add-on',
    ),
    control_plane_rollback: entry(
      ['no more than seven days since the upgrade', 'node groups still at the version before'],
      'control-plane',
    ),
    cache_rollback: entry(['a snapshot of the same day'], 'cache-major', 'cache-minor'),
  };
}

function timeOf({ minutes, minutesAre }: Rollback): string {
  return minutes === undefined ? minutesAre : `${minutes} minutes (${minutesAre})`;
}
