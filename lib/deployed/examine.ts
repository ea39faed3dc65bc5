import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import type { ResolvedPlatform } from '../../core/platform.ts';
import type { Catalogue } from '../../lambdas/catalogue.ts';
import { resourceName } from '../../state-machines/names.ts';
import { HEARTBEATS_MISSING, TICK_MINUTES } from '../constructs/heartbeat.ts';
import { platformStatus, type PlatformStatus, type ProcedureStatus } from '../status.ts';
import { readAlarms } from './alarms.ts';
import { awsCall } from './aws-call.ts';
import { type DeployedCheck, type Found, looked, lookedAtAll } from './check.ts';
import { compareTemplates, nameOf, type TemplateComparison } from './compare-templates.ts';
import type { Deployment } from './deployment.ts';
import { LOOKS } from './examine-resources.ts';
import { type DeployedResource, readResources } from './stack.ts';
import { deployedTemplate, ownTemplate, type Template } from './template.ts';

interface ExamineOptions {
  readonly deployment: Deployment;
  readonly platform: ResolvedPlatform;
  readonly catalogue: Catalogue;
  readonly now: Date;
}

/** As long as the alarm on the heartbeat waits. */
const HEARTBEAT_SECONDS = HEARTBEATS_MISSING * TICK_MINUTES * 60;

/** Looks at everything of a deployed platform: whether it is there, switched on, what this checkout would deploy, and alive. */
export async function examineDeployment(options: ExamineOptions): Promise<DeployedCheck[]> {
  const { deployment, platform, catalogue } = options;
  const { clients, stack, home } = deployment;
  const own = await ownTemplate(platform, catalogue);
  const stands = { part: `stack ${stack.name}`, ...stackFound(stack.status) };
  const template = await templateChecks(deployment, own, home.environment);
  const resources = template.deployed ? await readResources(clients, stack, home) : [];
  const { deployed } = template;
  const parts = deployed ? await lookedAtAll(resourceLooks(deployment, resources, deployed)) : [];
  return [stands, template.check, ...parts, ...(await lifeChecks(options, own))];
}

/** How the stack stands, by CloudFormation's word for it. */
export function stackFound(status: string): Found {
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return { verdict: 'pass', detail: status };
  if (/_IN_PROGRESS$/.test(status)) return { verdict: 'unknown', detail: `${status}: it is being changed just now` };
  // What was rolled back stands as it stood before, which is not what somebody meant to deploy.
  if (status === 'UPDATE_ROLLBACK_COMPLETE')
    return {
      verdict: 'warn',
      detail: `${status}: the last deployment failed`,
      remedy: 'See why in its events, and deploy again.',
    };
  return { verdict: 'fail', detail: status, remedy: 'See why in its events, and deploy again.' };
}

async function templateChecks(deployment: Deployment, own: Template, environment: string) {
  const found: { deployed?: Template } = {};
  const check = await looked('template', async () => {
    found.deployed = await deployedTemplate(deployment);
    return templateFound(
      compareTemplates(own, found.deployed),
      `${deployment.home.platform} -c environment=${environment}`,
    );
  });
  return { check, deployed: found.deployed };
}

/** Names more than these only push the rest out of sight. */
const NAMES_SHOWN = 12;

function templateFound({ ownSha256, deployedSha256, ...names }: TemplateComparison, platform: string): Found {
  if (ownSha256 === deployedSha256)
    return { verdict: 'pass', detail: `this checkout would change nothing (SHA-256 ${ownSha256.slice(0, 16)})` };
  const parts = Object.entries(names).flatMap(([how, some]) => {
    const more = some.length > NAMES_SHOWN ? ` and ${some.length - NAMES_SHOWN} more` : '';
    return some.length === 0 ? [] : [`${how}: ${some.slice(0, NAMES_SHOWN).join(', ')}${more}`];
  });
  const hashes = `SHA-256 ${ownSha256.slice(0, 16)} here, ${deployedSha256.slice(0, 16)} deployed`;
  return {
    verdict: 'warn',
    detail: `this checkout differs from what is deployed (${hashes}); ${parts.join('; ') || 'the outputs differ'}`,
    remedy: `npx cdk diff -c platform=${platform}`,
  };
}

function resourceLooks(
  deployment: Deployment,
  resources: readonly DeployedResource[],
  template: Template,
): readonly (() => Promise<DeployedCheck>)[] {
  const names = resources.filter(({ type }) => type === 'AWS::CloudWatch::Alarm').map(({ physicalId }) => physicalId);
  const alarms = once(() => readAlarms(deployment.clients, names, deployment.home));
  const byId = new Map(resources.map((resource) => [resource.logicalId, resource]));
  return Object.entries(template.Resources).flatMap(([id, written]): (() => Promise<DeployedCheck>)[] => {
    const { Type, Properties } = written;
    const known = LOOKS[Type];
    const resource = byId.get(id);
    const name = nameOf(id, written);
    const part = known ? `${known.kind} ${shortName(resource?.physicalId ?? name, deployment)}` : `${Type} ${name}`;
    if (!resource || /_FAILED$/.test(resource.status)) {
      const detail = resource
        ? `CloudFormation says ${resource.status}`
        : 'its stack has it in its template and nowhere else';
      return [() => Promise.resolve({ part, verdict: 'fail', detail })];
    }
    if (!known) return [];
    const given = { physicalId: resource.physicalId, properties: Properties, alarms };
    return [() => looked(part, () => known.look(deployment, given))];
  });
}

function once<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  return () => (answer ??= ask());
}

/** Without the name of the stack, which each of them begins with. */
function shortName(physicalId: string, { stack }: Deployment): string {
  const name = physicalId.split(':').at(-1) ?? physicalId;
  return name.startsWith(`${stack.name}-`) ? name.slice(stack.name.length + 1) : name;
}

async function lifeChecks({ deployment, platform, now }: ExamineOptions, own: Template): Promise<DeployedCheck[]> {
  const { store } = deployment;
  const status: { found?: PlatformStatus } = {};
  const records = await looked('records', async () => {
    status.found = await platformStatus({ platform, store, deployment, now });
    const open = status.found.running.filter(({ state }) => state === 'died' || state === 'overdue');
    if (open.length > 0) {
      const named = open.map(({ runId, state }) => `${runId} (${state})`).join(', ');
      return {
        verdict: 'fail',
        detail: `runs that have not been ended: ${named}`,
        remedy: 'fettle logs, for reap-run',
      };
    }
    if (status.found.unread.length > 0) return { verdict: 'unknown', detail: status.found.unread.join('; ') };
    return { verdict: 'pass', detail: `the bucket can be read; ${status.found.running.length} runs are open` };
  });
  const procedures = (status.found?.procedures ?? []).map((one) => ({
    part: `procedure ${one.procedure}`,
    ...procedureFound(one),
  }));
  const tick = resourceName(deployment.stack.name, 'tick');
  const beats = Object.values(own.Resources).some(({ Properties }) => Properties['FunctionName'] === tick);
  return [records, ...procedures, ...(beats ? [await looked('heartbeat', () => heartbeatFound(deployment, now))] : [])];
}

/** Whether a procedure does what its calendar says. */
export function procedureFound({ latest, missed, schedule, next }: ProcedureStatus): Found {
  if (missed !== undefined)
    return {
      verdict: 'fail',
      detail: `no run began that was due at ${missed}`,
      remedy: 'Look at its schedule and the dead-letter queue above, then start it by hand: fettle start.',
    };
  if (!latest) {
    if (schedule === undefined) return { verdict: 'pass', detail: 'no run yet; persons and alarms start it' };
    return { verdict: 'unknown', detail: `no run has ended yet; the next is due ${next ?? schedule}` };
  }
  const ended = `the latest run, ${latest.runId}, ${latest.ended} at ${latest.endedAt}: ${latest.verdict}`;
  if (latest.ended === 'aborted' || latest.ended === 'missed')
    return { verdict: 'fail', detail: ended, remedy: `fettle report ${latest.runId}` };
  return { verdict: 'pass', detail: ended };
}

/** Whether Tick still watches what should happen. */
export async function heartbeatFound(
  { clients, home, stack }: Pick<Deployment, 'clients' | 'home' | 'stack'>,
  now: Date,
): Promise<Found> {
  const need = { what: 'the metric Heartbeat', permission: 'cloudwatch:GetMetricStatistics', resource: '*' };
  const from = new Date(now.getTime() - HEARTBEAT_SECONDS * 1_000);
  const command = new GetMetricStatisticsCommand({
    Namespace: 'Fettle',
    MetricName: 'Heartbeat',
    Dimensions: [
      { Name: 'Platform', Value: home.platform },
      { Name: 'Environment', Value: home.environment },
    ],
    StartTime: from,
    EndTime: now,
    Period: 60,
    Statistics: ['SampleCount'],
  });
  const { Datapoints = [] } = await awsCall(need, () => clients.cloudWatch.send(command));
  const [newest] = Datapoints.flatMap(({ Timestamp }) => Timestamp ?? []).sort((a, b) => b.getTime() - a.getTime());
  if (newest) return { verdict: 'pass', detail: `the newest is of ${newest.toISOString()}` };
  if (stack.changedAt && stack.changedAt > from)
    return { verdict: 'unknown', detail: `none yet since the deployment of ${stack.changedAt.toISOString()}` };
  return {
    verdict: 'fail',
    detail: `none in the last ${HEARTBEAT_SECONDS / 60} minutes: nobody notices what does not happen`,
    remedy: 'fettle logs, for the function tick; its schedule stands above',
  };
}
