import type { Finding } from '../../../core/finding.ts';
import { type Info, missingFields, numberOf } from './_info.ts';
import type { Kind } from './_memory-findings.ts';

export interface ServerState {
  readonly findings: readonly Finding<Kind>[];
  /** False where the numbers of memory and keys mean nothing now. */
  readonly isJudgeable: boolean;
}

/** A replica that has just started is given so long for its first link. */
const FIRST_LINK_SECONDS = 60;

/** Says whether the numbers of INFO are those of a server at work: not loading, not cut off from its primary, not a Sentinel. */
export function judgeState(target: string, info: Info): ServerState {
  if (info.fields.get('redis_mode') === 'sentinel') {
    return not({ kind: 'not-a-data-server', target, summary: 'a Sentinel answers, not a server that holds keys' });
  }
  if (numberOf(info, 'loading') === 1) {
    return not({ kind: 'loading', target, summary: `the server loads its data${loadedSoFar(info)}` });
  }
  const isReplica = info.fields.get('role') === 'slave' || info.fields.get('role') === 'replica';
  if (isReplica && info.fields.get('master_link_status') !== 'up') return not(detached(target, info));
  const findings: Finding<Kind>[] = [];
  const missing = missingFields(info);
  if (missing.length > 0) {
    findings.push({ kind: 'partial-answer', target, summary: `INFO came without ${missing.join(', ')}` });
  }
  if (isReplica) {
    findings.push({ kind: 'is-replica', target, summary: `a replica of ${primaryOf(info)}, its link is up` });
  }
  if (numberOf(info, 'cluster_enabled') === 1) {
    findings.push({ kind: 'one-node', target, summary: 'a node of a cluster; the others were not looked at' });
  }
  return { findings, isJudgeable: true };
}

function not(finding: Finding<Kind>): ServerState {
  return { findings: [finding], isJudgeable: false };
}

function loadedSoFar(info: Info): string {
  const percent = numberOf(info, 'loading_loaded_perc');
  const seconds = numberOf(info, 'loading_eta_seconds');
  return `${percent === undefined ? '' : `, ${percent} % so far`}${seconds === undefined ? '' : `, about ${seconds} s to go`}`;
}

function detached(target: string, info: Info): Finding<Kind> {
  if (numberOf(info, 'master_sync_in_progress') === 1) {
    return { kind: 'synchronising', target, summary: `a replica that receives the data of ${primaryOf(info)}` };
  }
  const seconds = numberOf(info, 'master_link_down_since_seconds');
  const uptime = numberOf(info, 'uptime_in_seconds');
  // A link that was never up counts from the year 1970, or from -1.
  const isSinceStart = seconds === undefined || seconds < 0 || (uptime !== undefined && seconds > uptime);
  if (isSinceStart && uptime !== undefined && uptime < FIRST_LINK_SECONDS) {
    const summary = `a replica that started ${uptime} s ago and has no link to ${primaryOf(info)} yet`;
    return { kind: 'synchronising', target, summary };
  }
  return {
    kind: 'replica-detached',
    target,
    summary: `the link to its primary ${primaryOf(info)} is down ${isSinceStart ? 'since its start' : `for ${seconds} s`}, up is expected`,
    ...(!isSinceStart && { value: seconds, limit: 0, unit: 'seconds' as const }),
  };
}

function primaryOf({ fields }: Info): string {
  return `${fields.get('master_host') ?? 'unknown'}:${fields.get('master_port') ?? '?'}`;
}
